"""`panewatch export`: an archive's contents as CSV or Parquet, also beside a running ground."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, Final

from ground.archive.archive import Archive
from ground.assessing import Assessing
from ground.export import records, telemetry
from ground.export.sheet import Sheet
from ground.export.telemetry import END_US, Range
from ground.export.writing import WRITERS, ParquetMissingError, check_parquet
from ground.model import UnitKey
from ground.retention.record import told
from protocol.schema.timescale import iso
from tools.cli import options
from tools.cli.errors import InputError, RunError
from tools.cli.progress import Progress
from tools.cli.recorded import is_archive, known_from, open_archive, reading

WHAT: Final = ("parameters", "hits", "events", "packets", "alarms", "findings", "audit")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `export`."""
    add = parser.add_argument
    add("archive", type=Path, metavar="ARCHIVE")
    add(
        "--out",
        type=Path,
        required=True,
        metavar="FILE|DIR",
        help="a file for one table, a folder for several; replaces what is there",
    )
    add("--format", choices=tuple(WRITERS), help="(default: that of the file's name, else csv)")
    add(
        "--what",
        action="append",
        choices=(*WHAT, "all"),
        help="may be given more than once (default: parameters)",
    )
    add("--unit", dest="units", action="append", type=options.unit, metavar="VEHICLE/WINDOW")
    add(
        "--parameter",
        dest="parameters",
        action="append",
        metavar="NAME",
        help="of housekeeping; may be given more than once (default: all)",
    )
    add("--since", type=options.utc, default=0, metavar="UTC", help="e.g. 2025-11-05T02:50:00Z")
    add("--until", type=options.utc, default=END_US, metavar="UTC", help="not included")
    add("--json", action="store_true", help="say what was written as JSON")


def execute(args: argparse.Namespace) -> int:
    """Write the tables."""
    what = list(dict.fromkeys(args.what or ("parameters",)))
    what = list(WHAT) if "all" in what else what
    kind = args.format or _kind_of(args.out)
    one = len(what) == 1 and not args.out.is_dir() and not str(args.out).endswith(("/", "\\"))
    if args.since >= args.until:
        raise InputError("--since must be before --until")
    if not is_archive(args.archive):
        raise InputError(f"{args.archive}: is no archive")
    if len(what) > 1 and args.out.is_file():
        raise InputError(f"--out {args.out}: is a file; several tables need a folder")
    if one and args.out.exists() and args.out.samefile(args.archive):
        raise InputError(f"--out {args.out}: is the archive itself")
    try:
        if kind == "parquet":
            check_parquet()
    except ParquetMissingError as error:
        raise InputError(str(error)) from None
    written = []
    progress = Progress()
    with closing(open_archive(args.archive)) as archive, closing(progress):
        _check(args, archive)
        for name, sheet in _sheets(what, archive, args, progress):
            path = args.out if one else args.out / f"{name}.{kind}"
            rows = _write(sheet, path, kind, args.archive)
            written.append({"table": name, "rows": rows, "file": str(path)})
        drops = told(archive)
        bounded = args.since > 0 or args.until < END_US
        missed = bounded and not any(one["rows"] for one in written)
        holds = _holds(archive, args.units) if missed else None
    _tell(written, drops, holds, as_json=args.json)
    return 0


def _kind_of(out: Path) -> str:
    return "parquet" if out.suffix == ".parquet" else "csv"


def _check(args: argparse.Namespace, archive: Archive) -> None:
    known = archive.units()
    for unit in args.units or ():
        if unit not in known:
            words = ", ".join(map(str, known)) or "none"
            raise InputError(f"--unit {unit}: not in this archive; it has {words}")
    parameters = telemetry.known_parameters(archive)
    for name in args.parameters or ():
        if name not in parameters:
            raise InputError(f"--parameter {name}: housekeeping has {', '.join(parameters)}")


def _sheets(
    what: list[str], archive: Archive, args: argparse.Namespace, progress: Progress
) -> Iterator[tuple[str, Sheet]]:
    drawn = ""
    wanted = Range(
        tuple(args.units or ()),
        tuple(args.parameters or ()),
        args.since,
        args.until,
        lambda share: progress(drawn, share, 1.0),
    )

    @cache
    def assessor() -> Assessing:
        progress("what the ground knew", 0, 1)
        return known_from(archive).assessor

    makers: dict[str, Callable[[], Sheet]] = {
        "parameters": lambda: telemetry.values(archive, wanted),
        "hits": lambda: telemetry.values(archive, replace(wanted, parameters=()), "hit"),
        "events": lambda: telemetry.events(archive, wanted),
        "packets": lambda: telemetry.packets(archive, wanted),
        "alarms": lambda: records.alarms(assessor(), wanted),
        "findings": lambda: records.findings(assessor(), wanted),
        "audit": lambda: records.audit(archive, wanted),
    }
    for name in what:
        drawn = name
        with reading(args.archive):
            yield name, makers[name]()


def _write(sheet: Sheet, path: Path, kind: str, archive: Path) -> int:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with reading(archive):
            return WRITERS[kind](sheet, path)
    except OSError as error:
        raise RunError(
            f"{path}: cannot be written ({error.strerror}); nothing was changed"
        ) from None


def _holds(archive: Archive, units: list[UnitKey] | None) -> dict[str, str | None]:
    """From when to when there are packets."""
    names = {t["name"] for d in archive.dictionaries().values() for t in d["telemetry"]}
    extents = [
        extent
        for unit in units or archive.units()
        for name in names
        if (extent := archive.extent(unit, name, 0, END_US))
    ]
    if not extents:
        return {"from": None, "to": None}
    return {"from": iso(min(e[0] for e in extents)), "to": iso(max(e[1] for e in extents) - 1)}


def _tell(
    written: list[dict[str, Any]],
    drops: list[dict[str, Any]],
    holds: dict[str, str | None] | None,
    *,
    as_json: bool,
) -> None:
    if as_json:
        more = {"holds": holds} if holds else {}
        print(json.dumps({"written": written, "dropped_by_retention": drops} | more))
        return
    if holds:
        has = f"packets of {holds['from']} to {holds['to']}" if holds["from"] else "no packets"
        print(f"nothing between --since and --until: the archive has {has}", file=sys.stderr)
    if drops:
        print(f"until {drops[-1]['until']} packets were dropped by retention: no gap")
    for one in written:
        print(f"{one['rows']:>10} rows  {one['file']}")
