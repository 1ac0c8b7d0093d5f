"""`panewatch replay`: recorded telemetry through the ground station, apart from live alarms."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

from ground.archive.archive import Archive
from ground.playback import Playback
from ground.rebuild import fold, stored_fleet, stored_speed
from ground.station import Station
from ground.summary import SCENARIO, summary
from ground.verdict.assessor import Assessor
from tools.cli import options
from tools.cli.errors import RunError
from tools.cli.recorded import (
    fleet_of,
    hint_at_fleet,
    is_archive,
    open_archive,
    read_packets,
    reading,
    story_of,
)
from tools.cli.text_report import print_report
from tools.run.ground import serving
from tools.run.main import first_of, stop_event
from tools.run.narrate import Narrator


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `replay`."""
    parser.add_argument("recording", type=Path, metavar="FILE", help="telemetry.bin or an archive")
    parser.add_argument(
        "--speed", type=options.pace, default=1.0, metavar="X",
        help="times its pace, or max for as fast as it goes (default: 1)",
    )  # fmt: skip
    parser.add_argument(
        "--fleet", metavar="NAME|FILE", help="scenario with the vehicles of a telemetry.bin"
    )
    parser.add_argument(
        "--port", type=options.port, default=0, metavar="N", help="of the console (default: free)"
    )
    parser.add_argument("--json", action="store_true", help="at its end print the report and leave")


def execute(args: argparse.Namespace) -> int:
    """Play it once; then show what is known until a signal comes, or print the report."""
    out = sys.stderr if args.json else sys.stdout
    with ExitStack() as stack:
        station, story, damage = _open(args, stack)
        asyncio.run(_replay(args, station, story, lambda line: print(line, file=out, flush=True)))
    if args.json:
        print_report(summary(station) | {"replay": str(args.recording)}, as_json=True)
    if damage:
        raise RunError(damage)
    return 0


def _open(args: argparse.Namespace, stack: ExitStack) -> tuple[Station, Iterator[int], str]:
    """A station apart from everything live, what it is to go through, and what is damaged."""
    apart = Archive()
    if not is_archive(args.recording):
        chunks, damage = read_packets(args.recording)
        hint_at_fleet(args)
        station = Station(apart, fleet_of(args.fleet), Assessor)
        return station, story_of(chunks, station), damage
    archive = stack.enter_context(closing(open_archive(args.recording)))
    with reading(args.recording):
        fleet = fleet_of(args.fleet) if args.fleet else stored_fleet(archive)
        if scenario := archive.meta(SCENARIO):
            apart.set_meta(SCENARIO, scenario)
        station = Station(apart, fleet, Assessor, speed=stored_speed(archive) or 1.0)
    return station, _told(args.recording, fold(station, archive)), ""


def _told(path: Path, story: Iterator[int]) -> Iterator[int]:
    with reading(path):
        yield from story


async def _replay(
    args: argparse.Namespace,
    station: Station,
    story: Iterator[int],
    print_line: Callable[[str], None],
) -> None:
    stopped = stop_event()
    narrator = Narrator(lambda line: print_line(f"[replay] {line}"))
    playback = Playback(station, str(args.recording), story, args.speed, narrator.say)

    told = False

    def leave() -> None:
        nonlocal told
        if playback.ended and not told:
            told = True
            narrator.conclude(running.ground)
        if playback.ended and args.json:
            stopped.set()

    async with serving(playback, args.port) as running:
        print_line(f"Console: {running.url}")
        playback.subscribe(lambda _: narrator.look(running.ground))
        playback.subscribe(lambda _: leave())
        await first_of(stopped, [running.task])
