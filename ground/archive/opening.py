"""Opens an archive's file, or says why it is none."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from glob import escape
from pathlib import Path
from typing import Final

from ground.archive.bounded import Bounded
from ground.archive.digest import seal
from ground.archive.errors import (
    UNREADABLE,
    ArchiveError,
    ArchiveFull,
    ArchiveUnwritable,
    DamagedArchive,
    ForeignArchive,
    folding,
)
from ground.archive.formats import READABLE, claimed, contradiction
from ground.archive.migrate import for_reading, migrate
from ground.archive.tables import APPLICATION_ID, FORMAT_VERSION, TABLES

_MAGIC: Final = b"SQLite format 3\0"


def open_existing(path: Path, write: bool) -> sqlite3.Connection:
    """A checked connection to an archive of today's format, migrated where it is an older one.

    Raises ForeignArchive, DamagedArchive or ArchiveUnwritable.
    """
    check_magic(path)
    try:
        with _closed_on_failure(reading(path)) as db:
            version = _check(db, path)  # before anything can change in the file
        if write:
            db.close()
            db = connected(path, "mode=rw")
        with _closed_on_failure(db):
            if write:
                _set_up(db)
                db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                check_size(db, path)
            if version == FORMAT_VERSION:
                return db
            with folding(path):
                return _of_today(db, path, version, write)
    except UNREADABLE as error:
        if not _by_the_system(error):
            raise damaged(path, error) from None
        raise ArchiveUnwritable(path, f"cannot be opened ({error}); check its rights") from None


def _by_the_system(error: Exception) -> bool:
    """True when the disk or its rights are what fails; no such column, say, is damage."""
    return (
        isinstance(error, sqlite3.OperationalError)
        and error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_ERROR
    )


@contextmanager
def _closed_on_failure(db: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    try:
        yield db
    except BaseException:
        db.close()
        raise


def connected(path: Path, how: str) -> Bounded:
    """To a file; `how` as in SQLite's URIs. What is read there has an end."""
    address = f"{path.absolute().as_uri()}?{how}"
    db = sqlite3.connect(address, uri=True, isolation_level=None, factory=Bounded)
    db.bound(path)
    return db


def reading(path: Path) -> sqlite3.Connection:
    """For reading, also on a disk that cannot be written; raises what SQLite raises."""
    logged = path.with_name(f"{path.name}-wal").exists()
    db = connected(path, "mode=ro")
    if not logged:
        db.tidy(path)
    try:
        db.execute("PRAGMA schema_version").fetchone()
    except sqlite3.OperationalError as error:
        db.close()
        wal = path.with_name(f"{path.name}-wal")
        waiting = wal.exists() and wal.stat().st_size
        if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_CANTOPEN or waiting:
            raise
        return connected(path, "mode=ro&immutable=1")  # SQLite cannot make its own files there
    return db


def create(path: Path | None) -> sqlite3.Connection:
    """A new archive; None: in memory. Raises ArchiveUnwritable."""
    if path:
        _check_no_half_restore(path)
    try:
        db = sqlite3.connect(path if path else ":memory:", isolation_level=None)
        db.execute("PRAGMA auto_vacuum = INCREMENTAL")  # what retention drops can be given back
        _set_up(db)
        db.executescript(
            f"BEGIN; {TABLES} PRAGMA application_id = {APPLICATION_ID};"
            f"PRAGMA user_version = {FORMAT_VERSION};"
        )
        seal(db)
        db.execute("COMMIT")
    except sqlite3.OperationalError as error:
        raise ArchiveUnwritable(
            path or Path(":memory:"), f"cannot be made ({error}); name another folder"
        ) from None
    return db


def _check_no_half_restore(path: Path) -> None:
    """A new archive would hide the one that a killed restore has moved aside."""
    for aside in path.parent.glob(f".restore.*/old/{escape(path.name)}"):
        raise ArchiveUnwritable(
            path,
            f"a restore was ended halfway here, and what was there is now {aside}: move it back "
            f"with what lies beside it, or restore again, then remove {aside.parents[1]}",
        )


def damaged(path: Path, error: Exception) -> DamagedArchive:
    """What to say when SQLite finds the file inconsistent."""
    return DamagedArchive(
        path,
        f"the archive is damaged ({error}); `panewatch fsck` says where: keep it, and restore a "
        "backup or start a new one",
    )


def unwritten(path: Path, error: sqlite3.DatabaseError) -> ArchiveError:
    """What to say when a commit fails."""
    if not isinstance(error, sqlite3.OperationalError):
        return damaged(path, error)
    todo = {
        sqlite3.SQLITE_FULL: "free space on its disk",
        sqlite3.SQLITE_READONLY: "make its disk writable",
    }.get(error.sqlite_errorcode & 0xFF, "look after its disk")
    return ArchiveFull(path, f"nothing can be written ({error}); {todo}")


def _of_today(db: sqlite3.Connection, path: Path, version: int, write: bool) -> sqlite3.Connection:
    if not write:
        return for_reading(db, version)
    try:
        migrate(db, version)
    except sqlite3.OperationalError as error:
        if not _by_the_system(error):
            raise
        raise ArchiveUnwritable(
            path,
            f"cannot be brought from format {version} to {FORMAT_VERSION} ({error}), and is as it "
            f"was; free {path.stat().st_size / 1e6:.0f} MB on its disk, as much as it takes",
        ) from None
    return db


def check_magic(path: Path) -> None:
    """Raises ForeignArchive, DamagedArchive or ArchiveUnwritable for what cannot be SQLite's."""
    try:
        with path.open("rb") as file:
            head = file.read(100)
    except OSError as error:
        help_ = "check its rights" if isinstance(error, PermissionError) else "name another file"
        raise ArchiveUnwritable(path, f"cannot be read ({error.strerror}); {help_}") from None
    if not head.startswith(_MAGIC):
        raise ForeignArchive(path, "is no Panewatch archive; name another file")
    if len(head) < 100:
        raise DamagedArchive(path, "the archive is cut short; keep it and start a new one")


def _check(db: sqlite3.Connection, path: Path) -> int:
    """The format of what can be used; raises ForeignArchive or DamagedArchive."""
    if db.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
        raise ForeignArchive(path, "is a database but no Panewatch archive; name another file")
    version = claimed(db)
    if version not in READABLE:
        raise ForeignArchive(
            path,
            f"has archive format {version}, this Panewatch knows {FORMAT_VERSION}; "
            "use the version that made it",
        )
    check_own(db, path)
    check_size(db, path)
    if wrong := contradiction(db, version):
        raise DamagedArchive(
            path,
            f"{wrong}: one of the two is damaged, and nothing was changed; keep it and restore a "
            "backup (`panewatch fsck` says more)",
        )
    return version


def check_own(db: sqlite3.Connection, path: Path) -> None:
    """Raises ForeignArchive for what would act on its own when rows are written or read."""
    found = db.execute("SELECT type, name FROM sqlite_master WHERE type IN ('trigger', 'view')")
    if own := found.fetchone():
        kind, name = own
        raise ForeignArchive(
            path,
            f"holds a {kind} {name!r} that no Panewatch made: someone has changed what is stored "
            "or shown; restore a backup",
        )


def check_size(db: sqlite3.Connection, path: Path) -> None:
    """Raises DamagedArchive for a file that is shorter than it says."""
    pages = db.execute("PRAGMA page_count").fetchone()[0]
    expected = pages * db.execute("PRAGMA page_size").fetchone()[0]
    wal = path.with_name(path.name + "-wal")
    pending = wal.stat().st_size if wal.exists() else 0
    if path.stat().st_size + pending < expected:
        raise DamagedArchive(
            path,
            f"the archive is cut short ({path.stat().st_size} of {expected} bytes); "
            "keep it, and restore a backup or start a new one",
        )


def _set_up(db: sqlite3.Connection) -> None:
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
