"""`panewatch report`: what recorded telemetry amounts to."""

from __future__ import annotations

import argparse
from pathlib import Path

from ground.summary import summary
from tools.cli.errors import RunError
from tools.cli.recorded import (
    fleet_of,
    hint_at_fleet,
    is_archive,
    known_from,
    known_from_packets,
    open_archive,
    reading,
)
from tools.cli.text_report import print_report


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `report`."""
    parser.add_argument(
        "recording", type=Path, metavar="ARCHIVE|FILE", help="an archive, or a telemetry.bin"
    )
    parser.add_argument(
        "--fleet", metavar="NAME|FILE", help="scenario with the vehicles of a telemetry.bin"
    )
    parser.add_argument("--json", action="store_true", help="print it as JSON")


def execute(args: argparse.Namespace) -> int:
    """Print the report."""
    damage = ""
    if is_archive(args.recording):
        archive = open_archive(args.recording)
        try:
            with reading(args.recording):
                made = summary(known_from(archive))
        finally:
            archive.close()
    else:
        station, damage = known_from_packets(args.recording, fleet_of(args.fleet))
        hint_at_fleet(args)
        made = summary(station)
    print_report(made, as_json=args.json)
    if damage:
        raise RunError(damage)
    return 0
