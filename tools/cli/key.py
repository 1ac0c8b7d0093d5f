"""`panewatch key`: the units' keys, by which the ground signs commands."""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from pathlib import Path

from ground.stream.keys import KeyFileError, read_key
from tools.cli import command, options, station_options
from tools.cli.errors import InputError
from tools.run.folder import key_name, make_keys, unit_of


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `key`."""
    steps = parser.add_subparsers(dest="step", metavar="STEP", required=True)
    listed = steps.add_parser("list", help="print the units that have a key here")
    new = steps.add_parser("new", help="make a unit's first key")
    rotate = steps.add_parser("rotate", help="let a running unit change to another key")
    listed.add_argument("--json", action="store_true", help="for scripts")
    for step in (listed, new):
        step.add_argument("--keys", type=Path, metavar="DIR", help="(default: .panewatch/keys)")
    for step in (new, rotate):
        step.add_argument("unit", type=options.unit, metavar="VEHICLE/UNIT")
    station_options.add_author(rotate)
    station_options.add_options(rotate)


def execute(args: argparse.Namespace) -> int:
    """List, make or rotate."""
    if args.step == "rotate":
        client = station_options.client_of(args)
        with station_options.answering():
            placed = client.send(str(args.unit), "rotate_key", {}, args.author)
            return command.follow(client, placed["id"])
    folder = args.keys or options.HOME / "keys"
    return _list(folder, as_json=args.json) if args.step == "list" else _new(folder, args)


def _list(folder: Path, *, as_json: bool) -> int:
    """Unit and fingerprint: enough to compare, and no secret."""
    rows = []
    try:
        for path in sorted(folder.glob("*.key")):
            unit = unit_of(path)
            digest = hashlib.sha256(read_key(path)).hexdigest()[:16]
            row = {"unit": str(unit) if unit else None, "file": str(path), "fingerprint": digest}
            rows.append(row)
    except KeyFileError as error:
        raise InputError(str(error)) from None
    if as_json:
        print(json.dumps(rows, indent=1))
        return 0
    for row in rows:
        print(f"{row['unit'] or Path(str(row['file'])).stem:33} {row['fingerprint']}")
    return 0


def _new(folder: Path, args: argparse.Namespace) -> int:
    path = folder / key_name(args.unit)
    if path.exists():
        try:
            read_key(path)
        except KeyFileError as error:
            words = f"{error.reason}; it is no key, so remove it and try again"
            raise InputError(f"{path} is there already, but {words}") from None
        raise InputError(f"{path} is there already; change it with panewatch key rotate")
    make_keys(folder.parent, [args.unit], folder.name)
    print(path)
    unit = args.unit
    words = f"the key of {unit}: give the unit the same file, mode 0600 (firmware --key FILE)"
    print(words, file=sys.stderr)
    return 0
