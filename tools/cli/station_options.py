"""Which running station a command talks to, and in whose name."""

from __future__ import annotations

import argparse
import getpass
import os
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ground.client import Client, ClientError
from tools.cli import options
from tools.cli.errors import InputError, RunError
from tools.run.station_file import Known, station_at

ADDRESS = "PANEWATCH_STATION"
TOKEN = "PANEWATCH_TOKEN"  # noqa: S105 (a name)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Options of every command that talks to a station."""
    parser.add_argument(
        "--station",
        metavar="URL",
        help=f"its address (default: {ADDRESS}, or the one that runs in this folder)",
    )
    parser.add_argument(
        "--token", metavar="TOKEN", help=f"opens its actions (default: {TOKEN}, or of this folder)"
    )
    parser.add_argument("--ca", type=Path, metavar="FILE", help="certificate behind the station's")


def add_author(parser: argparse.ArgumentParser) -> None:
    """Who acts; a station with users takes the one who has signed in."""
    parser.add_argument("--author", default=login(), metavar="NAME", help="(default: your login)")


def client_of(args: argparse.Namespace) -> Client:
    """The station's client; raises InputError."""
    here = station_at(options.HOME)
    address = args.station or os.environ.get(ADDRESS) or (here.address if here else "")
    if not address:
        raise InputError(
            "no ground station runs in this folder; start one (panewatch run, panewatch ground) "
            "or name it with --station URL"
        )
    own = here if here and here.address == address else None
    try:
        token = args.token or os.environ.get(TOKEN) or (own.token if own else "")
        return Client(address, token, context=_trust(args.ca, own))
    except (OSError, ClientError) as error:
        raise InputError(f"--ca {args.ca}: {error}" if args.ca else str(error)) from None


def _trust(ca: Path | None, own: Known | None) -> ssl.SSLContext | None:
    """What vouches for the station; its own folder says it of the station that runs there."""
    if ca:
        return ssl.create_default_context(cafile=ca)
    if not (own and own.ca):
        return None
    context = ssl.create_default_context()
    context.load_verify_locations(cafile=own.ca)
    context.verify_flags |= ssl.VerifyFlags.VERIFY_X509_PARTIAL_CHAIN  # it may hold no authority
    return context


@contextmanager
def answering() -> Iterator[None]:
    """A refusal of what was asked is wrong input; everything else a failure."""
    try:
        yield
    except ClientError as error:
        kind = InputError if error.status in (404, 422) else RunError
        raise kind(str(error)) from None


def login() -> str:
    """Of who sits at this computer."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a user id without a name
        return "operator"
