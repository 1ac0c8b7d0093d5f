"""`panewatch command`: which there are, send one and follow it, what was sent."""

from __future__ import annotations

import argparse
import json
import shlex
import sys
from typing import Any, Final

from ground.client import Client
from ground.commanding.arguments import allowed
from ground.commanding.request import OPEN, Effect, State
from protocol.schema.calibration import RAW_COUNT
from protocol.schema.parameter import parameters
from protocol.schema.telecommand import TELECOMMANDS
from tools.cli import options, station_options
from tools.cli.errors import InputError, RunError

_WORDS: Final = {
    "list": "print the commands, their arguments and which are hazardous",
    "send": "send a command to a unit through the running ground station",
    "confirm": "confirm a hazardous command",
    "cancel": "take back a command that was not sent",
    "history": "print what was commanded, by whom, and what became of it",
}
_LONG: Final = 60
"""Words that are not said twice for one command."""
_OVER: Final = {str(state) for state in State if state not in OPEN}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `command`."""
    steps = parser.add_subparsers(dest="step", metavar="STEP", required=True)
    step = {
        name: steps.add_parser(name, help=words, description=words, allow_abbrev=False)
        for name, words in _WORDS.items()
    }
    for name in ("list", "history"):
        step[name].add_argument("--json", action="store_true", help="for scripts")
    for name in ("send", "confirm", "cancel"):
        station_options.add_author(step[name])
    for name in ("send", "confirm", "cancel", "history"):
        station_options.add_options(step[name])
    for name in ("confirm", "cancel"):
        step[name].add_argument("number", type=int, metavar="NUMBER")
    step["confirm"].add_argument(
        "--unit", type=options.unit, help="of the command, to confirm your own"
    )
    step["history"].add_argument("--limit", type=int, default=20, metavar="N")
    send = step["send"]
    send.add_argument("unit", type=options.unit, metavar="VEHICLE/UNIT")
    send.add_argument("name", metavar="NAME")
    send.add_argument("arguments", nargs="*", default=[], metavar="ARGUMENT=VALUE")
    send.set_defaults(late=("arguments", str))
    send.add_argument("--wait", action="store_true", help="show its stages until it is over")
    send.add_argument(
        "--confirm", type=options.unit, metavar="VEHICLE/UNIT", help="confirm a hazardous one"
    )
    send.add_argument(
        "--expires", type=options.seconds, default=600.0, metavar="S", help="(default: 600)"
    )


def execute(args: argparse.Namespace) -> int:
    """List, send, confirm, cancel or tell."""
    if args.step == "list":
        return _list(as_json=args.json)
    client = station_options.client_of(args)
    with station_options.answering():
        if args.step == "send":
            return _send(args, client)
        if args.step == "history":
            return _history(client.commands(args.limit), as_json=args.json)
        if args.step == "confirm":
            _tell(client.confirm(args.number, args.author, str(args.unit or "")))
        else:
            _tell(client.cancel(args.number, args.author))
    return 0


def _list(*, as_json: bool) -> int:
    rows = [
        {
            "name": c.name,
            "summary": c.summary,
            "hazardous": c.hazardous,
            "arguments": {p.entry.name: allowed(p, {}) for p in parameters(c.body)},
        }
        for c in TELECOMMANDS
    ]
    if as_json:
        print(json.dumps(rows, indent=1, ensure_ascii=False))
        return 0
    for command in TELECOMMANDS:
        hazard = f"  [hazardous: {command.hazardous}]" if command.hazardous else ""
        print(f"{command.name:22} {command.summary}{hazard}")
        told: dict[str, str] = {}
        for declared in parameters(command.body):
            entry = declared.entry
            default = "" if entry.default is None else f" (default {entry.default})"
            words = allowed(declared, {})
            first = told.setdefault(words, entry.name)
            words = words if first == entry.name or len(words) < _LONG else f"as {first}"
            print(f"    {entry.name:18} {words}{default}")
    return 0


def _send(args: argparse.Namespace, client: Client) -> int:
    given: dict[str, str] = {}
    for text in args.arguments:
        name, equals, value = text.partition("=")
        if not (name and equals) or name in given:
            raise InputError(f"{text}: write each argument once, as NAME=VALUE")
        given[name] = value
    unit = str(args.unit)
    if args.confirm and args.confirm != args.unit:
        raise InputError(f"--confirm {args.confirm}: the command is for {unit}; nothing was sent")
    placed = client.send(unit, args.name, given, args.author, args.expires)
    _tell(placed)
    number = placed["id"]
    if placed["hazard"]:
        typed = str(args.confirm or "") or _typed(unit, placed["hazard"])
        if typed and typed != unit:
            _tell(client.cancel(number, args.author))
            raise InputError(f"{typed} is not {unit}: command {number} is cancelled")
        if typed:
            placed = client.confirm(number, args.author, typed)
            _tell(placed)
        else:
            waits = "waits for its confirmation" if args.wait else "confirm it"
            print(f"{waits}, within 2 min: {_confirming(args, number)}", flush=True)
    return follow(client, number) if args.wait else 0


def _confirming(args: argparse.Namespace, number: int) -> str:
    """The whole command, for this shell: only the token is left out, since others would see it."""
    words = ["panewatch", "command", "confirm", str(number), "--unit", str(args.unit)]
    given = {"--station": args.station, "--ca": args.ca}
    return shlex.join([*words, *(w for n, v in given.items() if v for w in (n, str(v)))])


def _typed(unit: str, hazard: str) -> str:
    """What a person at a terminal types to confirm; nothing elsewhere."""
    if not sys.stdin.isatty():
        return ""
    print(f"Hazardous: {hazard}.")
    return input(f"Type {unit} to confirm it: ").strip()


def follow(client: Client, number: int) -> int:
    """Print each stage as it comes; 0 when the command was done and nothing speaks against it."""
    shown = 0
    for message in client.live():
        if message["type"] != "commands":
            continue
        found = next((c for c in message["data"] if c["id"] == number), None)
        if found is None:
            if any(c["id"] > number for c in message["data"]):
                raise RunError(f"command {number} is no longer among the newest; see its history")
            continue  # the feed begins with what it told last, which may be older
        for stage in found["stages"][shown:]:
            print(f"{stage['time']}  {stage['what']}", flush=True)
        shown = len(found["stages"])
        if found["state"] in _OVER and found["effect"] != Effect.AWAITED:
            _tell(found)
            done = found["state"] == State.COMPLETED and found["effect"] != Effect.NOT_VERIFIED
            return 0 if done else 1
    return 1


def _history(commands: list[dict[str, Any]], *, as_json: bool) -> int:
    if as_json:
        print(json.dumps(commands, indent=1, ensure_ascii=False))
        return 0
    for command in commands:
        _tell(command)
    return 0


def _tell(command: dict[str, Any]) -> None:
    units = command.get("units", {})  # an older station tells none
    given = " ".join(
        f"{name}={value}{_unit(units.get(name, ''))}"
        for name, value in command["arguments"].items()
    )
    words = [command["state"], command["reason"], command["effect"], command["effect_words"]]
    state = ", ".join(word for word in words if word)
    by = f"{command['author']}, confirmed by {command['confirmed_by']}"
    by = by if command["confirmed_by"] else command["author"]
    where = f"{command['vehicle']}/{command['unit']}"
    name = f"{command['command']} {given}".strip()
    print(f"{command['id']:4}  {command['created']}  {where}  {name}  ({by}): {state}", flush=True)


def _unit(unit: str) -> str:
    """As it stands behind a number."""
    if unit == RAW_COUNT:
        return f" ({unit})"
    return f" {unit}" if unit else ""
