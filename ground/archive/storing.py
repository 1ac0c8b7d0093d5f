"""What a commit writes of packets: blocks, roll-ups, small blocks joined, damaged packets replaced.

All of it inside the commit's transaction; what is remembered here changes only once that stands.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Final

import numpy as np

from ground.archive import rollup
from ground.archive.block import COLUMNS, FULL, INSERT, Block, Kind, block_of, joined, mended
from ground.archive.digest import of_row

Layouts = Callable[[int, str], np.dtype[np.void] | None]
"""The table of a packet type in a schema."""
Key = tuple[Kind, int]
"""Kind and packet size."""
Tails = dict[Key, list[tuple[int, int]]]
"""(seq, packets) of the small blocks of each kind and packet size, in their order."""
Group = tuple[object, ...]
"""A kind without its hour: when the next one goes on, the small blocks of the last are joined."""

_BY_SEQ: Final = f"SELECT {COLUMNS} FROM block WHERE seq = ?"  # noqa: S608 (a constant)
_DELETE: Final = "DELETE FROM block WHERE seq = ?"


class Storing:
    """Writes blocks; knows the small ones that are still to be joined.

    A commit looks at what it touches only: of a boot that is over the last ones stay small, and
    there may be many boots.
    """

    def __init__(self, db: sqlite3.Connection, layouts: Layouts) -> None:
        self._db = db
        self._layouts = layouts
        self._tails: Tails = {}
        self._groups: dict[Group, tuple[Key, ...]] = {}
        self._where: dict[int, Key] = {}
        for seq, count, size, *kind in db.execute(
            "SELECT seq, count, length(data) / max(count, 1), unit, boot, name, link, schema, hour"
            " FROM block WHERE count < ? ORDER BY seq",
            (FULL,),
        ):
            key = (Kind(*kind), size)
            self._tails.setdefault(key, []).append((seq, count))
            self._where[seq] = key
        for key in self._tails:
            self._groups[key[0][:5]] = (*self._groups.get(key[0][:5], ()), key)

    def write(self, blocks: list[Block], replaced: Iterable[int]) -> Tails:
        """Within a transaction; give what it returns to `stands` once that is committed."""
        tails: Tails = {}  # those that change
        for seq in replaced:
            self._remove(seq, tails, blocks)
        self._db.executemany(INSERT, [block.row() for block in blocks])
        for block in blocks:
            key = (block.kind, block.size)
            if len(block.ident) < FULL:
                seq = int(block.ident["seq"][0])
                tails[key] = [*self._small(key, tails), (seq, len(block.ident))]
        self._roll(blocks)
        self._join(blocks, tails)
        return tails

    def stands(self, tails: Tails) -> None:
        """The transaction was committed."""
        for key, small in tails.items():
            for seq, _ in self._tails.pop(key, ()):
                del self._where[seq]
            group = key[0][:5]
            others = tuple(other for other in self._groups.pop(group, ()) if other != key)
            if small:
                self._tails[key] = small
                self._where.update((seq, key) for seq, _ in small)
                others = (*others, key)
            if others:
                self._groups[group] = others

    def forget(self, seq: int) -> None:
        """The block that begins there is to be dropped: it is joined with no other."""
        if seq in self._where:
            key = self._where[seq]
            self.stands({key: [entry for entry in self._tails[key] if entry[0] != seq]})

    def _small(self, key: Key, tails: Tails) -> list[tuple[int, int]]:
        """Of this key, when `tails` have changed."""
        return tails[key] if key in tails else self._tails.get(key, [])

    def _roll(self, blocks: list[Block]) -> None:
        for (unit, schema), alike in rollup.by_schema(blocks).items():
            layout = self._layouts(schema, rollup.ROLLED)
            if layout is None:
                continue
            whole = [block for block in alike if block.size == layout.itemsize]
            if not whole:
                continue
            made, width_us = rollup.of_packets(whole, layout), 1
            for width_s in rollup.WIDTHS_S:
                made = rollup.rolled(made, width_s * rollup.SECOND_US // width_us)
                width_us = width_s * rollup.SECOND_US
                self._roll_into((unit, rollup.ROLLED, schema, width_s), made)

    def _roll_into(self, key: tuple[int, str, int, int], made: rollup.Rolled) -> None:
        ends = (int(made.buckets[0]), int(made.buckets[-1]))
        unit, name, schema, width_s = key
        head = rollup.checksum_head(unit, name, width_s)
        wrong: set[int] = set()
        if known := self._db.execute(rollup.READ, (*key, *ends)).fetchall():
            made = rollup.together(rollup.stored(known), made)
            wrong = {
                bucket
                for bucket, count, data, crc in known
                if crc != rollup.checksum(head, bucket, schema, count, data)
            }
        rows = []
        each = zip(made.buckets.tolist(), made.counts.tolist(), made.extremes, strict=True)
        for bucket, count, extremes in each:
            data = extremes.tobytes()
            crc = rollup.checksum(head, bucket, schema, count, data)
            crc ^= bucket in wrong  # what was wrong stays so
            rows.append((unit, name, width_s, bucket, schema, count, data, crc))
        self._db.executemany(rollup.WRITE, rows)

    def _join(self, blocks: list[Block], tails: Tails) -> None:
        """Make few large blocks of many small ones: when they fill one, or another hour goes on."""
        going_on = {block.kind for block in blocks}
        moved = {kind[:5] for kind in going_on}
        touched = [key for group in moved for key in self._groups.get(group, ())]
        for key in dict.fromkeys([*touched, *tails]):
            small = self._small(key, tails)
            over = key[0][:5] in moved and key[0] not in going_on
            if not over and sum(count for _, count in small) < FULL:
                continue
            tails[key] = []
            if len(small) > 1:
                rows = [self._db.execute(_BY_SEQ, (seq,)).fetchone() for seq, _ in small]
                whole = [block for row in rows if (block := block_of(row)).whole]
                if len(whole) < len(small):  # damage stays where it is
                    continue
                self._db.executemany(_DELETE, [(seq,) for seq, _ in small])
                self._db.executemany(INSERT, [block.row() for block in joined(whole)])

    def _remove(self, seq: int, tails: Tails, anew: list[Block]) -> None:
        """Take a packet out of its block: it has come anew."""
        for row in self._db.execute(
            f"SELECT {COLUMNS} FROM block WHERE seq <= ? AND last_seq >= ?",  # noqa: S608
            (seq, seq),
        ).fetchall():
            block = block_of(row)
            if seq not in block.ident["seq"]:
                continue
            first = int(block.ident["seq"][0])
            self._db.execute(_DELETE, (first,))
            self._unroll(block, seq)
            rest = block.without([seq])
            if not block.whole and mended(block, row[-1], anew):
                rest = replace(rest, whole=True)
            key = (block.kind, block.size)
            small = [entry for entry in self._small(key, tails) if entry[0] != first]
            if len(rest.ident):
                self._db.execute(INSERT, rest.row())
                small.append((int(rest.ident["seq"][0]), len(rest.ident)))
            tails[key] = sorted(small)

    def _unroll(self, block: Block, seq: int) -> None:
        """It counts once in its roll-ups, whose extremes stay what they are: it comes as it was."""
        layout = self._layouts(block.kind.schema, block.kind.name)
        if block.kind.name != rollup.ROLLED or layout is None or block.size != layout.itemsize:
            return
        time_us = int(block.ident["onboard_us"][block.ident["seq"] == seq][0])
        unit, name, schema = block.kind.unit, block.kind.name, block.kind.schema
        for width_s in rollup.WIDTHS_S:
            at = time_us // (width_s * rollup.SECOND_US)
            key = (unit, name, schema, width_s, at, at)
            for bucket, count, data, crc in self._db.execute(rollup.READ, key).fetchall():
                whole = crc == of_row(unit, name, width_s, bucket, schema, count, data)
                row = (unit, name, width_s, bucket, schema, count - 1, data)
                self._db.execute(rollup.WRITE, (*row, of_row(*row) ^ (not whole)))
