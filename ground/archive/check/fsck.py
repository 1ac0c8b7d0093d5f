"""Whether an archive is whole: all that can be checked about it, the file first, then its rows."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np

from ground.archive.archive import SCHEMA, Archive
from ground.archive.check.blocks import Stored, check_blocks
from ground.archive.check.contents import (
    Progress,
    Received,
    check_journal,
    check_raw,
    note_unmatched,
)
from ground.archive.check.damage import DOUBT, RESTORE, UNOPENED, Findings
from ground.archive.check.matching import not_received, not_stored
from ground.archive.check.rollups import check_rollups
from ground.archive.check.structure import check_small, check_structure, check_tables, opened
from ground.archive.check.wal import check_wal
from ground.archive.digest import COVERED
from ground.archive.errors import (
    UNREADABLE,
    ArchiveError,
    ArchiveUnwritable,
    ForeignArchive,
    folding,
)
from ground.archive.formats import ROW_A_PACKET
from ground.archive.layouts import tables
from ground.archive.lock import is_locked
from ground.archive.spans import spans
from ground.archive.storing import Layouts
from ground.archive.tables import FORMAT_VERSION

PRUNED: Final = "pruned_us"
"""The key in `meta` of the ground time up to which retention has taken rows away."""


def fsck(path: Path, progress: Progress) -> Findings:
    """Check an archive, also while a ground station writes to it: as it stands at the beginning.

    Raises ForeignArchive, ArchiveUnwritable when it is none or cannot be read at all.
    """
    if path.is_dir():
        raise ArchiveUnwritable(path, "is a folder; name the archive in it")
    findings = Findings()
    progress("SQLite's own check", 0, 1)
    check_wal(path, findings, running=is_locked(path))
    try:
        db = opened(path, findings)
    except UNREADABLE:  # named, and nothing more can be read
        return _told(path, findings)
    except ForeignArchive:
        if findings.damage:  # all of it was in the log
            return findings
        raise
    try:
        check_structure(db, findings)
        _check_contents(db, findings, progress)
    finally:
        db.close()
    return _told(path, findings)


def _told(path: Path, findings: Findings) -> Findings:
    """Nothing is promised of an archive that no command opens."""
    if any(one.next.startswith(RESTORE) for one in findings.damage):
        try:
            with folding(path):
                Archive(path, write=False).close()
        except ArchiveError:
            findings.damage = [
                replace(one, next=UNOPENED) if one.next.startswith(RESTORE) else one
                for one in findings.damage
            ]
    return findings


def _check_contents(db: sqlite3.Connection, findings: Findings, progress: Progress) -> None:
    if findings.format == FORMAT_VERSION:
        check_tables(db, findings)
        check_small(db, findings)
    else:
        findings.notes.append(
            f"format {findings.format} has no checksums: SQLite's structure and the packets' own "
            "are checked; a ground station that opens it gives it checksums"
        )
        old = findings.format == ROW_A_PACKET
        for name in ("raw", "journal") if old else COVERED:
            select = f"SELECT *, NULL AS crc FROM main.{name}"  # noqa: S608
            db.execute(f"CREATE TEMP VIEW {name} AS {select}")
    told = check_journal(db, findings, progress)
    received = check_raw(db, findings, progress, told)
    if findings.format != ROW_A_PACKET:
        stored = check_blocks(db, findings, progress)
        _check_agreement(findings, received, stored, _pruned_us(db))
        check_rollups(db, findings, stored, _layouts(db), progress, _pruned_us(db))
    note_unmatched(findings, received)


def _check_agreement(
    findings: Findings, received: Received, stored: Stored, pruned_us: int
) -> None:
    """Every stored packet came in the raw bytes; what came whole of known units is stored."""
    for line in sorted(stored.packets.lines() | received.packets.lines()):
        place = {
            "unit": stored.units.get(line, line.unit or None),
            "boot": line.boot,
            "link": line.link,
        }
        if stored.schemas.get(line) == {SCHEMA}:
            records, times = not_received(stored.packets, received.packets, line)
            told = [not received.doubts(t) and t >= pruned_us for t in times.tolist()]
            for first, last in spans(records[np.array(told, bool)]):
                findings.add("packets are stored of which the raw bytes have nothing", DOUBT,
                             table="block", records=(first, last), **place)  # fmt: skip
        if stored.unknown_damage or stored.damaged_hours:
            continue  # what is missing has been named
        if line in received.packets.lines() and not stored.packets.like(line):
            received.refused_packets += len(received.packets.of(line)[0])
            received.refused_lines += 1
        records, times = not_stored(stored.packets, received.packets, line)
        refused = np.array([received.refused(line, t) for t in times.tolist()], bool)
        received.refused_packets += int(refused.sum())
        received.refused_lines += bool(refused.any())
        for first, last in spans(records[(times >= pruned_us) & ~refused]):
            findings.add("packets that were received whole are not stored", DOUBT,
                         table="raw", records=(first, last), **place)  # fmt: skip


def _layouts(db: sqlite3.Connection) -> Layouts:
    @cache
    def of_schema(schema: int) -> dict[str, np.dtype[np.void]]:
        try:
            row = db.execute("SELECT json FROM dictionary WHERE hash = ?", (schema,)).fetchone()
            return tables(json.loads(row[0])) if row else {}
        except (sqlite3.DatabaseError, ValueError, LookupError, TypeError):  # named before
            return {}

    return lambda schema, name: of_schema(schema).get(name)


def _pruned_us(db: sqlite3.Connection) -> int:
    try:
        row = db.execute("SELECT value FROM meta WHERE key = ?", (PRUNED,)).fetchone()
        return int(row[0]) if row else -(2**63)
    except (sqlite3.DatabaseError, ValueError):  # named before
        return -(2**63)
