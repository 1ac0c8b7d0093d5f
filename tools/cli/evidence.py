"""`panewatch evidence`: one alarm with all that it rests on in one file, and that file held."""

from __future__ import annotations

import argparse
import json
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from ground.archive.errors import ArchiveError
from ground.evidence.container import LARGEST
from ground.evidence.course import NOW, WHEN
from ground.evidence.errors import EvidenceError, NoSuchAlarmError, NotABundleError
from ground.evidence.gather import bundle_of
from ground.evidence.verify import Verdict, verify
from protocol.schema.timescale import iso
from tools.cli import station_options
from tools.cli.errors import InputError, RunError
from tools.cli.plain import one_line
from tools.cli.progress import Progress

VERIFY: Final = "verify"
DIFFERS: Final = 1


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `evidence`."""
    parser.add_argument(
        "alarm", metavar="ALARM|verify", help="number of an alarm, or `verify` and a FILE"
    )
    parser.add_argument("file", nargs="?", type=Path, metavar="FILE", help="a bundle, to verify it")
    parser.set_defaults(late=("file", Path))
    parser.add_argument(
        "--archive", type=Path, metavar="ARCHIVE", help="(default: ask the running station)"
    )
    parser.add_argument(
        "--out", type=Path, metavar="FILE", help="(default: alarm-NUMBER.evidence.zip here)"
    )
    parser.add_argument(
        "--at", choices=WHEN, default=NOW,
        help="the alarm as it is now, with all that became of it, or as it rose (default: now)",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="for scripts")
    station_options.add_options(parser)


def execute(args: argparse.Namespace) -> int:
    """Write a bundle, or verify one: 0 identical, 1 differs, 2 no bundle."""
    if args.alarm == VERIFY:
        if args.file is None:
            raise InputError("name the bundle: panewatch evidence verify FILE")
        return _verify(args.file, as_json=args.json)
    if args.file is not None:
        raise InputError(
            f"{args.file}: only `evidence verify` takes a file; use --out to write one"
        )
    if not (args.alarm.isascii() and args.alarm.isdigit() and len(args.alarm) < 10):
        raise InputError(
            f"{args.alarm} is no number of an alarm; `report` and the console list them"
        )
    return _write(args, int(args.alarm))


def _write(args: argparse.Namespace, alarm: int) -> int:
    out: Path = args.out or Path(f"alarm-{alarm}.evidence.zip")
    if out.exists():
        raise InputError(f"{out} exists; evidence is not overwritten, name another file with --out")
    data = _of_archive(args.archive, alarm, args.at) if args.archive else _asked(args, alarm)
    if len(data) > LARGEST:
        raise RunError(
            f"the evidence of alarm {alarm} has {len(data)} bytes, {LARGEST} at most can be "
            "verified; --at raised takes it only up to its rising"
        )
    try:
        verdict = verify(data)
    except NotABundleError as error:
        raise RunError(f"the station's answer {error}") from None
    with out.open("xb") as file:
        file.write(data)
    told = _told(verdict, data) | {"file": str(out)}
    if args.json:
        print(json.dumps(told, indent=1, ensure_ascii=False))
        return 0
    print(f"{out}: {len(data)} bytes, sha256 {told['sha256']}")
    _print_alarm(verdict)
    return 0


def _of_archive(path: Path, alarm: int, when: str) -> bytes:
    progress = Progress()
    try:
        return bundle_of(path, alarm, when, progress)
    except (NoSuchAlarmError, ArchiveError) as error:
        raise InputError(str(error)) from None
    except EvidenceError as error:
        raise RunError(str(error)) from None
    finally:
        progress.close()


def _asked(args: argparse.Namespace, alarm: int) -> bytes:
    client = station_options.client_of(args)
    with station_options.answering():
        return client.evidence(alarm, args.at)


def _verify(path: Path, *, as_json: bool) -> int:
    progress = Progress()
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
        verdict = verify(data, progress)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
    except NotABundleError as error:
        raise InputError(f"{path}: {error}") from None
    finally:
        progress.close()
    if as_json:
        print(json.dumps(_told(verdict, data) | {"file": str(path)}, indent=1, ensure_ascii=False))
    else:
        _print(verdict, data)
    return 0 if verdict.identical else DIFFERS


def _told(verdict: Verdict, data: bytes) -> dict[str, Any]:
    return {
        "identical": verdict.identical,
        "sha256": sha256(data).hexdigest(),
        "bytes": len(data),
        "packets": verdict.packets,
        "alarm": verdict.alarm,
        "about": verdict.about,
        "differences": [
            {"field": name, "bundle": was, "again": now} for name, was, now in verdict.differences
        ],
        "problems": verdict.problems,
        "notes": verdict.notes,
    }


def _print(verdict: Verdict, data: bytes) -> None:
    for note in verdict.notes:
        print(one_line(f"note: {note}"), file=sys.stderr)
    for problem in verdict.problems:
        print(one_line(f"differs: {problem}"))
    for name, was, now in verdict.differences:
        print(
            one_line(f"differs: {name}: {_short(was)} in the bundle, {_short(now)} when run again")
        )
    if verdict.identical:
        print(f"identical: sha256 {sha256(data).hexdigest()}")
    if verdict.alarm:
        _print_alarm(verdict)


def _print_alarm(verdict: Verdict) -> None:
    alarm, about = verdict.alarm, verdict.about
    try:
        what = f"{alarm['severity']}: {alarm['what']}"
        rose_us = max(alarm["raised_us"], alarm.get("risen_us", 0))
        when = f"cause {iso(alarm['time_us'])}, rose {iso(rose_us)}, {alarm['state']}"
    except (KeyError, TypeError, ValueError, OverflowError):
        what, when = str(alarm.get("key")), "a bundle of other software"
    print(one_line(what))
    print(one_line(when))
    print(one_line(
        f"{verdict.packets} packets of {about.get('vehicles')}, {about.get('begin')} to "
        f"{about.get('end')}; limits {about.get('limits_version')}"
    ))  # fmt: skip


def _short(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)[:200]
