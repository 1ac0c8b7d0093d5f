"""`panewatch user`: who may sign in to the ground station, and in which role."""

from __future__ import annotations

import argparse
import getpass
import json
import sys
from typing import Final

from ground.access.errors import AccessError
from ground.access.passwords import check_password
from ground.access.roles import ROLES, role_of
from ground.access.store import AccessStore
from ground.access.users import Users, check_name
from protocol.schema.timescale import iso
from tools.cli.access_file import AUTHOR, add_file, now_us, opened
from tools.cli.errors import InputError

_STEPS: Final = {
    "list": "print the users and their roles",
    "add": "let someone in",
    "passwd": "set a password; it ends the user's sessions",
    "role": "give another role, at once",
    "remove": "let someone in no longer: sessions and tokens end",
    "log": "print who signed in, was refused, or changed users and tokens",
}
_LOG_LINES: Final = 200


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `user`."""
    steps = parser.add_subparsers(dest="step", metavar="STEP", required=True)
    for name, words in _STEPS.items():
        step = steps.add_parser(name, help=words, description=words, allow_abbrev=False)
        add_file(step)
        if name in {"list", "log"}:
            step.add_argument("--json", action="store_true", help="for scripts")
        else:
            step.add_argument("name", metavar="NAME")
        if name == "role":
            step.add_argument("role", choices=ROLES, metavar="ROLE", help=", ".join(ROLES))
        if name == "add":
            step.add_argument(
                "--role", choices=ROLES, default="operator", help="(default: operator)"
            )
        if name in {"add", "passwd"}:
            step.add_argument(
                "--stdin", action="store_true", help="the password is the first line of the input"
            )


def execute(args: argparse.Namespace) -> int:
    """Take one step."""
    with opened(args.access, make=args.step == "add") as store:
        users = Users(store)
        match args.step:
            case "list":
                _list(users, as_json=args.json)
            case "log":
                _log(store, as_json=args.json)
            case "add":
                check_name(args.name)
                password = _password(args)
                users.add(args.name, role_of(args.role), password, now_us(), AUTHOR)
                print(f"{args.name} may sign in from now on, as {args.role}, with this password")
            case "passwd":
                users.set_password(args.name, _password(args), now_us(), AUTHOR)
                print(f"{args.name} has another password, and signs in again with it")
            case "role":
                users.set_role(args.name, role_of(args.role), now_us(), AUTHOR)
                print(f"{args.name} is {args.role} at once, with every session and token")
            case "remove":
                users.remove(args.name, now_us(), AUTHOR)
                print(f"{args.name} may sign in no longer; sessions and tokens have ended")
    return 0


def _password(args: argparse.Namespace) -> str:
    """Never an argument: other programs see those."""
    if args.stdin:
        return check_password(sys.stdin.readline().rstrip("\r\n"))
    if not sys.stdin.isatty():
        raise InputError("no terminal to ask for the password at: give it with --stdin")
    given = getpass.getpass(f"Password of {args.name}: ")
    check_password(given)
    if getpass.getpass("Again: ") != given:
        raise AccessError("the two passwords differ")
    return given


def _list(users: Users, *, as_json: bool) -> None:
    if as_json:
        rows = [
            {"name": u.name, "role": u.role.label, "created": iso(u.created_us)}
            for u in users.list()
        ]
        print(json.dumps(rows, indent=1))
        return
    for user in users.list():
        print(f"{user.name:32} {user.role.label:10} since {iso(user.created_us)}")


def _log(store: AccessStore, *, as_json: bool) -> None:
    entries = store.entries(_LOG_LINES)
    if as_json:
        rows = [{"time": iso(t_us), "author": who, "what": what} for t_us, who, what in entries]
        print(json.dumps(rows, indent=1))
        return
    for time_us, author, what in entries:
        print(f"{iso(time_us)}  {author}: {what}")
