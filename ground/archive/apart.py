"""Reading beside the one who writes: a connection of its own, in another thread."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from typing import TypeVar

from ground.archive.archive import Archive

T = TypeVar("T")


def apart(archive: Archive, read: Callable[[Archive], T]) -> Callable[[], T]:
    """What reads all of one moment that is on disk, in whatever thread it is called.

    An archive in memory has no second connection: it is read at once. Both raise what Archive does.
    """
    path = archive.path
    if path is None:
        found = read(archive)
        return lambda: found

    def later() -> T:
        with closing(Archive(path, write=False)) as beside, beside.still():
            return read(beside)

    return later
