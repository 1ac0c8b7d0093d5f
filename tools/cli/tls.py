"""`panewatch tls`: a certificate for a ground station that is seen beyond its own computer."""

from __future__ import annotations

import argparse
from pathlib import Path

from ground.access.errors import AccessError
from ground.api.certificate import AUTHORITY, SERVER_DAYS, make_certificate
from tools.cli import options
from tools.cli.errors import InputError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `tls`."""
    steps = parser.add_subparsers(dest="step", metavar="STEP", required=True)
    words = "make a server certificate, and first an authority that signs it; again: renew it"
    step = steps.add_parser("new", help=words, description=words, allow_abbrev=False)
    step.add_argument(
        "names", nargs="+", metavar="NAME", help="host names and addresses of the station"
    )
    step.add_argument(
        "--out",
        type=Path,
        default=options.HOME / "tls",
        metavar="DIR",
        help="(default: .panewatch/tls)",
    )


def execute(args: argparse.Namespace) -> int:
    """Make it, and say what goes where."""
    try:
        made = make_certificate(args.out, args.names)
    except AccessError as error:
        raise InputError(str(error)) from None
    print(f"for {', '.join(args.names)}, {SERVER_DAYS} days:")
    print(f"  panewatch ground --tls-cert {made.chain} --tls-key {made.key}")
    print(f"  browsers and scripts that are to trust it: {args.out / AUTHORITY}")
    return 0
