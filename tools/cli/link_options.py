"""How an MQTT broker is reached, from the options of `run`, `ground` and `firmware`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from urllib.parse import quote, urlsplit

from ground.links.broker_address import PASSWORD, PORTS, BrokerAddress, read_broker
from ground.links.link import LinkError
from tools.cli.errors import InputError


def add_options(parser: argparse.ArgumentParser) -> None:
    """What does not stand in an address."""
    parser.add_argument(
        "--ca",
        type=Path,
        metavar="FILE",
        help="certificate behind that of an mqtts:// broker (default: those the system trusts)",
    )
    parser.add_argument(
        "--password-file",
        type=Path,
        metavar="FILE",
        help=f"its first line is the user's password at the broker (default: {PASSWORD})",
    )


def is_broker(link: str) -> bool:
    """True for an address of a broker, right or wrong."""
    return link.partition(":")[0] in PORTS


def completed(link: str, args: argparse.Namespace) -> str:
    """A link as `read_broker` takes it: the options stand in it, where it has none of its own."""
    if not is_broker(link):
        return link
    added = []
    if args.ca and link.startswith("mqtts:") and "ca=" not in link:
        added.append(f"ca={quote(str(args.ca))}")
    if args.password_file and "@" in link and "password_file=" not in link:
        added.append(f"password_file={quote(str(args.password_file))}")
    if not added:
        return link
    return link + ("&" if "?" in link else "?") + "&".join(added)


def broker_of(link: str, args: argparse.Namespace) -> BrokerAddress:
    """The broker that a link means, with its password; raises InputError."""
    warn_of_password(link)
    try:
        return read_broker(completed(link, args))
    except LinkError as error:
        raise InputError(str(error)) from None


def warn_of_password(link: str) -> None:
    """The list of processes shows a command line to everyone on this computer."""
    try:
        given = is_broker(link) and urlsplit(link).password
    except ValueError:
        given = None
    if given:
        words = "everyone on this computer can read a password on the command line"
        print(f"panewatch: {words}; give --password-file FILE or {PASSWORD}", file=sys.stderr)
