"""`panewatch ground`: the ground station alone, with its console."""

from __future__ import annotations

import argparse
import asyncio
import sys
from contextlib import closing
from pathlib import Path

from ground.archive.archive import Archive
from ground.fleet import Fleet
from ground.rebuild import stored_fleet
from tools.cli import options
from tools.cli.errors import InputError
from tools.cli.recorded import fleet_of, reading
from tools.run.folder import run_folder
from tools.run.ground import running_ground
from tools.run.main import first_of, stop_event
from tools.run.narrate import Narrator


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `ground`."""
    parser.add_argument(
        "--link",
        dest="links",
        action="append",
        required=True,
        metavar="URL",
        help="as for firmware; may be given more than once",
    )
    parser.add_argument(
        "--archive", type=Path, metavar="FILE", help="(default: a new one in .panewatch/runs)"
    )
    parser.add_argument(
        "--keys",
        type=Path,
        metavar="DIR",
        help="VEHICLE-WINDOW.key for each unit that is to be commanded (default: .panewatch/keys)",
    )
    parser.add_argument(
        "--fleet",
        metavar="NAME|FILE",
        help="scenario with the vehicles (default: those of the archive)",
    )
    parser.add_argument(
        "--port", type=options.port, default=0, metavar="N", help="of the console (default: free)"
    )


def execute(args: argparse.Namespace) -> int:
    """Run until a signal ends it."""
    if args.keys and not args.keys.is_dir():
        raise InputError(f"--keys {args.keys}: no such folder")
    fleet = fleet_of(args.fleet) if args.fleet else None
    if args.archive:
        _serve(args, args.archive, fleet or _fleet_in(args.archive))
    else:
        with run_folder(options.HOME.absolute()) as folder:
            _serve(args, folder / "archive.sqlite", fleet or Fleet())
    return 0


def _serve(args: argparse.Namespace, path: Path, fleet: Fleet) -> None:
    # A loop that can watch sockets on every system (the MQTT client needs it).
    factory = asyncio.SelectorEventLoop if sys.platform == "win32" else None
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(_run(args, path, fleet))


def _fleet_in(path: Path) -> Fleet:
    """The vehicles that an archive was made for; none when it is new."""
    if not path.exists():
        return Fleet()
    with reading(path), closing(Archive(path, write=False)) as archive:
        return stored_fleet(archive)


async def _run(args: argparse.Namespace, archive: Path, fleet: Fleet) -> None:
    stopped = stop_event()
    keys = args.keys or options.HOME / "keys"
    narrator = Narrator(lambda line: print(line, flush=True))
    async with running_ground(
        archive, fleet, keys, args.links, args.port, 1.0, narrator.say
    ) as running:
        print(f"Console: {running.url}", flush=True)
        print(f"Archive: {archive}", flush=True)
        narrator.know(running.ground)
        running.service.subscribe(lambda _: narrator.look(running.ground))
        await first_of(stopped, [running.task])
