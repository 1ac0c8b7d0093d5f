"""Keys of the units' command security: one file each, never in the archive."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from ground.model import UnitKey

KEY_BYTES: Final = 32


class KeyFileError(Exception):
    """A unit's key cannot be used; `path` is its file. The unit is read but not commanded."""

    def __init__(self, path: Path, words: str) -> None:
        super().__init__(f"{path}: {words}")
        self.path = path


class KeyStore:
    """A folder of `<vehicle>-<unit>.key`: 32 bytes, raw or in hexadecimal, for the owner only."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def get(self, unit: UnitKey) -> bytes:
        """The 32-byte key; raises KeyFileError."""
        return _read(self.folder / f"{unit.vehicle}-{unit.unit}.key")

    def check(self) -> None:
        """Read every key that is there; raises KeyFileError for the first that cannot be used."""
        for path in sorted(self.folder.glob("*.key")):
            _read(path)


def _read(path: Path) -> bytes:
    try:
        data = path.read_bytes()
        mode = path.stat().st_mode
    except OSError as error:
        raise KeyFileError(path, f"no key ({error.strerror}); copy the unit's key there") from None
    if os.name == "posix" and mode & 0o077:
        raise KeyFileError(path, "others may read this key; make its mode 0600")
    if len(data) == KEY_BYTES:
        return data
    try:
        key = bytes.fromhex(data.decode("ascii"))
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise KeyFileError(path, f"must hold {KEY_BYTES} bytes or {2 * KEY_BYTES} hex digits")
    return key
