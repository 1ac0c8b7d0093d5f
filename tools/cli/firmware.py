"""`panewatch firmware`: one window unit in this process."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from firmware.errors import ConfigError
from firmware.links.broker import Broker
from firmware.links.certificates import read_certificates
from firmware.start import Start
from ground.archive.lock import FileLock, LockHeldError
from ground.links.broker_address import PASSWORD, BrokerAddress
from ground.links.link import LinkError
from ground.links.port import check_address
from ground.model import UnitKey
from tools.board.files import write_board_files
from tools.board.wanted import check_wiring
from tools.cli import link_options, options
from tools.cli.errors import InputError
from tools.run.folder import key_name, make_keys
from tools.run.power import supply
from tools.scenario.choose import choose_unit
from tools.scenario.compile import write_config
from tools.scenario.load import load
from tools.scenario.model import Scenario
from tools.sim.packages import PackageMissingError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `firmware`."""
    parser.add_argument(
        "--link",
        metavar="URL",
        help="a serial device, socket://HOST:PORT, rfc2217://HOST:PORT or "
        "mqtt[s]://[USER@]HOST[:PORT]; with --board-files console (the default), "
        "uart:N[,BAUD[,TX,RX]] or mqtt[s]://…",
    )
    link_options.add_options(parser)
    parser.add_argument("--scenario", default=options.UNIT_SCENARIO, metavar="NAME|FILE",
        help=f"(default: {options.UNIT_SCENARIO})")  # fmt: skip
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
    parser.add_argument(
        "--window",
        type=Path,
        metavar="FILE",
        help="with --board-files: what the board's sensors are wired to (docs/boards.md); "
        "without it the window is the scenario's",
    )
    parser.add_argument(
        "--once",
        action="store_true",
        help="for a launcher: end with standard input, and do not start again after a reset",
    )
    parser.add_argument("--speed", type=options.speed, default=1.0, metavar="X")


def execute(args: argparse.Namespace) -> int:
    """Run until a signal ends it; a watchdog reset starts it again."""
    scenario = load(args.scenario)
    unit = choose_unit(scenario, args.unit)
    if args.board_files:
        return _write_board_files(args, scenario, unit, _key(args, unit))
    if args.window:
        raise InputError("--window needs --board-files: this computer has no pins")
    if args.link is None:
        raise InputError("--link is needed: a serial device, socket:// or mqtt:// address")
    broker = _broker(args)
    key = _key(args, unit)
    if not args.once:
        return supply(_once(args, unit, key, broker), str(unit))
    lock = _lock(args.store, unit)
    try:
        return _run(args, scenario, unit, key, broker)
    finally:
        lock.release()


def _key(args: argparse.Namespace, unit: UnitKey) -> Path:
    """The file of the unit's key, made where none is named."""
    key: Path = args.key or make_keys(options.HOME, [unit]) / key_name(unit)
    return key


def _broker(args: argparse.Namespace) -> BrokerAddress | None:
    """The broker that the link means, None for a port; raises InputError where it is neither."""
    if link_options.is_broker(args.link):
        return link_options.broker_of(args.link, args)
    if args.link.startswith("fd:"):  # a launcher's
        return None
    try:
        check_address(args.link)
    except LinkError as error:
        raise InputError(str(error)) from None
    return None


def _once(
    args: argparse.Namespace, unit: UnitKey, key: Path, broker: BrokerAddress | None
) -> list[str]:
    """The command that runs the same unit from one reset to the next; the password is no part."""
    link = broker.public if broker else args.link
    command = [sys.executable, "-m", "tools.cli.main", "firmware", "--once"]
    command += ["--link", link, "--scenario", args.scenario, "--unit", str(unit)]
    command += ["--key", str(key), "--store", str(args.store), "--speed", str(args.speed)]
    if broker and broker.password is not None:
        os.environ[PASSWORD] = broker.password
    if broker and broker.ca:
        command += ["--ca", broker.ca]
    return command


def _run(
    args: argparse.Namespace,
    scenario: Scenario,
    unit: UnitKey,
    key: Path,
    broker: BrokerAddress | None,
) -> int:
    link = broker.whole if broker else args.link
    ca = Path(broker.ca).absolute() if broker and broker.ca else None
    store = args.store.absolute()
    try:
        config = write_config(
            scenario, unit, store, link, key.absolute(), args.speed, until_eof=True, ca=ca
        )
    except OSError as error:
        raise InputError(f"cannot write to {args.store} ({error.strerror})") from None
    try:
        unit_run = Start(str(config))
    except ConfigError as error:
        raise InputError(str(error)) from None
    if not unit_run.maintenance:
        print(
            f"{unit} runs on {broker.public if broker else args.link}; Ctrl-C ends it",
            file=sys.stderr,
        )
    return int(unit_run.run())


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


def _write_board_files(
    args: argparse.Namespace, scenario: Scenario, unit: UnitKey, key: Path
) -> int:
    folder, wiring, link, ca = args.board_files, args.window, args.link or "console", args.ca
    if link_options.is_broker(link):
        broker = link_options.broker_of(link, args)
        link, ca = broker.whole, Path(broker.ca) if broker.ca else None
    try:
        if link_options.is_broker(link):
            Broker(link)
        if ca:
            read_certificates(str(ca))  # a board would refuse it on its console only
        if wiring is not None:
            check_wiring(wiring)
        write_board_files(scenario, unit, key, folder, wiring, link, ca)
    except (ConfigError, PackageMissingError) as error:
        raise InputError(str(error)) from None
    except OSError as error:
        raise InputError(f"cannot write {error.filename} ({error.strerror})") from None
    print(f"{folder}: copy its content onto the board, then restart it: it is {unit}")
    return 0
