"""The packages of others that units use on MicroPython, taken from this environment.

Compiled: to compile chumicro-mqtt on a board takes 70 KB of heap more than to load it.
"""

from __future__ import annotations

import shutil
import tempfile
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from tools.board import unused
from tools.board.mpy import SOURCES, MpyError, bytecode, compile_folder
from tools.sim.made import HOME, made_once

DISTRIBUTION: Final = "chumicro-mqtt"
PACKAGE: Final = "chumicro_mqtt"
MODULES: Final = ("_wire.py", "client.py")
"""All that a client needs: the rest is for tests, and for sockets that are ours here."""
USERS: Final = tuple(Path(__file__).parents[2].glob("firmware/links/*.py"))


class PackageMissingError(Exception):
    """A package cannot be had here; the words say why."""


def packages_folder() -> Path:
    """A folder for MICROPYPATH with these packages alone, made once in this environment.

    Whole site-packages there would hide MicroPython's own modules. Without the packages there is
    no such folder, and a unit that needs it says so.
    """
    try:
        sources = [*_sources(), *USERS, *SOURCES, Path(unused.__file__)]
        return made_once(f"{DISTRIBUTION}-{version(DISTRIBUTION)}", sources, write_packages)
    except PackageMissingError:
        return HOME / DISTRIBUTION


def write_packages(folder: Path) -> None:
    """Compile what we use of the packages into `folder`; raises OSError, PackageMissingError."""
    texts = {path.name: path.read_text(encoding="utf-8") for path in _sources()}
    users = [path.read_text(encoding="utf-8") for path in USERS]
    with tempfile.TemporaryDirectory(prefix="panewatch-") as name:
        copies = Path(name)
        (copies / PACKAGE).mkdir()
        for module, text in unused.without_unused(texts, users).items():
            (copies / PACKAGE / module).write_text(text, encoding="utf-8")
        try:
            compile_folder(copies, folder, bytecode())
        except MpyError:  # this computer has no compiler: the board does it
            shutil.copytree(copies, folder, dirs_exist_ok=True)


def _sources() -> list[Path]:
    found = find_spec(PACKAGE)
    if found is None or not found.origin:
        raise PackageMissingError(f"{DISTRIBUTION} is not installed here: make setup")
    return [Path(found.origin).with_name(name) for name in MODULES]
