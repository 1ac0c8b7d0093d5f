"""`panewatch regression`: any recording becomes a regression test."""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import Final

from tools.cli.errors import InputError, RunError
from tools.cli.recorded import fleet_of
from tools.regression.keep import keep
from tools.regression.recording import RECORDINGS
from tools.sim.units import UnitFailedError

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]*")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `regression`."""
    parser.add_argument(
        "recording", type=Path, metavar="RECORDING",
        help="an archive, a telemetry.bin, or a folder of sim --out (then the firmware is run too)",
    )  # fmt: skip
    parser.add_argument(
        "--name", required=True, metavar="NAME", help="of the test: its folder in hil_tests"
    )
    parser.add_argument(
        "--fleet", metavar="NAME|FILE", help="scenario with the vehicles of a telemetry.bin"
    )
    parser.add_argument(
        "--replace", action="store_true", help="take what it amounts to now as right"
    )


def execute(args: argparse.Namespace) -> int:
    """Keep it."""
    if not _NAME.fullmatch(args.name):
        raise InputError(f"--name {args.name}: use small letters, digits, - and _")
    folder = RECORDINGS / args.name
    if folder.exists() and not args.replace:
        raise InputError(f"--name {args.name}: {folder} exists; give --replace or another name")
    try:
        packets = keep(args.recording, fleet_of(args.fleet), folder)
    except UnitFailedError as error:
        raise RunError(str(error)) from None
    size = sum(path.stat().st_size for path in folder.iterdir())
    print(f"{folder}: {packets} packets, {size / 1000:.0f} kB")
    print(f"Test: pytest hil_tests/sim/test_recordings.py -k {args.name}")
    return 0
