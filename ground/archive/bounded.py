"""A connection whose readings end, also where damage leads a table's pages back to each other.

SQLite notices a page below itself, twenty levels down. Before that, and where pages only share what
is below them, it goes on for longer than anyone waits. So a SELECT may take no more steps, and give
no more bytes, than the file could ever need: a whole archive takes a hundredth of that.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress
from itertools import islice
from pathlib import Path
from typing import Any, Final

PER_BYTE: Final = 2
"""Steps of SQLite's virtual machine, and bytes, for a byte of the file. An archive's own check of
its indexes takes 0.04 steps."""
LEAST: Final = 250_000
_AT_ONCE: Final = 4_096
"""Steps between two looks at the count."""
_READS: Final = ("SELECT", "PRAGMA")
_next: Final = sqlite3.Cursor.__next__
ENDLESS: Final = "its pages lead back to each other"


class EndlessError(sqlite3.DatabaseError):
    """A reading was ended, for it took more than all of the file needs."""


class _Steps:
    """How many are left; no part of the connection, which it must not keep alive."""

    def __init__(self) -> None:
        self.left: float = float("inf")

    def take(self) -> bool:
        self.left -= _AT_ONCE
        return self.left < 0


class _Rows(sqlite3.Cursor):
    left: float = float("inf")
    """Bytes that may still come."""

    def __next__(self) -> Any:  # of thousands of rows a plot: so it looks no name up twice
        try:
            row = _next(self)
        except sqlite3.OperationalError as error:
            raise _named(error) from None
        for value in row:
            if (kind := value.__class__) is bytes or kind is str:
                self.left -= len(value)
        if self.left < 0:
            raise EndlessError(ENDLESS)
        return row

    def fetchone(self) -> Any:
        return next(self, None)

    def fetchmany(self, size: int | None = 1) -> list[Any]:
        return list(islice(self, size))

    def fetchall(self) -> list[Any]:
        return list(self)


class Bounded(sqlite3.Connection):
    """Raises EndlessError from a SELECT or PRAGMA that would have no end; writing has no bound."""

    _tidied: Path | None = None

    def tidy(self, path: Path) -> None:
        """Leave nothing beside this file when it is closed: there was no log when it was opened."""
        self._tidied = path

    def close(self) -> None:
        """As sqlite3 has it."""
        super().close()
        if (path := self._tidied) is None:
            return
        log = path.with_name(f"{path.name}-wal")
        if log.exists() and not log.stat().st_size:
            # A reader cannot take away the empty log that SQLite made for it. Whoever may write
            # does so in closing, if nobody else has the file open: SQLite's locks see to that.
            with suppress(sqlite3.Error, OSError):
                address = f"{path.absolute().as_uri()}?mode=rw"
                with closing(sqlite3.connect(address, uri=True, timeout=0)) as db:
                    db.execute("PRAGMA schema_version").fetchone()

    def bound(self, path: Path) -> None:
        """To be called first: by the size of this file and of the log beside it."""
        self._files = (path, path.with_name(f"{path.name}-wal"))
        self._largest = 0
        self._steps = _Steps()
        self.set_progress_handler(self._steps.take, _AT_ONCE)

    def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
        """As sqlite3 has it."""
        rows = self.cursor(_Rows)
        self._steps.left = rows.left = self._allowed() if sql.startswith(_READS) else float("inf")
        try:
            return rows.execute(sql, parameters)
        except sqlite3.OperationalError as error:
            raise _named(error) from None

    def executemany(self, sql: str, parameters: Any, /) -> sqlite3.Cursor:
        """As sqlite3 has it."""
        self._steps.left = float("inf")
        return super().executemany(sql, parameters)

    def _allowed(self) -> float:
        """What is open stays as large as it was, also when its name is another file's by now."""
        self._largest = max(self._largest, sum(map(_size, self._files)))
        return LEAST + PER_BYTE * self._largest


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:
        return 0


def _named(error: sqlite3.OperationalError) -> sqlite3.DatabaseError:
    if getattr(error, "sqlite_errorcode", 0) != sqlite3.SQLITE_INTERRUPT:
        return error
    return EndlessError(ENDLESS)
