"""Which software this is: its version, and a digest of the code that interprets telemetry."""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

_ROOT: Final = Path(__file__).parent.parent
_ROOMS: Final = ("ground", "protocol")


def installed_version() -> str:
    """Of the installed package."""
    try:
        return version("panewatch")
    except PackageNotFoundError:
        return "not installed"


@cache
def software() -> dict[str, str]:
    """`version`, and `source`: 16 digits of a SHA-256 over the Python files of ground and protocol.

    Two checkouts of one version may differ; their `source` then does.
    """
    digest = sha256()
    for room in _ROOMS:
        for path in sorted((_ROOT / room).rglob("*.py")):
            text = path.read_bytes().replace(b"\r\n", b"\n")
            digest.update(f"{path.relative_to(_ROOT).as_posix()} {len(text)}\n".encode() + text)
    return {"version": installed_version(), "source": digest.hexdigest()[:16]}
