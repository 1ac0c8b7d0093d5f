"""Opens an archive's file, or says why it is none."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Final

from ground.archive.errors import (
    ArchiveUnwritable,
    DamagedArchive,
    ForeignArchive,
)
from ground.archive.tables import APPLICATION_ID, FORMAT_VERSION, TABLES

_MAGIC: Final = b"SQLite format 3\0"


def open_existing(path: Path, write: bool) -> sqlite3.Connection:
    """A checked connection; raises ForeignArchive, DamagedArchive or ArchiveUnwritable."""
    _check_magic(path)
    mode = "rw" if write else "ro"
    try:
        db = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode={mode}", uri=True, isolation_level=None
        )
        _check_format(db, path)
        if write:
            _set_up(db)
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        _check_size(db, path)
    except sqlite3.OperationalError as error:
        raise ArchiveUnwritable(path, f"cannot be opened ({error}); check its rights") from None
    except sqlite3.DatabaseError as error:
        raise damaged(path, error) from None
    return db


def create(path: Path | None) -> sqlite3.Connection:
    """A new archive; None: in memory. Raises ArchiveUnwritable."""
    try:
        db = sqlite3.connect(path if path else ":memory:", isolation_level=None)
        _set_up(db)
        db.executescript(
            f"BEGIN; {TABLES} PRAGMA application_id = {APPLICATION_ID};"
            f"PRAGMA user_version = {FORMAT_VERSION}; COMMIT;"
        )
    except sqlite3.OperationalError as error:
        raise ArchiveUnwritable(
            path or Path(":memory:"), f"cannot be made ({error}); name another folder"
        ) from None
    return db


def damaged(path: Path, error: sqlite3.DatabaseError) -> DamagedArchive:
    """What to say when SQLite finds the file inconsistent."""
    return DamagedArchive(
        path,
        f"the archive is damaged ({error}); keep it, start a new one, "
        "and recover what is left with sqlite3's .recover",
    )


def _check_magic(path: Path) -> None:
    try:
        with path.open("rb") as file:
            head = file.read(100)
    except OSError as error:
        raise ArchiveUnwritable(
            path, f"cannot be read ({error.strerror}); check its rights"
        ) from None
    if not head.startswith(_MAGIC):
        raise ForeignArchive(path, "is no Panewatch archive; name another file")
    if len(head) < 100:
        raise DamagedArchive(path, "the archive is cut short; keep it and start a new one")


def _check_format(db: sqlite3.Connection, path: Path) -> None:
    if db.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
        raise ForeignArchive(path, "is a database but no Panewatch archive; name another file")
    version = db.execute("PRAGMA user_version").fetchone()[0]
    if version != FORMAT_VERSION:
        raise ForeignArchive(
            path,
            f"has archive format {version}, this Panewatch knows {FORMAT_VERSION}; "
            "use the version that made it",
        )


def _check_size(db: sqlite3.Connection, path: Path) -> None:
    pages = db.execute("PRAGMA page_count").fetchone()[0]
    expected = pages * db.execute("PRAGMA page_size").fetchone()[0]
    wal = path.with_name(path.name + "-wal")
    pending = wal.stat().st_size if wal.exists() else 0
    if path.stat().st_size + pending < expected:
        raise DamagedArchive(
            path,
            f"the archive is cut short ({path.stat().st_size} of {expected} bytes); "
            "keep it and start a new one",
        )


def _set_up(db: sqlite3.Connection) -> None:
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
