"""`panewatch replay`: recorded telemetry through the ground station, apart from live alarms."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections import deque
from collections.abc import Sequence
from pathlib import Path

from ground.archive.archive import Archive, JournalRow
from ground.archive.errors import ArchiveError
from ground.links.link import LinkState
from ground.links.replay import RecordingError, ReplayLink, recording
from ground.rebuild import stored_fleet, stored_speed
from ground.service import Service
from ground.station import Station
from ground.summary import SCENARIO, summary
from ground.verdict.assessor import Assessor
from tools.cli import options
from tools.cli.errors import InputError
from tools.cli.recorded import fleet_of, is_archive, open_archive
from tools.cli.text_report import print_report
from tools.run.ground import serving
from tools.run.main import first_of, stop_event
from tools.run.narrate import Narrator


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `replay`."""
    parser.add_argument("recording", type=Path, metavar="FILE", help="telemetry.bin or an archive")
    parser.add_argument(
        "--speed", type=options.speed, default=1.0, metavar="X", help="times its pace (default: 1)"
    )
    parser.add_argument(
        "--fleet", metavar="NAME|FILE", help="scenario with the vehicles of a telemetry.bin"
    )
    parser.add_argument(
        "--port", type=options.port, default=0, metavar="N", help="of the console (default: free)"
    )
    parser.add_argument("--json", action="store_true", help="at its end print the report and leave")


def execute(args: argparse.Namespace) -> int:
    """Play it once; then show what is known until a signal comes, or print the report."""
    if is_archive(args.recording):
        archive = open_archive(args.recording)
        try:
            fleet = fleet_of(args.fleet) if args.fleet else stored_fleet(archive)
            inspections = [row for row in archive.journal() if row.kind == "inspection"]
            scenario, speed = archive.meta(SCENARIO), stored_speed(archive) or 1.0
        finally:
            archive.close()
    else:
        fleet, inspections, scenario, speed = fleet_of(args.fleet), [], None, 1.0
    try:
        link = ReplayLink(str(args.recording), recording(args.recording), args.speed)
    except (RecordingError, ArchiveError) as error:
        raise InputError(str(error)) from None
    # An archive in memory and a station of its own: nothing here is live.
    apart = Archive()
    if scenario:
        apart.set_meta(SCENARIO, scenario)
    station = Station(apart, fleet, Assessor, speed=speed)
    asyncio.run(_replay(args, link, station, inspections))
    return 0


async def _replay(
    args: argparse.Namespace, link: ReplayLink, station: Station, inspections: Sequence[JournalRow]
) -> None:
    stopped = stop_event()
    out = sys.stderr if args.json else sys.stdout
    narrator = Narrator(lambda line: print(line, file=out, flush=True))

    def say(words: str) -> None:
        narrator.say(words)
        if args.json and link.state is LinkState.ENDED:
            stopped.set()

    service = Service(station, [link], link.time_us, say)
    waiting = deque(inspections)

    def enter_due() -> None:
        ended = link.state is LinkState.ENDED
        while waiting and (ended or waiting[0].time_us <= link.time_us()):
            row = waiting.popleft()
            station.act("inspection", row.author, row.data)

    async with serving(service, args.port) as running:
        print(f"Console: {running.url}", file=out, flush=True)
        service.subscribe(lambda _: narrator.look(running.ground))
        service.subscribe(lambda _: enter_due())
        await first_of(stopped, running.task, None)
    enter_due()
    if args.json:
        print_report(summary(station), as_json=True)
