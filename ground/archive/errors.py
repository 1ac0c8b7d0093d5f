"""What can be wrong with an archive; each says what to do."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from struct import error as StructError  # noqa: N812 (a class)
from traceback import clear_frames
from typing import Final

UNREADABLE: Final = (sqlite3.DatabaseError, UnicodeDecodeError)
"""What reading a damaged file raises: SQLite's words on it may hold bytes of the damage."""


class ArchiveError(Exception):
    """An archive cannot be used; `path` is its file."""

    def __init__(self, path: Path, words: str) -> None:
        super().__init__(f"{path}: {words}")
        self.path = path


class ForeignArchive(ArchiveError):  # noqa: N818 (the base says Error)
    """The file is something else, or of a format that this version does not know."""


class DamagedArchive(ArchiveError):  # noqa: N818
    """The file is cut short or its pages contradict each other."""


@contextmanager
def folding(path: Path) -> Iterator[None]:
    """Rows that SQLite accepts may still hold nonsense: DamagedArchive for whoever trusts them.

    For the fold of what an archive holds and for reading its facts; nothing else.
    """
    wrong = (LookupError, ValueError, TypeError, AttributeError, ArithmeticError, StructError)
    try:
        yield
    except wrong as error:
        clear_frames(error.__traceback__)  # rows read halfway must not outlive the file
        words = f"{type(error).__name__}: {error}"[:120]
        raise DamagedArchive(
            path, f"the archive's rows contradict each other ({words}); keep it, start a new one"
        ) from error


class ArchiveInUse(ArchiveError):  # noqa: N818
    """Another ground station writes to it."""


class ArchiveUnwritable(ArchiveError):  # noqa: N818
    """The folder or file cannot be made or written."""


class ArchiveFull(ArchiveError):  # noqa: N818
    """Nothing can be written now; what was added stays in memory for the next commit."""
