"""`panewatch limits`: which hold, what others would have changed, and setting them."""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any, Final

from ground.acts import limits_entry
from ground.archive.archive import Archive
from ground.archive.errors import ArchiveError, ArchiveInUse
from ground.limits_trial import LimitAlarm, Trial, try_limits
from ground.monitor.limit_set import LimitsError, LimitSet
from ground.rebuild import stored_fleet
from ground.station import Station
from ground.verdict.assessor import Assessor
from protocol.schema.timescale import iso
from tools.cli.errors import InputError
from tools.cli.recorded import known_from, open_archive, reading
from tools.scenario.toml_file import read_toml

_WORDS: Final = {
    "show": "print the limits that hold",
    "try": "list the alarms that would come, go or reach another level under other limits",
    "set": "change the limits of an archive whose ground station does not run",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `limits`."""
    steps = parser.add_subparsers(dest="step", metavar="STEP", required=True)
    for name, words in _WORDS.items():
        step = steps.add_parser(name, help=words, description=words, allow_abbrev=False)
        if name != "show":
            step.add_argument("file", type=Path, metavar="FILE", help="limits as TOML")
        step.add_argument("--archive", type=Path, required=True, metavar="ARCHIVE")
        step.add_argument("--json", action="store_true", help="for scripts")
        if name == "set":
            step.add_argument("--author", required=True, help="who wants it")
            step.add_argument("--reason", required=True, help="and why: both are kept")


def execute(args: argparse.Namespace) -> int:
    """Show, try or set."""
    if args.step == "set":
        return _set(args)
    changes = read_limits(args.file) if args.step == "try" else None
    archive = open_archive(args.archive)
    try:
        held = known_from(archive).assessor.limits
        if changes is None:
            return _show(held, as_json=args.json)
        with reading(args.archive):
            trial = try_limits(archive, held.changed(changes))
    finally:
        archive.close()
    return _tell(trial, as_json=args.json)


def read_limits(path: Path) -> LimitSet:
    """A TOML file of tables `[PARAMETER.CONTEXT]`; raises InputError."""
    try:
        return LimitSet.from_dict(read_toml(path, str(path)))
    except LimitsError as error:
        raise InputError(f"{path}: {error}") from None


def _set(args: argparse.Namespace) -> int:
    changes = read_limits(args.file)
    if not args.author.strip() or not args.reason.strip():
        raise InputError("--author and --reason must say something: they are kept")
    if not args.archive.exists():
        raise InputError(f"{args.archive}: there is no such archive")
    try:
        archive = Archive(args.archive)
    except ArchiveInUse as error:
        raise InputError(f"{error}; a running station takes limits by POST /api/limits") from None
    except ArchiveError as error:
        raise InputError(str(error)) from None
    try:
        with reading(args.archive):
            station = Station(archive, stored_fleet(archive), Assessor)
        limits = station.assessor.limits.changed(changes)
        # They hold from the archive's end on. Its clock stays there: had it to pass to this day,
        # every unit would have been silent since, and of a station that was off nobody knows.
        entry = limits_entry(args.reason, limits) | {"set_utc": iso(time.time_ns() // 1000)}
        station.act("limits", args.author, entry)
        station.commit()
    finally:
        archive.close()
    return _show(limits, as_json=args.json)


def _show(held: LimitSet, *, as_json: bool) -> int:
    if as_json:
        print(json.dumps({"version": held.version, "limits": held.to_dict()}, indent=1))
        return 0
    print(f"limits, version {held.version}")
    for parameter, contexts in held.to_dict().items():
        for context, limits in contexts.items():
            sides = [
                f"{sign} {bound:g} {level}"
                for sign, side in (("<", "low"), (">", "high"))
                for level, bound in limits[side].items()
            ]
            words = ", ".join(sides) or "none"
            print(f"{parameter:10} {context:12} {words}, for {limits['persistence']} samples")
    return 0


def _tell(trial: Trial, *, as_json: bool) -> int:
    if as_json:
        rows = {name: [_row(a) for a in alarms] for name, alarms in _parts(trial)}
        rows["change"] = [_row(now) | {"was": was.highest.label} for was, now in trial.change]
        print(json.dumps(rows))
        return 0
    for name, alarms in _parts(trial):
        print(f"{name}: {len(alarms)}")
        for alarm in alarms:
            print(f"  {_words(alarm)}, at most {alarm.highest.name}")
        if name == "go":
            print(f"change: {len(trial.change)}")
            for was, now in trial.change:
                print(f"  {_words(now)}, would be {now.highest.name} instead of {was.highest.name}")
    if not (trial.come or trial.go or trial.change):
        print("no alarm would come or go or reach another level", file=sys.stderr)
    return 0


def _parts(trial: Trial) -> list[tuple[str, list[LimitAlarm]]]:
    return [("come", trial.come), ("go", trial.go), ("stay", trial.stay)]


def _words(alarm: LimitAlarm) -> str:
    return f"{iso(alarm.time_us)}  {alarm.unit}  {alarm.words}"


def _row(alarm: LimitAlarm) -> dict[str, Any]:
    return {
        "time": iso(alarm.time_us),
        "unit": alarm.unit,
        "what": alarm.words,
        "level": alarm.highest.label,
    }
