"""`panewatch prune`: drop the oldest of an archive that no ground station writes to."""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

from ground.archive.archive import Archive
from ground.archive.errors import ArchiveError, ArchiveFull, ArchiveInUse
from ground.rebuild import stored_fleet
from ground.retention.compact import compact
from ground.retention.gain import gain
from ground.retention.keeper import Keeper
from ground.retention.record import told
from ground.retention.rooms import GraphError
from ground.station import Station
from ground.verdict.assessor import Assessor
from tools.cli import retention_options, station_options
from tools.cli.errors import InputError, RunError
from tools.cli.progress import Progress
from tools.cli.recorded import is_archive, reading


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `prune`."""
    parser.add_argument("archive", type=Path, metavar="ARCHIVE")
    retention_options.add_options(parser)
    parser.add_argument("--json", action="store_true", help="for scripts")


def execute(args: argparse.Namespace) -> int:
    """Drop it, and give the space back."""
    policy = retention_options.policy_of(args)
    if not policy:
        raise InputError("say what to keep: --keep-days D, --keep-size SIZE, or both")
    if not is_archive(args.archive):
        raise InputError(f"{args.archive}: is no archive")
    progress = Progress()
    try:
        archive = Archive(args.archive)
    except ArchiveInUse as error:
        raise InputError(f"{error}; a running one takes --keep-days and --keep-size") from None
    except ArchiveError as error:
        raise InputError(str(error)) from None
    try:
        before = archive.size_bytes()
        many = len(told(archive))
        author = f"{station_options.login()} at the command line"
        keeper = Keeper(policy, lambda: time.time_ns() // 1000, author)

        def passed(station: Station, seq: int, octets: int) -> None:
            progress("reading", seq, archive.last_seq)
            keeper.passed(station, seq, octets)

        with reading(args.archive):
            station = Station(archive, stored_fleet(archive), Assessor, passed=passed)
            keeper.folded(station)
            place = keeper.place(station)
            worth = gain(station, *place) if place and policy.size is None else None
            if worth is None or worth.frees > worth.takes:
                keeper.finish(station, lambda done, total: progress("dropping", done, total))
        if keeper.failure:
            raise RunError(f"{args.archive}: {keeper.failure}")
        compact(archive)
        drops = told(archive)[many:]
        after = archive.size_bytes()
    except ArchiveFull as error:
        raise RunError(str(error)) from None
    except GraphError as error:
        raise RunError(f"{args.archive}: nothing is dropped of the archive: {error}") from None
    finally:
        progress.close()
        archive.close()
    if args.json:
        print(json.dumps({"dropped": drops, "bytes_before": before, "bytes": after}))
        return 0
    if worth and not drops and worth.frees:
        print(
            f"nothing dropped: about {worth.frees} bytes would go, and what is known at that "
            f"place takes about {worth.takes}; open alarms and findings keep the rest"
        )
        return 0
    for drop in drops:
        print(
            f"dropped {drop['packets']} packets and {drop['raw']} raw rows until {drop['until']}"
            f" ({drop['why']}); {drop['kept']} packets stay as evidence"
        )
    print(f"{args.archive}: {after} bytes, before {before}" if drops else "nothing to drop")
    return 0
