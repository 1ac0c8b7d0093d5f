"""The archive: raw bytes, packets and journal in one SQLite file, written in transactions.

What is added waits in memory until `commit`; after a failed commit it waits on.
"""

from __future__ import annotations

import secrets
import shutil
import sqlite3
from collections.abc import Sequence
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ground.archive.block import HOUR_US, IDENT, Gathering, Kind
from ground.archive.digest import seal
from ground.archive.entries import StoredPacket
from ground.archive.errors import UNREADABLE
from ground.archive.layouts import tables
from ground.archive.lock import lock_archive, make_folder
from ground.archive.opening import create, damaged, open_existing, unwritten
from ground.archive.reader import Reader
from ground.archive.rows import JOURNAL, RAW, journal_row, raw_row, text
from ground.archive.storing import Storing
from ground.archive.units import NONE
from ground.model import Chunk, Packet, UnitKey
from ground.receive.run import Run
from protocol.schema.dictionary import as_json
from protocol.schema.identity import schema_hash

SCHEMA: Final = schema_hash()


class Archive(Reader):
    """One archive. `path` None keeps it in memory; `write` False needs no lock.

    Raises an ArchiveError when it cannot be used.
    """

    def __init__(self, path: Path | None = None, *, write: bool = True) -> None:
        with ExitStack() as held:
            if path is not None and write:
                make_folder(path)
                held.callback(lock_archive(path).release)
            existing = path is not None and (path.exists() or not write)
            db = open_existing(path, write) if path and existing else create(path)
            held.callback(db.close)
            super().__init__(path, db)
            self._begin(write)
            self._held = held.pop_all()  # only now: whatever failed before has let go of it

    def _begin(self, write: bool) -> None:
        self._counters: dict[UnitKey, int] = {
            UnitKey(vehicle, name): below
            for vehicle, name, below in self._rows(
                "SELECT vehicle, name, below FROM counter JOIN unit ON unit = id"
            )
        }
        self._seq: int = self._read(
            "SELECT max((SELECT coalesce(max(last_seq), 0) FROM block),"
            " (SELECT coalesce(max(seq), 0) FROM journal))"
        )[0][0]
        self._pending: dict[str, list[tuple[Any, ...]]] = {}
        self._packets = Gathering()
        self._unreadable: dict[tuple[UnitKey, int, int], int] = {}
        self._replaced: list[int] = []
        try:
            self._storing = Storing(self._db, self.table_of) if write else None
        except UNREADABLE as error:
            raise damaged(self._name, error) from None
        self.pending_bytes = 0
        """Received bytes that are not yet on disk."""
        self.session = self.meta("session") or f"panewatch{secrets.token_hex(6)}"
        """This archive's name at a broker: random, so that no other ground station has it."""
        if write:
            self.set_meta("session", self.session)
            self._add("INSERT OR IGNORE INTO dictionary VALUES (?, ?)", SCHEMA, text(as_json()))
            self._tables[SCHEMA] = tables(as_json())

    def add_raw(self, chunk: Chunk) -> None:
        """Keep bytes as they came."""
        self._add(RAW, *raw_row(chunk))
        self.pending_bytes += len(chunk.data)

    def add_packet(self, packet: Packet, taken_us: int) -> None:
        """Keep an accepted packet; it replaces one that could not be read back."""
        d = packet.decoded
        kind = self._kind(packet.unit, d.boot_id, d.name, packet.link, packet.onboard_us)
        ident = (
            self._next(), packet.onboard_us, packet.received_us, taken_us, d.record, packet.late
        )  # fmt: skip
        self._packets.add(kind, ident, d.data)
        self.pending_bytes += len(d.data)
        if self._unreadable:
            seq = self._unreadable.pop((packet.unit, d.boot_id, d.record), None)
            self._replaced += [] if seq is None else [seq]

    def add_run(
        self, unit: UnitKey, link: str, run: Run, times: tuple[NDArray[np.int64], int, int]
    ) -> None:
        """Keep accepted packets that came together and none of which is late.

        `times`: onboard time (UTC) of each, when they were received and when taken in.
        """
        onboard_us, received_us, taken_us = times
        ident = np.zeros(len(run), IDENT)
        ident["seq"] = np.arange(self._seq + 1, self._seq + 1 + len(run))
        ident["onboard_us"], ident["received_us"] = onboard_us, received_us
        ident["taken_us"], ident["record"] = taken_us, run.table["record"]
        self._seq += len(run)
        hours = onboard_us // HOUR_US
        edges = [0, *(np.flatnonzero(hours[1:] != hours[:-1]) + 1).tolist(), len(run)]
        boot = int(run.table["boot_id"][0])
        for first, end in pairwise(edges):
            kind = self._kind(unit, boot, run.name, link, int(onboard_us[first]))
            self._packets.add_many(kind, ident[first:end], run.table[first:end].tobytes())
        self.pending_bytes += run.table.nbytes

    def unreadable(self, packet: StoredPacket) -> None:
        """What is stored there cannot be read; the same packet replaces it when it comes again."""
        self._unreadable[packet.unit, packet.boot, packet.record] = packet.seq

    def add_journal(self, time_us: int, author: str, kind: str, data: dict[str, Any]) -> None:
        """Keep an entry of the journal."""
        self._add(JOURNAL, *journal_row(self._next(), time_us, author, kind, data))

    def counter(self, unit: UnitKey) -> int:
        """The first command counter of a unit that no earlier run can have used."""
        return self._counters.get(unit, 0)

    def reserve_counter(self, unit: UnitKey, below: int) -> None:
        """Counters below this one may be used once the next commit has succeeded."""
        self._counters[unit] = below
        self._add("INSERT OR REPLACE INTO counter VALUES (?, ?)", self._unit(unit), below)

    def set_meta(self, key: str, value: str) -> None:
        """Keep a fact of the archive itself, e.g. its fleet."""
        self._add("INSERT OR REPLACE INTO meta VALUES (?, ?)", key, value)

    def commit(self) -> None:
        """Put all that was added on disk; raises ArchiveFull and keeps it for the next time."""
        if not self._pending and not self._packets:
            return
        try:
            self._write()
        except sqlite3.DatabaseError as error:
            raise unwritten(self._name, error) from None
        except Exception:  # a value that SQLite cannot hold: what was received is kept all the same
            self._pending = {RAW: self._pending.get(RAW, [])}
            self._packets = Gathering()
            self._write()
            raise

    def free_bytes(self) -> int | None:
        """Space left on the archive's disk; None in memory."""
        return shutil.disk_usage(self.path.parent).free if self.path else None

    @property
    def last_seq(self) -> int:
        """Of the newest packet or journal entry."""
        return self._seq

    def drop_blocks(self, ends: Sequence[tuple[int, int]]) -> None:
        """Take blocks out for good, by their first and last number; raises ArchiveFull."""
        assert self._storing is not None
        values = ",".join(f"({int(first)},{int(last)})" for first, last in ends)
        words = f"DELETE FROM block WHERE (seq, last_seq) IN (VALUES {values}) RETURNING seq"  # noqa: S608
        for (seq,) in self.maintain(words):
            self._storing.forget(seq)

    def maintain(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """Run one statement of maintenance on what is committed; raises ArchiveFull."""
        try:
            return self._db.execute(statement, values).fetchall()
        except sqlite3.DatabaseError as error:
            raise unwritten(self._name, error) from None

    def close(self) -> None:
        """Close it without a commit."""
        self._held.close()

    def _kind(self, unit: UnitKey, boot: int, name: str, link: str, onboard_us: int) -> Kind:
        return Kind(self._unit(unit), boot, name, link, SCHEMA, onboard_us // HOUR_US)

    def _unit(self, key: UnitKey) -> int:
        number = self._units.known(key)
        if number == NONE:
            number = self._units.add(key)
            self._add("INSERT INTO unit (id, vehicle, name) VALUES (?, ?, ?)", number, *key)
        return number

    def _next(self) -> int:
        self._seq += 1
        return self._seq

    def _write(self) -> None:
        """All of it in one transaction, or nothing."""
        assert self._storing is not None
        self._db.execute("BEGIN IMMEDIATE")
        try:
            for statement, rows in self._pending.items():
                self._db.executemany(statement, rows)
            if self._pending.keys() - {RAW, JOURNAL}:
                seal(self._db)
            tails = self._storing.write(list(self._packets.blocks()), self._replaced)
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise
        self._storing.stands(tails)
        self._pending.clear()
        self._packets = Gathering()
        self._replaced.clear()
        self.pending_bytes = 0

    def _add(self, statement: str, *row: Any) -> None:
        self._pending.setdefault(statement, []).append(row)
