"""One user of a folder or file at a time, on every system and freed by the death of its process."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path

from ground.archive.errors import ArchiveInUse, ArchiveUnwritable

if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int, *, shared: bool = False) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _lock(descriptor: int, *, shared: bool = False) -> None:
        kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)


class LockHeldError(Exception):
    """Someone else has it."""


class FileLock:
    """Has `path` locked until `release`, which removes it. Raises LockHeldError or OSError."""

    def __init__(self, path: Path) -> None:
        self._path = path
        while True:
            file = path.open("ab")
            try:
                _lock(file.fileno())
            except OSError:
                file.close()
                raise LockHeldError(str(path)) from None
            with suppress(FileNotFoundError):
                if os.path.samestat(os.fstat(file.fileno()), path.stat()):
                    self._file = file
                    return
            file.close()  # its owner released and removed it between our open and our lock

    def release(self) -> None:
        """Let others have it."""
        if sys.platform != "win32":  # while it is ours, so that we never remove another's
            self._path.unlink(missing_ok=True)
        self._file.close()
        if sys.platform == "win32":  # where no open file can be removed
            with suppress(OSError):
                self._path.unlink()


def make_folder(path: Path) -> None:
    """Make an archive's folder; raises ArchiveUnwritable."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ArchiveUnwritable(
            path, f"its folder cannot be made ({error.strerror}); name another folder"
        ) from None


def is_locked(path: Path) -> bool:
    """True while a ground station writes to this archive."""
    try:
        with path.with_name(f"{path.name}.lock").open("rb") as file:
            _lock(file.fileno(), shared=True)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return False


def lock_archive(path: Path) -> FileLock:
    """Keep other ground stations from writing to it; raises ArchiveInUse or ArchiveUnwritable."""
    try:
        return FileLock(path.with_name(path.name + ".lock"))
    except LockHeldError:
        raise ArchiveInUse(
            path, "another ground station writes to this archive; stop it or name another"
        ) from None
    except OSError as error:
        raise ArchiveUnwritable(
            path, f"cannot write beside it ({error.strerror}); name another folder"
        ) from None
