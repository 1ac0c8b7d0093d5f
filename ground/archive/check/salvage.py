"""Reads a table around its damaged pages: what SQLite still finds from the keys beside them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from ground.archive.errors import UNREADABLE

STEPS: Final = 10_000
"""Keys that are tried one by one behind a damaged page; then steps double."""
FARTHEST: Final = 2**50
_LOWEST: Final = -(2**63)
_PAGES: Final = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_IOERR)


@dataclass(frozen=True, slots=True)
class Gap:
    """Rows that cannot be read; `last` None: to the end of the table."""

    first: int
    last: int | None
    error: str
    whole: bool = False
    """True when it is the whole table."""

    @property
    def rows(self) -> tuple[int, int | None] | None:
        """First and last; None for the whole table."""
        return None if self.whole else (self.first, self.last)


@dataclass(frozen=True, slots=True)
class Keyed:
    """A table in the order of an integer key, perhaps of rows with some other columns alone."""

    db: sqlite3.Connection
    table: str
    key: str
    columns: str
    where: str = "1"
    values: tuple[Any, ...] = ()

    def rows(self) -> Iterator[tuple[Any, ...] | Gap]:
        """Each row as its key and columns, and where there are none to be read."""
        low = _LOWEST
        while True:
            last = low - 1
            try:
                for row in self._select(">=", max(low, _LOWEST)):
                    if row[0] <= last:  # pages that lead back to each other have no end
                        yield Gap(last + 1, None, "rows are out of order")
                        return
                    last = row[0]
                    yield row
            except UNREADABLE as error:
                if not _of_a_page(error):
                    yield Gap(last + 1, None, str(error), whole=last < _LOWEST)
                    return
                found, following = self._behind(max(last, _LOWEST), str(error))
                if found:
                    yield found
                if following is None:
                    return
                low = following
            else:
                return

    def _behind(self, last: int, error: str) -> tuple[tuple[Any, ...] | Gap | None, int | None]:
        """What comes after a key, and with which key reading goes on (None: it ends).

        The row before a damaged one comes singly: Python's module reads one ahead.
        """
        try:
            key = self._next(last)
        except UNREADABLE:
            pass
        else:
            if key is None:
                return None, None
            if key <= last:
                return Gap(last + 1, None, error), None
            return self._single(key, error), key + 1
        unread = last == _LOWEST
        first = 0 if unread else last + 1
        reach = 1
        while reach < FARTHEST:
            try:
                key = self._next(first - 1 + reach)
            except UNREADABLE:
                reach = reach + 1 if reach < STEPS else reach * 2
                continue
            if key is None or key < first + reach:  # SQLite has not looked where it should
                return Gap(first, None, error), None
            return Gap(first, key - 1, error), key
        return Gap(first, None, error, whole=unread), None

    def _next(self, key: int) -> int | None:
        """The first key after this one."""
        row = self.db.execute(
            f"SELECT {self.key} FROM {self.table} WHERE {self.where} AND {self.key} > ?"  # noqa: S608
            f" ORDER BY {self.key} LIMIT 1",
            (*self.values, key),
        ).fetchone()
        return row and int(row[0])

    def _single(self, key: int, error: str) -> tuple[Any, ...] | Gap:
        try:
            row: tuple[Any, ...] | None = self._select("=", key, "LIMIT 1").fetchone()
        except UNREADABLE:  # the page is whole, the row is not
            row = None
        return row or Gap(key, key, error)

    def _select(self, sign: str, key: int, limit: str = "") -> sqlite3.Cursor:
        return self.db.execute(
            f"SELECT {self.key}, {self.columns} FROM {self.table}"  # noqa: S608
            f" WHERE {self.where} AND {self.key} {sign} ? ORDER BY {self.key} {limit}",
            (*self.values, key),
        )


def _of_a_page(error: Exception) -> bool:
    """True when other rows of the table may be readable."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return code in _PAGES and "schema" not in str(error)
