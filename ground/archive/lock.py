"""One user of a folder or file at a time, on every system and freed by the death of its process."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path

if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


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
