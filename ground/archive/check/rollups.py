"""Roll-ups: their checksums, and whether they are what the stored packets give."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from ground.archive import rollup
from ground.archive.block import COLUMNS, HOUR_US, Block, block_of
from ground.archive.bounded import EndlessError
from ground.archive.check.blocks import Stored, unit_name
from ground.archive.check.contents import CHECKSUM, Progress
from ground.archive.check.damage import PLOTS, Findings
from ground.archive.check.salvage import Gap, Keyed
from ground.archive.digest import COVERED, of_row
from ground.archive.errors import UNREADABLE
from ground.archive.rollup import EXTREMES, ROLLED, SECOND_US, WIDTHS_S, Rolled
from ground.archive.storing import Layouts

_DAY_S: Final = WIDTHS_S[-1]
_HOUR_S: Final = HOUR_US // SECOND_US
Key = tuple[int, int, int, int]
"""Unit, schema, width in seconds, bucket."""


@dataclass(slots=True)
class _Check:
    db: sqlite3.Connection
    findings: Findings
    stored: Stored
    layouts: Layouts
    left_out: set[Key]
    """Buckets that are damage already."""
    pruned_us: int
    """Of what begins before it retention may have taken packets away."""

    def hour(self, unit: int, hour: int) -> dict[int, Rolled]:
        """Hold an hour's roll-ups against its packets; gives them by schema for the day's."""
        alike: dict[int, list[Block]] = defaultdict(list)
        for block in _blocks(self.db, unit, hour):
            layout = self.layouts(block.kind.schema, ROLLED)
            if layout is not None and block.size == layout.itemsize:
                alike[block.kind.schema].append(block)
        made: dict[int, Rolled] = {}
        for schema, blocks in alike.items():
            fine, width_us = rollup.of_packets(blocks, self._layout(schema)), 1
            for width_s in WIDTHS_S[:-1]:
                fine = rollup.rolled(fine, width_s * SECOND_US // width_us)
                width_us = width_s * SECOND_US
                buckets = (hour * _HOUR_S // width_s, (hour + 1) * _HOUR_S // width_s - 1)
                self.compare(unit, schema, width_s, buckets, fine)
            made[schema] = fine
        return made

    def compare(
        self, unit: int, schema: int, width_s: int, buckets: tuple[int, int], made: Rolled
    ) -> None:
        """Name the buckets in which what is stored is not what packets give."""
        try:
            stands = {
                bucket: (count, data)
                for bucket, count, data, _ in self.db.execute(
                    rollup.READ, (unit, ROLLED, schema, width_s, *buckets)
                )
            }
        except UNREADABLE:  # named when the rows were read
            return
        size = made.extremes.shape[1] * EXTREMES.itemsize
        for bucket, count, extremes in zip(
            made.buckets.tolist(), made.counts.tolist(), made.extremes, strict=True
        ):
            its = stands.pop(bucket, None)
            if self._passed_over(unit, schema, width_s, bucket):
                continue
            if its is None:
                self._add("is missing", unit, width_s, bucket)
            elif its != (count, extremes.tobytes()[:size]):
                self._add("is not what its packets give", unit, width_s, bucket)
        for bucket in stands:
            if not self._passed_over(unit, schema, width_s, bucket):
                self._add("has no packets", unit, width_s, bucket)

    def _passed_over(self, unit: int, schema: int, width_s: int, bucket: int) -> bool:
        pruned = bucket * width_s * SECOND_US < self.pruned_us
        return pruned or (unit, schema, width_s, bucket) in self.left_out

    def _layout(self, schema: int) -> np.dtype[np.void]:
        layout = self.layouts(schema, ROLLED)
        assert layout is not None
        return layout

    def _add(self, what: str, unit: int, width_s: int, bucket: int) -> None:
        _name(self.findings, self.stored, f"{_which(width_s)} {what}", (unit, width_s, bucket))


def check_rollups(
    db: sqlite3.Connection,
    findings: Findings,
    stored: Stored,
    layouts: Layouts,
    progress: Progress,
    pruned_us: int = -(2**63),
) -> None:
    """Every row's checksum; then hour by hour what the packets give, where those are whole."""
    check = _Check(db, findings, stored, layouts, _checksums(db, findings, stored), pruned_us)
    if stored.unknown_damage:
        findings.notes.append("roll-ups were not held against packets: too many of those are lost")
        return
    try:
        words = "SELECT DISTINCT unit, hour FROM block WHERE name = ? ORDER BY unit, hour"
        hours = list(dict.fromkeys(db.execute(words, (ROLLED,))))
    except UNREADABLE:  # named when the packets were read
        return
    days: dict[int, Rolled] = {}
    doubtful = {(unit, hour * _HOUR_S // _DAY_S) for unit, hour in stored.damaged_hours}
    at: tuple[int, int] | None = None
    for done, (unit, hour) in enumerate([*hours, (None, 0)]):
        progress("roll-ups", done, len(hours))
        day = (unit, hour * _HOUR_S // _DAY_S)
        if at is not None and day != at:
            for schema, made in days.items() if at not in doubtful else ():
                whole = rollup.rolled(made, _DAY_S // _HOUR_S)
                check.compare(at[0], schema, _DAY_S, (at[1], at[1]), whole)
            days = {}
        at = day
        if unit is None or (unit, hour) in stored.damaged_hours:
            continue
        try:
            found = check.hour(unit, hour)
        except (sqlite3.DatabaseError, ValueError):  # named when the packets were read
            doubtful.add(day)
            continue
        for schema, made in found.items():
            days[schema] = rollup.together(days[schema], made) if schema in days else made


def _blocks(db: sqlite3.Connection, unit: int, hour: int) -> Iterator[Block]:
    return (
        block_of(row)
        for row in db.execute(
            f"SELECT {COLUMNS} FROM block WHERE unit = ? AND name = ? AND hour = ?",  # noqa: S608
            (unit, ROLLED, hour),
        )
    )


def _checksums(db: sqlite3.Connection, findings: Findings, stored: Stored) -> set[Key]:
    """Hold each row against its checksum; gives the buckets that are damaged."""
    columns = f"{COVERED['rollup']}, crc"
    wrong: set[Key] = set()
    count = 0

    def look(row: tuple[Any, ...]) -> None:
        *covered, crc = row
        if crc is not None and crc != of_row(*covered):
            unit, _, width_s, bucket, schema, *_ = covered
            wrong.add((unit, schema, width_s, bucket))
            _name(findings, stored, f"{_which(width_s)}: {CHECKSUM}", (unit, width_s, bucket))

    try:
        for row in db.execute(f"SELECT {columns} FROM rollup"):  # noqa: S608
            look(row)
            count += 1
    except UNREADABLE as error:
        if isinstance(error, EndlessError):
            findings.add(str(error), PLOTS, table="rollup")
        count = 0
        for unit in stored.names:
            for width_s in WIDTHS_S:
                where, values = "unit = ? AND name = ? AND width_s = ?", (unit, ROLLED, width_s)
                for keyed in Keyed(db, "rollup", "bucket", columns, where, values).rows():
                    if isinstance(keyed, Gap):
                        _lost(findings, stored, keyed, values)
                    else:
                        look(keyed[1:])
                        count += 1
    findings.counts["rollup"] = count
    return wrong


def _lost(findings: Findings, stored: Stored, gap: Gap, of: tuple[Any, ...]) -> None:
    unit, _, width_s = of
    step_us = width_s * SECOND_US
    span = None
    if not gap.whole:
        last = gap.first if gap.last is None else gap.last
        span = (gap.first * step_us, (last + 1) * step_us)
    findings.add(
        f"roll-ups of {width_s} s cannot be read ({gap.error})", PLOTS, table="rollup",
        rows=gap.rows, unit=unit_name(stored.names, unit), packets=ROLLED,
        times_us=span,
    )  # fmt: skip


def _which(width_s: object) -> str:
    return "roll-up" if width_s is None else f"roll-up of {width_s} s"


def _name(findings: Findings, stored: Stored, words: str, bucket: tuple[Any, Any, Any]) -> None:
    unit, width_s, number = bucket
    span = None
    if isinstance(width_s, int) and isinstance(number, int):
        step_us = width_s * SECOND_US
        span = (number * step_us, (number + 1) * step_us)
    findings.add(
        words, PLOTS, table="rollup", unit=unit_name(stored.names, unit), packets=ROLLED,
        times_us=span,
    )  # fmt: skip
