"""What must be on a board for it to be a unit: names and contents, compiled for it."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from firmware.errors import ConfigError
from firmware.section import Section
from firmware.sensors.wiring import VERSION
from firmware.settings import load_json
from ground.model import UnitKey
from ground.stream.keys import KeyFileError, read_key
from tools.board.files import write_board_files
from tools.board.link import BoardLink
from tools.board.mpy import MpyError, compile_folder
from tools.cli.errors import InputError
from tools.scenario.model import Scenario
from tools.sim.packages import PackageMissingError

KEY = "unit.key"
CONFIG = "unit.json"


def wanted_files(
    scenario: Scenario,
    unit: UnitKey,
    key: Path,
    wiring: Path | None,
    mpy: int | None,
    link: BoardLink,
    store_bytes: int | None = None,
) -> dict[str, bytes]:
    """Name and content of each file, compiled for a board's `sys.implementation._mpy`, if given.

    `wiring` is a real window's file; without it the window is the scenario's. `store_bytes` is for
    a board with little room. Raises InputError for what cannot be read or compiled.
    """
    with tempfile.TemporaryDirectory(prefix="panewatch-board-") as made:
        sources, compiled = Path(made, "sources"), Path(made, "compiled")
        try:
            write_board_files(scenario, unit, key, sources, wiring, link.whole, link.ca, link.wifi)
            if mpy is not None:
                compile_folder(sources, compiled, mpy)
        except MpyError as error:
            raise InputError(f"{error} (--source copies the sources)") from None
        except PackageMissingError as error:
            raise InputError(str(error)) from None
        except OSError as error:
            raise InputError(f"cannot use {error.filename} ({error.strerror})") from None
        top = sources if mpy is None else compiled
        paths = sorted(path for path in top.rglob("*") if path.is_file())
        files = {path.relative_to(top).as_posix(): path.read_bytes() for path in paths}
    try:
        files[KEY] = read_key(key)  # 32 bytes, also of a file in hexadecimal
    except KeyFileError as error:
        raise InputError(str(error)) from None
    if store_bytes is not None:
        config = json.loads(files[CONFIG]) | {"store_bytes": store_bytes}
        files[CONFIG] = json.dumps(config, indent=1).encode()
    return files


def check_wiring(wiring: Path) -> None:
    """Raise InputError for a file that is no wiring; its pins only the board can judge."""
    try:
        Section(load_json(str(wiring))).integer("version", VERSION, VERSION)
    except ConfigError as error:
        raise InputError(f"{wiring}: {error}") from None
