"""`panewatch firmware`: one window unit in this process."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from firmware.__main__ import make_app
from firmware.boards.this import this_board
from firmware.errors import ConfigError
from firmware.settings import Settings, load_json
from ground.archive.lock import FileLock, LockHeldError
from ground.model import UnitKey
from tools.board_files import write_board_files
from tools.cli import options
from tools.cli.errors import InputError
from tools.run.folder import key_name, make_keys
from tools.scenario.compile import write_config
from tools.scenario.fields import unknown
from tools.scenario.load import load
from tools.scenario.model import Scenario


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `firmware`."""
    parser.add_argument(
        "--link",
        metavar="URL",
        help="a serial device, socket://HOST:PORT, rfc2217://HOST:PORT or "
        "mqtt://[USER:PASSWORD@]HOST[:PORT]",
    )
    parser.add_argument("--scenario", default="quiet", metavar="NAME|FILE", help="(default: quiet)")
    parser.add_argument(
        "--unit", type=options.unit, metavar="V/W", help="(default: the scenario's first)"
    )
    parser.add_argument(
        "--key", type=Path, metavar="FILE", help="32 bytes (default: made in .panewatch/keys)"
    )
    parser.add_argument(
        "--store",
        type=Path,
        default=options.HOME / "units",
        metavar="DIR",
        help="keeps what the ground has not acknowledged (default: .panewatch/units)",
    )
    parser.add_argument(
        "--board-files",
        type=Path,
        metavar="DIR",
        help="run nothing; write what a MicroPython board needs into DIR (docs/boards.md)",
    )
    parser.add_argument("--speed", type=options.speed, default=1.0, metavar="X")


def execute(args: argparse.Namespace) -> int:
    """Run until a signal ends it."""
    scenario = load(args.scenario)
    unit = _unit(scenario, args.unit)
    key = args.key or make_keys(options.HOME, [unit]) / key_name(unit)
    if args.board_files:
        return _write_board_files(scenario, unit, key, args.board_files)
    if args.link is None:
        raise InputError("--link is needed: a serial device, socket:// or mqtt:// address")
    lock = _lock(args.store, unit)
    try:
        _run(args, scenario, unit, key)
    finally:
        lock.release()
    return 0


def _run(args: argparse.Namespace, scenario: Scenario, unit: UnitKey, key: Path) -> None:
    try:
        config = write_config(
            scenario, unit, args.store.absolute(), args.link, key.absolute(), args.speed
        )
    except OSError as error:
        raise InputError(f"cannot write to {args.store} ({error.strerror})") from None
    try:
        settings = Settings(load_json(str(config)))
        board = this_board()
        app = make_app(settings, board)
    except ConfigError as error:
        raise InputError(str(error)) from None
    print(f"{unit} runs on {args.link}; Ctrl-C ends it", file=sys.stderr)
    try:
        board.run(app.run(settings.until_eof))
    finally:
        app.close()


def _lock(store: Path, unit: UnitKey) -> FileLock:
    """Two units on one recorder would both tell its boots as theirs."""
    try:
        store.mkdir(parents=True, exist_ok=True)
        return FileLock(store / f"{unit.vehicle}-{unit.unit}.lock")
    except LockHeldError:
        raise InputError(
            f"{store}: {unit} runs on this store already; stop it or name another --store"
        ) from None
    except OSError as error:
        raise InputError(f"cannot write to {store} ({error.strerror})") from None


def _write_board_files(scenario: Scenario, unit: UnitKey, key: Path, folder: Path) -> int:
    try:
        write_board_files(scenario, unit, key, folder)
    except OSError as error:
        raise InputError(f"cannot write {error.filename} ({error.strerror})") from None
    print(f"{folder}: copy its content onto the board, then restart it: it is {unit}")
    return 0


def _unit(scenario: Scenario, wanted: UnitKey | None) -> UnitKey:
    if wanted is None:
        return scenario.units[0]
    if wanted not in scenario.units:
        raise InputError(
            f"{scenario.name}: {unknown('unit', str(wanted), map(str, scenario.units))}"
        )
    return wanted
