"""Which board it is: its unique id, its MicroPython, and what that can do."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from tools.board.remote import Remote
from tools.cli.errors import InputError

ID_BYTES: Final = 8
"""What a boot packet tells of a unique id."""
_PROBE: Final = f"""
import sys, os
try:
    import machine
    _id = bytes(machine.unique_id()[:{ID_BYTES}])
except (ImportError, AttributeError):
    _id = b''
if sys.platform in ('linux', 'darwin'):
    try:
        from hashlib import sha256
        with open('/etc/machine-id', 'rb') as _f:
            _id = sha256(_f.read()).digest()[:{ID_BYTES}]
    except OSError:
        pass
try:
    import asyncio
    _asyncio = True
except ImportError:
    _asyncio = False
try:
    if os.getcwd() in ('/ram', '/remote'):
        raise OSError
    with open('panewatch.try', 'wb') as _f:
        _f.write(b'x')
    os.remove('panewatch.try')
    _files = True
except (OSError, AttributeError, NameError):
    _files = False
_i = sys.implementation
print((_i.name, sys.version, getattr(_i, '_machine', ''), getattr(_i, '_mpy', 0), sys.platform,
       ''.join(['%02x' % b for b in _id]), _asyncio, _files))
"""


@dataclass(frozen=True)
class Identity:
    """A board as its REPL tells it."""

    name: str
    """"micropython", or a relative of it."""
    version: str
    machine: str
    mpy: int
    """Version, sub-version and architecture of the .mpy files it loads; 0 where it loads none."""
    platform: str
    unique_id: str
    """Hexadecimal; empty where the board has none."""
    has_asyncio: bool
    has_files: bool
    """It has a file system that can be written."""

    @property
    def soft_resets(self) -> bool:
        """A soft reset keeps its line; the unix port's is its end."""
        return self.platform not in ("linux", "darwin")

    def check(self, wanted_id: str | None) -> None:
        """Raise InputError for a board that cannot run a unit, or another than wanted."""
        if self.name != "micropython":
            raise InputError(f"this board runs {self.name}; a unit needs MicroPython 1.24 or newer")
        if not self.has_asyncio:
            raise InputError(
                f"the MicroPython of this board ({self.machine}) has no asyncio: "
                "flash a build that has it, e.g. the one of its board at micropython.org"
            )
        check_id(self.unique_id, wanted_id)


def identity(remote: Remote) -> Identity:
    """Ask the board; raises RemoteError."""
    told = Identity(*remote.value(_PROBE))
    return told if told.unique_id.strip("0") else replace(told, unique_id="")


def check_id(unique_id: str, wanted_id: str | None) -> None:
    """Raise InputError for another board than wanted."""
    if wanted_id and not same_id(wanted_id, unique_id):
        raise InputError(
            f"this is board {unique_id or 'without a unique id'}, "
            f"not {wanted_id}; nothing was changed on it"
        )


def same_id(one: str, other: str) -> bool:
    """True when two unique ids name one board, however they were written."""
    return _plain(one) == _plain(other)


def _plain(unique_id: str) -> str:
    return unique_id.lower().replace(":", "")[: 2 * ID_BYTES].ljust(2 * ID_BYTES, "0")
