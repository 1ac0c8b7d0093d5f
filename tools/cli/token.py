"""`panewatch token`: what scripts show the ground station instead of a password."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Final

from ground.access.roles import ROLES, role_of
from ground.access.tokens import Tokens
from protocol.schema.timescale import iso
from tools.cli import options
from tools.cli.access_file import AUTHOR, add_file, now_us, opened

_STEPS: Final = {
    "new": "make a token and print it, this once",
    "list": "print the tokens, never their secrets",
    "revoke": "make a token worthless at once",
}
_DAY_US: Final = 86_400_000_000
DAYS: Final = 90.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `token`."""
    steps = parser.add_subparsers(dest="step", metavar="STEP", required=True)
    for name, words in _STEPS.items():
        step = steps.add_parser(name, help=words, description=words, allow_abbrev=False)
        add_file(step)
        if name == "list":
            step.add_argument("--json", action="store_true", help="for scripts")
            continue
        step.add_argument("name", metavar="NAME", help="what it is for")
        step.add_argument("--user", required=True, metavar="USER", help="in whose name it acts")
        if name == "new":
            step.add_argument(
                "--role",
                choices=ROLES,
                default="viewer",
                help="at most the user's (default: viewer)",
            )
            step.add_argument(
                "--days", type=options.days, default=DAYS, help=f"it lasts (default: {DAYS:g})"
            )


def execute(args: argparse.Namespace) -> int:
    """Take one step."""
    with opened(args.access) as store:
        tokens = Tokens(store)
        match args.step:
            case "new":
                now = now_us()
                ends_us = now + round(args.days * _DAY_US)
                role = role_of(args.role)
                print(tokens.new(args.user, args.name, role, now, ends_us, AUTHOR))
                print(f"until {iso(ends_us)}; it is shown this once", file=sys.stderr)
            case "list":
                _list(tokens, as_json=args.json)
            case "revoke":
                tokens.revoke(args.user, args.name, now_us(), AUTHOR)
                print(f"token {args.name} of {args.user} opens nothing any more")
    return 0


def _list(tokens: Tokens, *, as_json: bool) -> None:
    now = now_us()
    rows = [
        {
            "user": t.user,
            "name": t.name,
            "role": t.role.label,
            "created": iso(t.created_us),
            "expires": iso(t.expires_us),
            "expired": t.expires_us <= now,
        }
        for t in tokens.list()
    ]
    if as_json:
        print(json.dumps(rows, indent=1))
        return
    for row in rows:
        until = "expired" if row["expired"] else "until"
        print(f"{row['user']:24} {row['name']:24} {row['role']:10} {until} {row['expires']}")
