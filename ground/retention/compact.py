"""Gives what is free in an archive's file back to the disk, once nobody else uses it."""

from __future__ import annotations

from typing import Final

from ground.archive.archive import Archive
from ground.retention.dropping import give_back

_INCREMENTAL: Final = 2


def compact(archive: Archive) -> None:
    """Raises ArchiveFull.

    A file of an older version is written anew, once: that needs as much free space as it has data,
    and from then on a running station gives space back as well.
    """
    if archive.maintain("PRAGMA auto_vacuum") != [(_INCREMENTAL,)]:
        archive.maintain(f"PRAGMA auto_vacuum = {_INCREMENTAL}")
        archive.maintain("VACUUM")
    for _ in give_back(archive):
        pass
    archive.maintain("PRAGMA wal_checkpoint(TRUNCATE)")
