"""`panewatch report`: what recorded telemetry amounts to."""

from __future__ import annotations

import argparse
from pathlib import Path

from ground.report import report
from tools.cli.recorded import fleet_of, is_archive, known_from, known_from_packets, open_archive
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
    if is_archive(args.recording):
        archive = open_archive(args.recording)
        try:
            made = report(known_from(archive))
        finally:
            archive.close()
    else:
        made = report(known_from_packets(args.recording, fleet_of(args.fleet)))
    print_report(made, as_json=args.json)
    return 0
