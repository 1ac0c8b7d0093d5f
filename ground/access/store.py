"""The file of users, tokens and sessions: SQLite, readable by its owner only, in no archive.

It holds no secret in clear: passwords as argon2 hashes, tokens and sessions as digests. The command
line and a running station may use it at the same time.
"""

from __future__ import annotations

import os
import sqlite3
import stat
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from ground.access.errors import AccessError, StoreError

APPLICATION_ID: Final = 0x50576163  # "PWac"
FORMAT: Final = 1
LOCK_WAIT_S: Final = 2.0
LOG_MAX: Final = 10_000
"""Entries of the log; the oldest make room."""
_HELP: Final = "restore a backup, or move it away: `ground` then makes another with a new admin"
_TABLES: Final = """
CREATE TABLE users (name TEXT PRIMARY KEY, hash TEXT NOT NULL, role INTEGER NOT NULL,
    created_us INTEGER NOT NULL) STRICT;
CREATE TABLE tokens (user TEXT NOT NULL REFERENCES users ON DELETE CASCADE, name TEXT NOT NULL,
    digest TEXT NOT NULL UNIQUE, role INTEGER NOT NULL, created_us INTEGER NOT NULL,
    expires_us INTEGER NOT NULL, PRIMARY KEY (user, name)) STRICT;
CREATE TABLE sessions (digest TEXT PRIMARY KEY,
    user TEXT NOT NULL REFERENCES users ON DELETE CASCADE,
    started_us INTEGER NOT NULL, seen_us INTEGER NOT NULL) STRICT;
CREATE TABLE log (id INTEGER PRIMARY KEY, time_us INTEGER NOT NULL, author TEXT NOT NULL,
    what TEXT NOT NULL) STRICT;
"""
_STATEMENTS: Final = {" ".join(one.split()) for one in _TABLES.split(";")[:-1]}


class AccessStore:
    """An open file; without a path one in memory. Raises AccessError for what it cannot use."""

    def __init__(self, path: Path | None = None, *, _new: bool = False) -> None:
        self.path = path
        self._new = _new or path is None
        try:
            if path is not None and not _new:
                _check_private(path) if path.exists() else _make(path)
            self._connection = sqlite3.connect(
                path or ":memory:", timeout=LOCK_WAIT_S, isolation_level=None
            )
            try:
                self._prepare()
            except BaseException:
                self._connection.close()
                raise
        except OSError as error:
            raise AccessError(f"{path}: cannot be made or opened ({error.strerror})") from error
        except sqlite3.OperationalError as error:
            code = getattr(error, "sqlite_errorcode", 0)  # not every one has it
            if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
                raise AccessError(f"{path}: is in use ({error}); try again") from error
            raise AccessError(f"{path}: cannot be used ({error}); {_HELP}") from error
        except (sqlite3.Error, UnicodeDecodeError) as error:
            raise AccessError(f"{path}: is no file of users ({error}); {_HELP}") from error

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def rows(self, statement: str, *values: Any) -> list[Any]:
        """What a SELECT gives; raises StoreError."""
        try:
            return self._connection.execute(statement, values).fetchall()
        except sqlite3.Error as error:
            raise self._failed(error) from None

    def change(self, statement: str, *values: Any) -> int:
        """Do an INSERT, UPDATE or DELETE, on disk when it returns; how many rows it met.

        Raises StoreError.
        """
        try:
            return self._connection.execute(statement, values).rowcount
        except sqlite3.Error as error:
            raise self._failed(error) from None

    def log(self, time_us: int, author: str, what: str) -> None:
        """Write down who did what to whom."""
        values = (time_us, author, what)
        self.change("INSERT INTO log (time_us, author, what) VALUES (?, ?, ?)", *values)
        self.change("DELETE FROM log WHERE id <= (SELECT max(id) FROM log) - ?", LOG_MAX)

    def entries(self, limit: int) -> list[tuple[int, str, str]]:
        """The log's newest, newest first: time in µs, who, did what."""
        words = "SELECT time_us, author, what FROM log ORDER BY id DESC LIMIT ?"
        return self.rows(words, limit)

    def _check(self) -> None:
        """Raises AccessError for a file that is damaged or edited so that nobody can rely on it."""
        one = self._connection.execute
        wrong = [row[0] for row in one("PRAGMA integrity_check(1)") if row[0] != "ok"]
        made = [sql for (sql,) in one("SELECT sql FROM sqlite_master") if sql]
        if {" ".join(sql.split()) for sql in made} != _STATEMENTS:
            wrong.append("its tables are not as this version makes them")
        if not wrong:  # texts that are none are found here
            one("SELECT u.*, t.* FROM users u LEFT JOIN tokens t ON t.user = u.name").fetchall()
        if wrong:
            words = str(wrong[0]).splitlines()[-1]
            raise AccessError(f"{self.path}: is damaged ({words}); {_HELP}")

    def _failed(self, error: sqlite3.Error) -> StoreError:
        return StoreError(f"{self.path or 'the users'}: {error}")

    def _prepare(self) -> None:
        one = self._connection.execute
        one("PRAGMA foreign_keys = ON")
        one("PRAGMA synchronous = FULL")
        one("PRAGMA secure_delete = ON")
        one("BEGIN IMMEDIATE")  # of two that find the file new, one makes it
        try:
            found = (
                one("PRAGMA application_id").fetchone()[0],
                one("PRAGMA user_version").fetchone()[0],
            )
            if self._new and found == (0, 0):
                for statement in _TABLES.split(";")[:-1]:
                    one(statement)
                one(f"PRAGMA application_id = {APPLICATION_ID}")
                one(f"PRAGMA user_version = {FORMAT}")
            elif found != (APPLICATION_ID, FORMAT):
                words = "is no file of users that this version knows"
                raise AccessError(f"{self.path}: {words}; {_HELP}")
            else:
                self._check()
            one("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                one("ROLLBACK")
            raise


def _make(path: Path) -> None:
    """A new file with mode 0600 and its tables: whole once it has its name.

    So an empty one is never a new one, whose first user would be anybody.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{path.name}.", dir=path.parent) as name:
        new = Path(name) / path.name
        os.close(os.open(new, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        AccessStore(new, _new=True).close()
        with suppress(FileExistsError):  # someone else has just made it
            try:
                os.link(new, path)
            except FileExistsError:
                raise
            except OSError:  # a disk without hard links
                new.replace(path)


def _check_private(path: Path) -> None:
    """Refuse a file that others can read, and a folder, whose rights are no file's."""
    if path.is_dir():
        raise AccessError(f"{path}: is a folder; name the file of users")
    if os.name == "posix" and stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise AccessError(f"{path}: others may read it; chmod 600 {path}")
