"""Where the ground station answers, from the options of `ground`."""

from __future__ import annotations

import argparse
from ipaddress import ip_address
from pathlib import Path

from ground.access.errors import AccessError
from ground.api.certificate import names_in
from ground.api.site import LOOPBACK, Certificate, Site
from tools.cli.errors import InputError


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options."""
    parser.add_argument(
        "--host",
        default=LOOPBACK,
        metavar="ADDRESS",
        help="of this computer, to be reached from others; 0.0.0.0 or :: for all it has"
        f" (default: {LOOPBACK}, this computer only)",
    )
    parser.add_argument(
        "--name",
        dest="names",
        action="append",
        default=[],
        metavar="NAME",
        help="a name that clients may call it by (default: those of the certificate)",
    )
    parser.add_argument("--tls-cert", type=Path, metavar="FILE", help="PEM, with its chain")
    parser.add_argument("--tls-key", type=Path, metavar="FILE", help="PEM")
    parser.add_argument(
        "--insecure-http",
        action="store_true",
        help="beyond this computer without TLS: passwords can be read on the way",
    )


def site_of(args: argparse.Namespace) -> Site:
    """The site; raises InputError for what would not be safe or cannot be."""
    host = LOOPBACK if args.host == "localhost" else args.host
    try:
        address = ip_address(host)
    except ValueError:
        raise InputError(
            f"--host {host}: is no address of this computer; names go to --name"
        ) from None
    if (args.tls_cert is None) != (args.tls_key is None):
        raise InputError("--tls-cert and --tls-key go together")
    names = tuple(args.names)
    certificate = None
    if args.tls_cert:
        certificate = Certificate(args.tls_cert, args.tls_key)
        try:
            names += tuple(n for n in names_in(args.tls_cert) if "*" not in n and n not in names)
        except AccessError as error:
            raise InputError(str(error)) from None
    elif not address.is_loopback and not args.insecure_http:
        raise InputError(
            f"--host {host}: beyond this computer only with --tls-cert and --tls-key"
            " (`panewatch tls new` makes them), or else --insecure-http"
        )
    if address.is_unspecified and not names:
        raise InputError(f"--host {host}: by which name do clients call it? say --name NAME")
    return Site(str(address), names, certificate)
