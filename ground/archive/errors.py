"""What can be wrong with an archive; each says what to do."""

from __future__ import annotations

from pathlib import Path


class ArchiveError(Exception):
    """An archive cannot be used; `path` is its file."""

    def __init__(self, path: Path, words: str) -> None:
        super().__init__(f"{path}: {words}")
        self.path = path


class ForeignArchive(ArchiveError):  # noqa: N818 (the base says Error)
    """The file is something else, or of a format that this version does not know."""


class DamagedArchive(ArchiveError):  # noqa: N818
    """The file is cut short or its pages contradict each other."""


class ArchiveInUse(ArchiveError):  # noqa: N818
    """Another ground station writes to it."""


class ArchiveUnwritable(ArchiveError):  # noqa: N818
    """The folder or file cannot be made or written."""


class ArchiveFull(ArchiveError):  # noqa: N818
    """Nothing can be written now; what was added stays in memory for the next commit."""
