"""Keys of the units' command security: one file each, never in the archive."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Final

from ground.model import UnitKey
from protocol.wire.hmac256 import derived_key

KEY_BYTES: Final = 32
NONCE_BYTES: Final = 16
READ_MAX: Final = 1024
"""Bytes of a key's file that are looked at; more is none."""
NEXT: Final = ".next"
"""Ends the name of a file with nonce and key of a rotation that the unit has not confirmed."""
OLD: Final = ".old"
"""Ends the name of the key before, until the unit has taken a command under the new one."""


class KeyFileError(Exception):
    """A unit's key cannot be used; `path` is its file. The unit is read but not commanded."""

    def __init__(self, path: Path, words: str) -> None:
        super().__init__(f"{path}: {words}")
        self.path = path
        self.reason = words


class KeyStore:
    """A folder of `<vehicle>-<unit>.key`: 32 bytes, raw or in hexadecimal, for the owner only."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def get(self, unit: UnitKey) -> bytes:
        """The 32-byte key; raises KeyFileError."""
        return read_key(self._path(unit))

    def prepare(self, unit: UnitKey) -> bytes:
        """Nonce of the unit's next key, the same until that key holds; raises KeyFileError.

        The key itself is kept beside the present one, for the ground may learn only later that the
        unit has it.
        """
        present, path = self.get(unit), self._path(unit, NEXT)
        try:
            if path.exists() and (known := _following(path))[NONCE_BYTES:] != present:
                return known[:NONCE_BYTES]
            nonce = secrets.token_bytes(NONCE_BYTES)
            write_key(path, nonce + derived_key(present, nonce))
        except OSError as error:
            raise KeyFileError(path, f"cannot be written ({error.strerror})") from None
        return nonce

    def adopt(self, unit: UnitKey) -> None:
        """The unit has its next key: sign with it. Nothing without one.

        Raises KeyFileError, and the present key stays, for one that is damaged; OSError.
        """
        path = self._path(unit, NEXT)
        if path.exists():
            following = _following(path)[NONCE_BYTES:]
            present = self._path(unit)
            if following != self.get(unit):
                write_key(self._path(unit, OLD), present.read_bytes())
                write_key(present, following)
            path.unlink()

    def settle(self, unit: UnitKey) -> None:
        """The unit has taken a command under the present key: the old one is no more."""
        self._path(unit, OLD).unlink(missing_ok=True)

    def fall_back(self, unit: UnitKey) -> bool:
        """The unit does not know the present key: back to the old one, where it is still kept."""
        old = self._path(unit, OLD)
        if not old.exists():
            return False
        old.replace(self._path(unit))
        return True

    def _path(self, unit: UnitKey, kind: str = "") -> Path:
        return self.folder / f"{unit.vehicle}-{unit.unit}.key{kind}"

    def check(self) -> None:
        """Read every key that is there; raises KeyFileError for the first that cannot be used."""
        for path in sorted(self.folder.glob("*.key")):
            read_key(path)
        for path in sorted(self.folder.glob(f"*.key{NEXT}")):
            _following(path)


def _following(path: Path) -> bytes:
    """Nonce and key of a rotation under way; raises KeyFileError."""
    data = _start_of(path)
    if len(data) != NONCE_BYTES + KEY_BYTES:
        raise KeyFileError(
            path,
            f"must hold {NONCE_BYTES + KEY_BYTES} bytes, the key of a rotation under way; take it "
            "from a backup, or remove it: then the unit keeps its key, or needs one anew",
        )
    return data


def _start_of(path: Path) -> bytes:
    """No key is so long; raises KeyFileError."""
    try:
        with path.open("rb") as file:
            return file.read(READ_MAX)
    except OSError as error:
        raise KeyFileError(path, f"cannot be read ({error.strerror})") from None


def read_key(path: Path) -> bytes:
    """The 32-byte key in a file; raises KeyFileError."""
    if path.exists() and not path.is_file():  # a pipe would wait for its writer
        raise KeyFileError(path, "is no file; copy the unit's key there")
    try:
        with path.open("rb") as file:
            data = file.read(READ_MAX)
            mode = os.fstat(file.fileno()).st_mode
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


def write_key(path: Path, data: bytes) -> None:
    """A whole file for its owner only, in place of the old one; OSError leaves nothing new."""
    new = path.with_name(f"{path.name}.new")
    try:
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
    except OSError:
        with suppress(OSError):
            new.unlink()
        raise
