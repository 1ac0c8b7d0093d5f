"""`panewatch fsck`: whether an archive is whole, and where it is not."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Final

from ground.archive.check.damage import Findings
from ground.archive.check.fsck import fsck
from ground.archive.errors import ArchiveError
from tools.cli.errors import InputError
from tools.cli.plain import one_line
from tools.cli.progress import Progress

SHOWN: Final = 50
"""Places in words; all of them with --json."""
_COUNTED: Final = {
    "raw": "rows of raw bytes",
    "block": "blocks",
    "packets": "packets",
    "rollup": "roll-ups",
    "journal": "entries of the journal",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `fsck`."""
    parser.add_argument("archive", type=Path, metavar="ARCHIVE")
    parser.add_argument("--json", action="store_true", help="for scripts")


def execute(args: argparse.Namespace) -> int:
    """Check it, changing nothing; 0 whole, 1 damaged, 2 no archive or unreadable."""
    progress = Progress()
    try:
        findings = fsck(args.archive, progress)
    except ArchiveError as error:
        raise InputError(str(error)) from None
    finally:
        progress.close()
    if args.json:
        print(as_json(args.archive, findings))
    else:
        print("\n".join(in_words(args.archive, findings)))
    return 1 if findings.damage else 0


def as_json(path: Path, findings: Findings) -> str:
    """In ASCII: what is damaged may hold characters that no terminal takes."""
    told = {
        "archive": str(path),
        "format": findings.format,
        "whole": not findings.damage,
        "counts": findings.counts,
        "damage": [one.to_dict() for one in findings.damage],
        "notes": findings.notes,
    }
    return json.dumps(told)


def in_words(path: Path, findings: Findings) -> list[str]:
    """Line by line; no word of the archive makes another."""
    count = len(findings.damage)
    places = "1 place" if count == 1 else f"{count} places"
    lines = [f"{path}: damaged in {places}" if count else f"{path}: whole"]
    if findings.counts:
        told = ", ".join(f"{n:,} {_COUNTED[name]}" for name, n in findings.counts.items())
        lines += [f"  read: {told}"]
    lines += [f"  note: {note}" for note in findings.notes]
    for one in findings.damage[:SHOWN]:
        lines += [f"  {one}", f"      next: {one.next}"]
    if count > SHOWN:
        lines += [f"  and {count - SHOWN} more: --json has all"]
    return [one_line(line) for line in lines]
