"""One writer for an archive, on every system and freed by the death of its process.

SQLite's own lock on a file beside the archive: an open transaction that is never written.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from ground.archive.errors import ArchiveInUse, ArchiveUnwritable


class WriterLock:
    """Held until `release`; raises ArchiveInUse or ArchiveUnwritable."""

    def __init__(self, archive: Path) -> None:
        try:
            self._held = sqlite3.connect(
                archive.with_name(archive.name + ".lock"), timeout=0, isolation_level=None
            )
            self._held.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode == sqlite3.SQLITE_BUSY:
                raise ArchiveInUse(
                    archive,
                    "another ground station writes to this archive; stop it or name another",
                ) from None
            raise ArchiveUnwritable(
                archive, f"cannot write beside it ({error}); name another folder"
            ) from None

    def release(self) -> None:
        """Let another ground station have the archive."""
        self._held.close()
