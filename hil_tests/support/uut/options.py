"""The options of the bench, and the units that they choose."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ground.model import UnitKey
from hil_tests.support.uut.base import Uut
from hil_tests.support.uut.board import RESETS, BoardUut
from hil_tests.support.uut.emulated import EmulatedUut
from hil_tests.support.uut.find import port_of
from hil_tests.support.uut.process import ProcessUut
from tools.scenario.model import Scenario
from tools.sim.runtime import RUNTIMES

BY_ID = "id="
KEY_BYTES = 32

_CHOSEN = pytest.StashKey[list["Choice"]]()

Make = Callable[[Path, Scenario, UnitKey], Uut]
"""(folder of its files, scenario, the unit that it is): only a process asks for them."""


@dataclass(frozen=True)
class Choice:
    """A unit that tests run on, before it is started."""

    name: str
    make: Make
    marks: tuple[Any, ...] = ()


def add_options(parser: pytest.Parser) -> None:
    """What `pytest hil_tests/hil` can be told."""
    group = parser.getgroup("panewatch", "units under test (docs/testing.md)")
    group.addoption(
        "--backend", action="append", metavar="NAME|URL", default=[],
        help="cpython or micropython on this computer, or as --board; may be repeated "
        "(default: both on this computer)",
    )  # fmt: skip
    group.addoption(
        "--board", action="append", metavar="URL|id=HEX", default=[],
        help="a board: any pyserial URL, its unique id, or rp2040py:IMAGE.uf2; may be repeated",
    )  # fmt: skip
    group.addoption(
        "--key", action="append", metavar="FILE", default=[],
        help="the key of the unit on each board in turn, or one for all",
    )  # fmt: skip
    group.addoption(
        "--time-scale", type=float, metavar="X",
        help="how much slower than its clock a board is (default: measured)",
    )  # fmt: skip
    group.addoption("--reset", choices=RESETS, default="command", help="how boards are reset")
    group.addoption(
        "--reset-cmd", metavar="CMD",
        help="a shell command that takes a board's power away for a moment; {url} is the board's",
    )  # fmt: skip


def choices(config: pytest.Config) -> list[Choice]:
    """The units of the options; raises pytest.UsageError. Each call gives the same objects, so
    that tests of a module share what is started for them.
    """
    if _CHOSEN not in config.stash:
        config.stash[_CHOSEN] = _choose(config)
    return config.stash[_CHOSEN]


def _choose(config: pytest.Config) -> list[Choice]:
    named = config.getoption("--backend") + config.getoption("--board")
    boards = [name for name in named if name not in RUNTIMES]
    keys = _keys(config.getoption("--key"), boards)
    found = []
    for name in dict.fromkeys(named or RUNTIMES):
        if name in RUNTIMES:
            marks = (pytest.mark.micropython,) if name == "micropython" else ()
            found.append(Choice(name, _process(name), marks))
        else:
            make = _board(config, name, keys[name])
            timeout = pytest.mark.timeout(_test_s(config, name))
            found.append(Choice(name, make, (pytest.mark.board, timeout)))
    return found


def _process(runtime: str) -> Make:
    return lambda folder, scenario, unit: ProcessUut(runtime, folder, scenario, unit)


def _board(config: pytest.Config, name: str, key: Path) -> Make:
    scale = config.getoption("--time-scale")
    how = (scale, config.getoption("--reset"), config.getoption("--reset-cmd"))

    def make(*_: object) -> Uut:
        secret = _read(key)
        if EmulatedUut.names(name):
            return EmulatedUut(name, secret, scale)
        if name.lower().startswith(BY_ID):
            return BoardUut(
                port_of(name[len(BY_ID) :], scale or 1.0, BoardUut.hello_s), secret, *how
            )
        return BoardUut(name, secret, *how)

    return make


def _test_s(config: pytest.Config, name: str) -> float:
    """A test's limit on a board: its clock's, not ours."""
    first = EmulatedUut.first_scale if EmulatedUut.names(name) else 1.0
    return float(config.getini("timeout")) * (config.getoption("--time-scale") or first)


def _keys(files: list[str], boards: list[str]) -> dict[str, Path]:
    if boards and len(files) not in (1, len(boards)):
        raise pytest.UsageError(
            f"{len(boards)} boards and {len(files)} keys: give --key FILE once, or for each board"
        )
    paths = [Path(file) for file in files]
    return dict(zip(boards, paths * len(boards) if len(paths) == 1 else paths, strict=False))


def _read(path: Path) -> bytes:
    try:
        key = path.read_bytes()
    except OSError as error:
        raise pytest.UsageError(f"--key {path}: cannot be read ({error.strerror})") from None
    if len(key) != KEY_BYTES:
        raise pytest.UsageError(f"--key {path}: {len(key)} bytes, a key has {KEY_BYTES}")
    return key
