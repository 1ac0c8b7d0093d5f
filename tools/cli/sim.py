"""`panewatch sim`: a scenario in virtual time, no sockets, no uplink; then the ground reads it."""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path
from typing import Final

from ground.archive.errors import ArchiveError
from tools.cli.errors import InputError, RunError
from tools.cli.progress import Progress
from tools.cli.text_report import print_report
from tools.scenario.find import find
from tools.scenario.load import load
from tools.sim.runtime import RUNTIMES, RuntimeMissingError
from tools.sim.simulate import simulate
from tools.sim.units import UnitFailedError

FILES: Final = ("telemetry.bin", "archive.sqlite", "report.json", "scenario.toml")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `sim`."""
    parser.add_argument("scenario", metavar="SCENARIO", help="name or file")
    parser.add_argument("--runtime", choices=RUNTIMES, default="cpython", help="(default: cpython)")
    parser.add_argument("--out", type=Path, metavar="DIR", help=f"write {', '.join(FILES)}")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")


def execute(args: argparse.Namespace) -> int:
    """Simulate and print the report."""
    scenario = load(args.scenario)
    if args.out:
        _make_folder(args.out)
    progress = Progress()
    try:
        report = simulate(scenario, args.runtime, args.out, progress)
        if args.out:
            shutil.copyfile(find(args.scenario), args.out / "scenario.toml")
    except (ArchiveError, RuntimeMissingError) as error:
        raise InputError(str(error)) from None
    except UnitFailedError as error:
        raise RunError(str(error)) from None
    finally:
        progress.close()
    print_report(report, as_json=args.json)
    return 0


def _make_folder(folder: Path) -> None:
    """Make the folder of the results; one that holds results is left as it is."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        held = [name for name in FILES if (folder / name).exists()]
    except OSError as error:
        raise InputError(f"--out {folder}: cannot be made ({error.strerror})") from None
    if held:
        raise InputError(f"--out {folder}: holds {held[0]} already; name another folder")
