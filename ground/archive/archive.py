"""The archive: raw bytes, packets and journal in one SQLite file, written in transactions.

What is added waits in memory until `commit`; after a failed commit it waits on.
"""

from __future__ import annotations

import json
import secrets
import shutil
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ground.archive.errors import ArchiveFull, ArchiveInUse, ArchiveUnwritable
from ground.archive.layouts import Dictionary
from ground.archive.lock import FileLock, LockHeldError
from ground.archive.opening import create, damaged, open_existing
from ground.model import Chunk, Packet, UnitKey
from protocol.schema.dictionary import as_json
from protocol.schema.identity import schema_hash

SCHEMA: Final = schema_hash()
_RAW: Final = "INSERT INTO raw (link, received_us, framed, unit, data) VALUES (?, ?, ?, ?, ?)"


@dataclass(frozen=True, slots=True)
class StoredPacket:
    """A packet as the archive gives it back."""

    seq: int
    unit: UnitKey
    boot: int
    record: int
    link: str
    received_us: int
    taken_us: int
    """Ground time at which it was accepted."""
    schema: int
    data: bytes


@dataclass(frozen=True, slots=True)
class JournalRow:
    """Who did what when: operators, the station's starts, alarm transitions."""

    seq: int
    time_us: int
    author: str
    kind: str
    data: dict[str, Any]


class Archive:
    """One archive. `path` None keeps it in memory; `write` False needs no lock.

    Raises an ArchiveError when it cannot be used.
    """

    def __init__(self, path: Path | None = None, *, write: bool = True) -> None:
        self.path = path
        self._lock: FileLock | None = None
        if path is not None and write:
            _make_folder(path)
            self._lock = _lock(path)
        try:
            existing = path is not None and (path.exists() or not write)
            self._db = open_existing(path, write) if path and existing else create(path)
        except BaseException:
            self._release()
            raise
        self._units: dict[UnitKey, int] = {}
        self._counters: dict[UnitKey, int] = {}
        for key, vehicle, name, below in self._read(
            "SELECT id, vehicle, name, below FROM unit LEFT JOIN counter ON unit = id"
        ):
            self._units[UnitKey(vehicle, name)] = key
            self._counters[UnitKey(vehicle, name)] = below or 0
        self._seq: int = self._read(
            "SELECT max((SELECT coalesce(max(seq), 0) FROM packet),"
            " (SELECT coalesce(max(seq), 0) FROM journal))"
        )[0][0]
        self._pending: dict[str, list[tuple[Any, ...]]] = {}
        self.pending_bytes = 0
        """Received bytes that are not yet on disk."""
        self.session = self.meta("session") or f"panewatch{secrets.token_hex(6)}"
        """This archive's name at a broker: random, so that no other ground station has it."""
        if write:
            self.set_meta("session", self.session)
            self._add("INSERT OR IGNORE INTO dictionary VALUES (?, ?)", SCHEMA, _text(as_json()))

    def add_raw(self, chunk: Chunk) -> None:
        """Keep bytes as they came."""
        unit = str(chunk.unit) if chunk.unit else None
        self._add(_RAW, chunk.link, chunk.received_us, chunk.framed, unit, chunk.data)
        self.pending_bytes += len(chunk.data)

    def add_packet(self, packet: Packet, taken_us: int) -> None:
        """Keep an accepted packet; it replaces one that could not be read back."""
        d = packet.decoded
        self._add(
            "INSERT OR REPLACE INTO packet VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            self._next(), self._unit(packet.unit), d.boot_id, d.record, d.name,
            packet.onboard_us, d.time_status, d.time_us, packet.received_us, taken_us,
            packet.late, packet.link, SCHEMA, d.data,
        )  # fmt: skip
        self.pending_bytes += len(d.data)

    def add_journal(self, time_us: int, author: str, kind: str, data: dict[str, Any]) -> None:
        """Keep an entry of the journal."""
        self._add(
            "INSERT INTO journal VALUES (?, ?, ?, ?, ?)",
            self._next(), time_us, author, kind, _text(data),
        )  # fmt: skip

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

    def meta(self, key: str) -> str | None:
        """A committed fact, or None."""
        rows = self._read("SELECT value FROM meta WHERE key = ?", key)
        return rows[0][0] if rows else None

    def commit(self) -> None:
        """Put all that was added on disk; raises ArchiveFull and keeps it for the next time."""
        if not self._pending:
            return
        try:
            self._write(self._pending)
        except sqlite3.DatabaseError as error:
            path = self.path or Path(":memory:")
            if not isinstance(error, sqlite3.OperationalError):
                raise damaged(path, error) from None
            raise ArchiveFull(
                path, f"nothing can be written ({error}); free space on its disk"
            ) from None
        except Exception:  # a value that SQLite cannot hold: what was received is kept all the same
            self._write({_RAW: self._pending.pop(_RAW, [])})
            raise
        self._pending.clear()
        self.pending_bytes = 0

    def free_bytes(self) -> int | None:
        """Space left on the archive's disk; None in memory."""
        return shutil.disk_usage(self.path.parent).free if self.path else None

    def entries(self) -> Iterator[StoredPacket | JournalRow]:
        """Packets and journal in the order in which they were added."""
        journal = self.journal()
        row = next(journal, None)
        for packet in self._packets():
            while row and row.seq < packet.seq:
                yield row
                row = next(journal, None)
            yield packet
        while row:
            yield row
            row = next(journal, None)

    def journal(self, newest: int | None = None) -> Iterator[JournalRow]:
        """The journal from its start, or the `newest` entries, newest first."""
        order = "" if newest is None else f"DESC LIMIT {int(newest)}"
        for seq, time_us, author, kind, data in self._rows(
            f"SELECT * FROM journal ORDER BY seq {order}"  # noqa: S608 (an integer)
        ):
            yield JournalRow(seq, time_us, author, kind, json.loads(data))

    def telemetry(self) -> Iterator[bytes]:
        """Every packet once, in the order of telemetry.bin: onboard time, APID, making."""
        for (data,) in self._rows(
            "SELECT data FROM packet ORDER BY onboard_us, substr(data, 1, 2), boot, record"
        ):
            yield data

    def raw(self) -> Iterator[Chunk]:
        """Every byte received, in order."""
        for link, received_us, framed, unit, data in self._rows(
            "SELECT link, received_us, framed, unit, data FROM raw ORDER BY id"
        ):
            key = UnitKey(*unit.split("/")) if unit else None
            yield Chunk(link, received_us, data, bool(framed), key)

    def dictionaries(self) -> dict[int, Dictionary]:
        """The dictionary of every schema that ever wrote here."""
        return {k: json.loads(text) for k, text in self._rows("SELECT * FROM dictionary")}

    def packets_of(
        self, unit: UnitKey, name: str, start_us: int, end_us: int
    ) -> Iterator[tuple[int, int, bytes]]:
        """(onboard time µs UTC, schema, packet) of one type, start ≤ time < end, in time order."""
        return self._rows(
            "SELECT onboard_us, schema, data FROM packet WHERE unit = ? AND name = ?"
            " AND onboard_us >= ? AND onboard_us < ? ORDER BY onboard_us",
            self._units.get(unit), name, start_us, end_us,
        )  # fmt: skip

    def close(self) -> None:
        """Close it without a commit."""
        self._db.close()
        self._release()

    def _packets(self) -> Iterator[StoredPacket]:
        keys = {v: k for k, v in self._units.items()}
        for seq, unit, *rest in self._rows(
            "SELECT seq, unit, boot, record, link, received_us, taken_us, schema, data"
            " FROM packet ORDER BY seq"
        ):
            yield StoredPacket(seq, keys[unit], *rest)

    def _unit(self, key: UnitKey) -> int:
        if key not in self._units:
            self._units[key] = max(self._units.values(), default=0) + 1
            self._add(
                "INSERT INTO unit (id, vehicle, name) VALUES (?, ?, ?)", self._units[key], *key
            )
        return self._units[key]

    def _next(self) -> int:
        self._seq += 1
        return self._seq

    def _write(self, rows_of: dict[str, list[tuple[Any, ...]]]) -> None:
        """All of it in one transaction, or nothing."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            for statement, rows in rows_of.items():
                self._db.executemany(statement, rows)
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise

    def _add(self, statement: str, *row: Any) -> None:
        self._pending.setdefault(statement, []).append(row)

    def _read(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        return list(self._rows(statement, *values))

    def _rows(self, statement: str, *values: Any) -> Iterator[tuple[Any, ...]]:
        try:
            yield from self._db.execute(statement, values)
        except sqlite3.DatabaseError as error:
            raise damaged(self.path or Path(":memory:"), error) from None

    def _release(self) -> None:
        if self._lock:
            self._lock.release()


def _make_folder(path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ArchiveUnwritable(
            path, f"its folder cannot be made ({error.strerror}); name another folder"
        ) from None


def _lock(path: Path) -> FileLock:
    try:
        return FileLock(path.with_name(path.name + ".lock"))
    except LockHeldError:
        raise ArchiveInUse(
            path, "another ground station writes to this archive; stop it or name another"
        ) from None
    except OSError as error:
        raise ArchiveUnwritable(
            path, f"cannot write beside it ({error.strerror}); name another folder"
        ) from None


def _text(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
