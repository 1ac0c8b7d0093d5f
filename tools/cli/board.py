"""`panewatch board`: microcontroller boards, from the bare one to the tested unit."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from ground.stream.keys import KeyFileError, KeyStore, read_key
from tools.board.deploy import Wanted, deploy
from tools.board.emulator import SCALE, emulator, is_emulator
from tools.board.files import ROOT
from tools.board.line import Line
from tools.board.link import CONSOLE, LinkFiles, read_link
from tools.board.ports import survey, with_id
from tools.board.registry import Registry
from tools.board.verify import verify
from tools.board.wanted import check_wiring
from tools.cli import link_options, options
from tools.cli.errors import CommandError, InputError, RunError
from tools.cli.progress import Progress
from tools.run.folder import key_name, make_keys
from tools.scenario.choose import choose_unit
from tools.scenario.load import load

BOARDS: Final = options.HOME / "boards.json"
_TESTS_FAILED: Final = 1


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Its own commands."""
    commands = parser.add_subparsers(metavar="WHAT", required=True)
    command = commands.add_parser("list", help="ports and what is on them", allow_abbrev=False)
    command.add_argument("--port", action="append", default=[], metavar="URL", help=_URL)
    command.add_argument("--probe", action="store_true", help="interrupt programs that are silent")
    _common(command, _list)

    command = commands.add_parser("deploy", help="make a board a unit", allow_abbrev=False)
    _reached(command, _deploy)
    command.add_argument(
        "--scenario", default="quiet", metavar="NAME|FILE", help="(default: quiet)"
    )
    command.add_argument(
        "--unit", type=options.unit, metavar="V/W", help="(default: the scenario's first)"
    )
    command.add_argument(
        "--window", type=Path, metavar="FILE", help="what its sensors are wired to (default: none)"
    )
    command.add_argument(
        "--link",
        default=CONSOLE,
        metavar="URL",
        help="console (the default) or mqtt[s]://[USER@]ADDRESS[:PORT], which it reaches by itself",
    )
    link_options.add_options(command)
    command.add_argument(
        "--wifi-file", type=Path, metavar="FILE", help='{"ssid": "…", "password": "…"}, mode 0600'
    )
    command.add_argument("--source", action="store_true", help="copy sources, compile nothing")
    command.add_argument(
        "--mount", action="store_true", help="load the code from here and leave the flash alone"
    )
    command.add_argument(
        "--force", action="store_true", help="make a board that is known another unit"
    )

    command = commands.add_parser("verify", help="compare a board with here", allow_abbrev=False)
    _reached(command, _verify)

    command = commands.add_parser("test", help="run hil_tests/hil on a board", allow_abbrev=False)
    command.add_argument("--port", required=True, metavar="URL", help=_URL)
    command.add_argument("--key", type=Path, metavar="FILE", help=_KEY)
    command.add_argument("--time-scale", type=options.seconds, metavar="X", help=_SCALE)
    command.add_argument("--reset-cmd", metavar="CMD", help=_RESET)
    command.add_argument("arguments", nargs="*", metavar="-- ARGUMENT", help="for pytest")
    command.set_defaults(run=_test)


_URL: Final = "a device, socket://HOST:PORT, rfc2217://HOST:PORT or rp2040py:IMAGE.uf2"
_KEY: Final = "the unit's 32 bytes (default: .panewatch/keys/VEHICLE-WINDOW.key)"
_SCALE: Final = "how many times slower than real time the board is (an emulated one)"
_RESET: Final = "a shell command that resets the board, where RTS does not; {url} is its port"


def _common(command: argparse.ArgumentParser, run: object) -> None:
    command.add_argument("--time-scale", type=options.seconds, metavar="X", help=_SCALE)
    command.add_argument("--json", action="store_true", help="for scripts")
    command.set_defaults(run=run)


def _reached(command: argparse.ArgumentParser, run: object) -> None:
    command.add_argument("--port", metavar="URL", help=f"{_URL} (default: that of --id on USB)")
    command.add_argument("--id", dest="unique_id", metavar="HEX", help="refuse any other board")
    command.add_argument("--key", type=Path, metavar="FILE", help=_KEY)
    command.add_argument("--reset-cmd", metavar="CMD", help=_RESET)
    _common(command, run)


def execute(args: argparse.Namespace) -> int:
    """Run the one that was named."""
    code: int = args.run(args)
    return code


def _list(args: argparse.Namespace) -> int:
    if not args.json:
        print("listening; a unit tells its name within 30 s …", file=sys.stderr)
    ports = survey(args.port, args.time_scale or 1.0, args.probe)
    if args.json:
        print(json.dumps([asdict(port) for port in ports], indent=1))
        return 0
    for port in ports:
        print(f"{port.url:24} {port.state:12} {port.words}" + (f"  [{port.usb}]" * bool(port.usb)))
    if not ports:
        print("no serial ports here; a board on USB shows as /dev/ttyACM0, COM3 or the like")
    return 0


def _deploy(args: argparse.Namespace) -> int:
    scenario = load(args.scenario)
    unit = choose_unit(scenario, args.unit)
    if args.window:
        check_wiring(args.window)
    link = read_link(
        LinkFiles(args.link, *map(_file, (args.ca, args.password_file, args.wifi_file)))
    )
    name = str(Path(args.scenario).absolute()) if Path(args.scenario).exists() else args.scenario
    registry = Registry(BOARDS)
    progress = Progress()
    with _line(args) as (line, port):
        key = args.key or make_keys(options.HOME, [unit]) / key_name(unit)
        wanted = Wanted(
            scenario, name, unit, key, args.window, args.source, args.mount, args.force,
            args.unique_id, args.reset_cmd, link,
        )  # fmt: skip
        try:
            done = deploy(
                line, wanted, KeyStore(options.HOME / "keys"), registry, _say, progress, port
            )
        finally:
            progress.close()
    copied, removed = done.changes.copy, done.changes.remove
    if args.json:
        print(
            json.dumps(
                {
                    "unit": str(unit),
                    "board": asdict(done.board),
                    "copied": copied,
                    "removed": removed,
                    "files": done.files,
                    "mounted": done.mounted,
                    "boot": done.boot.boot_id if done.boot else None,
                    "link": link.name,
                },
                indent=1,
            )
        )
        return 0
    what = (
        f"{done.files} files loaded from here; the board forgets them with its next reset"
        if done.mounted
        else f"{len(copied)} of {done.files} files copied, {len(removed)} removed"
    )
    others = registry.others(unit, done.board.unique_id)
    over = f", connected to {link.name}" if link.broker else ""
    print(f"{unit} runs on board {done.board.unique_id or 'without a unique id'}{over}: {what}")
    if others:
        print(f"board {', '.join(others)} is {unit} too: attach only one of them", file=sys.stderr)
    return 0


def _file(path: Path | None) -> str:
    return str(path.absolute()) if path else ""


def _verify(args: argparse.Namespace) -> int:
    registry = Registry(BOARDS)
    try:
        key = read_key(args.key) if args.key else None
    except KeyFileError as error:
        raise InputError(str(error)) from None
    with _line(args) as (line, port):
        checks = verify(
            line, KeyStore(options.HOME / "keys"), key, registry, args.unique_id, args.reset_cmd,
            _say, port,
        )  # fmt: skip
    if args.json:
        print(json.dumps([check.to_dict() for check in checks], indent=1))
    else:
        for check in checks:
            sign = "=" if check.same else "≠"
            print(
                f"{check.what:32} {sign} {check.board}"
                + f" (here: {check.here})" * (not check.same)
            )
    wrong = [check.what for check in checks if not check.same]
    if wrong:
        raise RunError(
            f"{port}: {', '.join(wrong[:3])}{' …' * (len(wrong) > 3)} not as here; "
            "panewatch board deploy puts it right"
        )
    return 0


def _test(args: argparse.Namespace) -> int:
    if find_spec("pytest") is None:
        raise InputError(
            "the test tools are not installed: make test sets them up, or "
            f"pip install -r {ROOT / 'requirements' / 'dev.txt'}"
        )
    key = args.key
    known = Registry(BOARDS).on_port(args.port)
    if known and known.link != CONSOLE:
        raise InputError(
            f"{args.port}: its link is {read_link(known.link_files).name}, and the tests need its "
            "console: deploy it without --link"
        )
    if key is None:
        if known is None:
            raise InputError(f"{args.port}: nothing was deployed there from here; name its --key")
        key = Path(known.key)
    if not key.is_file():
        raise InputError(f"--key {key}: no such file")
    command = [sys.executable, "-m", "pytest", str(ROOT / "hil_tests" / "hil")]
    # Without -c, pytest takes a device for a test's path and looks for its settings above both.
    command += ["-c", str(ROOT / "pyproject.toml"), "--rootdir", str(ROOT)]
    command += ["--board", args.port, "--key", str(key.absolute())]
    scale = args.time_scale or (SCALE if is_emulator(args.port) else None)
    if scale:
        command += ["--time-scale", str(scale)]
    if args.reset_cmd:
        command += ["--reset-cmd", args.reset_cmd]
    code = subprocess.run([*command, *args.arguments], check=False, cwd=ROOT).returncode
    return _TESTS_FAILED if code else 0


@contextmanager
def _line(args: argparse.Namespace) -> Iterator[tuple[Line, str]]:
    """The board's line, and the name by which it is remembered."""
    if args.port is None and args.unique_id is None:
        raise InputError("--port is needed; panewatch board list shows the ports")
    port = args.port or with_id(args.unique_id)
    if is_emulator(port):
        with emulator(port) as url, Line(url, args.time_scale or SCALE) as line:
            yield line, port
    else:
        with Line(port, args.time_scale or 1.0) as line:
            try:
                yield line, port
            except CommandError:
                raise
            except OSError as error:
                raise RunError(f"{port}: the line was closed ({error})") from None


def _say(words: str) -> None:
    print(words, file=sys.stderr)
