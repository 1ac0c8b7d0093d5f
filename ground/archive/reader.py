"""Reading an archive: packets, journal, raw bytes, also while a ground station writes to it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from ground.archive import packets, rollup
from ground.archive.block import Block
from ground.archive.digest import COVERED, of_row
from ground.archive.entries import JournalRow, StoredPacket, StoredRun, in_order
from ground.archive.errors import UNREADABLE
from ground.archive.layouts import Dictionary, tables
from ground.archive.opening import damaged
from ground.archive.rollup import EXTREMES
from ground.archive.rows import READ_RAW, chunk_of
from ground.archive.units import Units
from ground.model import Chunk, UnitKey


class Reader:
    """What is committed in an archive. Reading raises DamagedArchive where SQLite finds damage."""

    def __init__(self, path: Path | None, db: sqlite3.Connection) -> None:
        self.path = path
        self.damage = ""
        """What was found damaged first while reading, in words."""
        self._name = path or Path(":memory:")
        self._db = db
        self._units = Units(lambda: self._rows("SELECT id, vehicle, name FROM unit ORDER BY id"))
        self._tables: dict[int, dict[str, np.dtype[np.void]]] = {}

    def meta(self, key: str) -> str | None:
        """A committed fact, or None."""
        rows = self._read("SELECT value FROM meta WHERE key = ?", key)
        return rows[0][0] if rows else None

    def size_bytes(self) -> int:
        """On disk, with what is still in the write-ahead log."""
        if self.path is None:
            return 0
        files = (self.path, self.path.with_name(f"{self.path.name}-wal"))
        return sum(file.stat().st_size for file in files if file.exists())

    def entries(self) -> Iterator[StoredPacket | JournalRow]:
        """Packets and journal in the order in which they were added."""
        for entry in self.runs():
            if isinstance(entry, StoredRun):
                yield from entry.packets()
            else:
                yield entry

    def runs(self, after: int = 0) -> Iterator[StoredRun | JournalRow]:
        """The same, with packets that were received together as one; of those after a number."""
        blocks = packets.ordered(self._rows, self._doubt, after)
        return in_order(blocks, self._journal(after), self._units.key)

    def journal(self, newest: int | None = None) -> Iterator[JournalRow]:
        """The journal from its start, or the `newest` entries, newest first."""
        if newest is None:
            return self._journal(0)
        return self._journal(0, f"DESC LIMIT {int(newest)}")

    def journal_after(self, seq: int, limit: int) -> list[JournalRow]:
        """At most `limit` entries of the journal after this one, in its order."""
        return list(self._journal(seq, f"LIMIT {int(limit)}"))

    def units(self) -> list[UnitKey]:
        """Every unit that ever wrote here, in the order in which they came."""
        return self._units.all()

    def telemetry(self) -> Iterator[bytes]:
        """Every packet once, in the order of telemetry.bin: onboard time, APID, making."""
        return packets.telemetry(self._rows)

    def raw(self) -> Iterator[Chunk]:
        """Every byte received, in order."""
        return map(chunk_of, self._rows(READ_RAW))

    def dictionaries(self) -> dict[int, Dictionary]:
        """The dictionary of every schema that ever wrote here."""
        return {k: json.loads(text) for k, text in self._rows("SELECT * FROM dictionary")}

    def table_of(self, schema: int, name: str) -> np.dtype[np.void] | None:
        """The table (ground/receive/run.py) of a packet type; None: the schema has no such type."""
        if schema not in self._tables:
            self._tables |= {key: tables(d) for key, d in self.dictionaries().items()}
        return self._tables.get(schema, {}).get(name)

    def blocks_of(self, unit: UnitKey, name: str, start_us: int, end_us: int) -> Iterator[Block]:
        """Packets of one type, start ≤ onboard time < end, block by block in no order."""
        key = self._units.number(unit)
        return packets.of_range(self._rows, key, name, start_us, end_us, self._doubt)

    def extent(
        self, unit: UnitKey, name: str, start_us: int, end_us: int
    ) -> tuple[int, int] | None:
        """Which part of a range has packets of one type, to the hour; None: no part of it."""
        return packets.extent(self._rows, self._units.number(unit), name, start_us, end_us)

    def rollups_of(
        self, unit: UnitKey, name: str, width_s: int, buckets: tuple[int, int], place: int
    ) -> tuple[list[tuple[int, int, int, bytes]], set[int]]:
        """(bucket, schema, count, extremes) of the parameter at a place of the roll-ups.

        And the buckets of which a row is not as it was written; of these nothing is given.
        """
        key = self._units.number(unit)
        rows = self._read(rollup.SPAN, key, name, width_s, *buckets)
        wrong = rollup.damaged(rows, key, name, width_s)
        if wrong:
            self._doubt(f"{name} roll-ups of {width_s} s are not as they were stored")
        first, end = place * EXTREMES.itemsize, (place + 1) * EXTREMES.itemsize
        return [(*row[:3], row[3][first:end]) for row in rows if row[0] not in wrong], wrong

    @contextmanager
    def still(self) -> Iterator[None]:
        """All that is read meanwhile is of one moment, whatever a ground station writes."""
        list(self._rows("BEGIN"))
        try:
            yield
        finally:
            list(self._rows("ROLLBACK"))

    def _journal(self, after: int, order: str = "") -> Iterator[JournalRow]:
        for *row, crc in self._rows(
            f"SELECT {COVERED['journal']}, crc FROM journal WHERE seq > ? ORDER BY seq {order}",  # noqa: S608
            after,
        ):
            if crc not in (None, of_row(*row)):
                self._doubt(f"entry {row[0]} of the journal is not as it was written")
            seq, time_us, author, kind, data = row
            yield JournalRow(seq, time_us, author, kind, json.loads(data))

    def _read(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        return list(self._rows(statement, *values))

    def _rows(self, statement: str, *values: Any) -> Iterator[tuple[Any, ...]]:
        try:
            yield from self._db.execute(statement, values)
        except UNREADABLE as error:
            self._doubt(str(error))
            raise damaged(self._name, error) from None

    def _doubt(self, words: str) -> None:
        self.damage = self.damage or words
