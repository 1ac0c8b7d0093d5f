"""Consistent copies of SQLite files that others write to meanwhile, and their check."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

from ground.archive.errors import ArchiveError
from ground.archive.opening import open_existing, reading
from ground.backup.parcel import BackupError, Told

PAGES: Final = 4096
"""Copied between two steps of the progress."""
_COUNTS: Final = {
    "raw": "SELECT count(*) FROM raw",
    "blocks": "SELECT count(*) FROM block",
    "packets": "SELECT coalesce(sum(count), 0) FROM block",
    "journal": "SELECT count(*) FROM journal",
    "rollups": "SELECT count(*) FROM rollup",
}


def copy_archive(path: Path, target: Path, told: Told) -> dict[str, int]:
    """Copy an archive as it is at this moment, and check the copy; its rows by table.

    A ground station may write to it: its commits wait for nothing, and what it commits from now on
    is not in the copy. Raises ArchiveError, BackupError, OSError.
    """
    with closing(open_existing(path, write=False)) as db:
        db.execute("BEGIN")  # one moment for all that is read: a later commit restarts nothing
        try:
            there = _counts(db)
            _copy(db, target, told)
        except sqlite3.Error as error:
            words = f"cannot be copied ({error}); `panewatch fsck` says whether it is damaged"
            raise BackupError(path, words) from None
    here = check_archive(target, told, path, "`panewatch fsck` says where; nothing was written")
    if here != there:
        raise BackupError(
            path, f"the copy holds {here} where the archive has {there}; try once more"
        )
    return here


def check_archive(path: Path, told: Told, source: Path, advice: str) -> dict[str, int]:
    """Rows by table of an archive that nobody writes to; raises BackupError when it is damaged.

    The error names the file that it came from, which people know, and the advice.
    """
    told(f"checking {path.name}", 0, 1)
    try:
        uri = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
        with closing(sqlite3.connect(uri, uri=True)) as db:
            _sound(db, source, advice)
            return _counts(db)
    except sqlite3.Error as error:
        raise BackupError(source, f"is damaged ({error}); {advice}") from None


def copy_access(path: Path, target: Path, told: Told) -> None:
    """Copy the file of users and tokens without the sessions; BackupError, OSError."""
    try:
        with closing(reading(path)) as db:
            db.execute("BEGIN")
            db.execute("SELECT count(*) FROM users").fetchone()
            _copy(db, target, told)
        with closing(sqlite3.connect(target, isolation_level=None)) as made:
            made.execute("PRAGMA secure_delete = ON")
            made.execute("DELETE FROM sessions")
            _sound(made, path, "keep it, and restore it from a backup")
    except sqlite3.Error as error:
        raise BackupError(path, f"cannot be copied ({error})") from None


def _copy(db: sqlite3.Connection, target: Path, told: Told) -> None:
    os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    with closing(sqlite3.connect(target, isolation_level=None)) as made:
        db.backup(
            made,
            pages=PAGES,
            progress=lambda _, left, total: told(f"copying {target.name}", total - left, total),
            sleep=0,
        )
        # Whole in one file: so that it can be moved without a log beside it.
        made.execute("PRAGMA journal_mode = DELETE")


def _sound(db: sqlite3.Connection, source: Path, advice: str) -> None:
    words = db.execute("PRAGMA integrity_check(3)").fetchall()
    if words != [("ok",)]:
        found = " ".join(str(words[0][0]).split())[:200]
        raise BackupError(source, f"is damaged ({found}); {advice}")


def _counts(db: sqlite3.Connection) -> dict[str, int]:
    return {name: int(db.execute(words).fetchone()[0]) for name, words in _COUNTS.items()}


def known(path: Path, source: Path) -> None:
    """Raise BackupError, of the source, for an archive that this version cannot use."""
    try:
        open_existing(path, write=False).close()
    except ArchiveError as error:
        words = str(error).removeprefix(f"{path}: ")
        raise BackupError(source, f"its archive cannot be used: {words}") from None
