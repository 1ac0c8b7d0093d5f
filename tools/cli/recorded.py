"""Recorded telemetry for `report` and `replay`: which vehicles it is of, and reading it at once."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from ground.archive.archive import Archive
from ground.archive.errors import ArchiveError, folding
from ground.fleet import Fleet
from ground.links.replay import RecordingError, recording
from ground.model import Chunk
from ground.rebuild import stored_fleet
from ground.station import Station
from ground.verdict.assessor import Assessor
from tools.cli.errors import InputError
from tools.cli.progress import Progress
from tools.scenario.load import load
from tools.sim.observe import Step, play

_SQLITE = b"SQLite format 3\0"


def is_archive(path: Path) -> bool:
    """True for an archive, False for other files; raises InputError where there is none."""
    try:
        with path.open("rb") as file:
            return file.read(len(_SQLITE)) == _SQLITE
    except IsADirectoryError:
        words = "is a folder; name the archive or the telemetry.bin in it"
        raise InputError(f"{path}: {words}") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None


def open_archive(path: Path) -> Archive:
    """For reading; raises InputError."""
    with reading(path):
        return Archive(path, write=False)


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Whatever is wrong with an archive while it is read raises InputError."""
    try:
        with folding(path):
            yield
    except ArchiveError as error:
        raise InputError(str(error)) from None


def fleet_of(name_or_path: str | None) -> Fleet:
    """The vehicles of a scenario; none without one."""
    return load(name_or_path).fleet if name_or_path else Fleet()


def hint_at_fleet(args: argparse.Namespace) -> None:
    """Say what a telemetry.bin without vehicles lacks, to who reads along."""
    if not (args.fleet or args.json):
        print(
            f"{args.recording} does not name roles, seats and volumes: "
            "--fleet NAME|FILE takes them from a scenario",
            file=sys.stderr,
        )


def known_from(archive: Archive) -> Station:
    """What the ground station of this archive knew at its end; raises InputError."""
    assert archive.path is not None
    with reading(archive.path):
        return Station(archive, stored_fleet(archive), Assessor)


def known_from_packets(path: Path, fleet: Fleet) -> tuple[Station, str]:
    """What a ground station makes of a telemetry.bin, and words for what could not be read.

    Raises InputError when nothing can.
    """
    station = Station(Archive(), fleet, Assessor)
    chunks, damage = read_packets(path)
    start_us, end_us = chunks[0].received_us, chunks[-1].received_us
    progress = Progress()
    for now_us in story_of(chunks, station):
        progress("ground", now_us - start_us, end_us - start_us)
    progress.close()
    return station, damage


def read_packets(path: Path) -> tuple[list[Chunk], str]:
    """The packets of a telemetry.bin, and words for what could not be read; raises InputError."""
    chunks: list[Chunk] = []
    damage = ""
    try:
        for chunk in recording(path):
            chunks.append(chunk)  # noqa: PERF402 (those before the damage count)
    except RecordingError as error:
        damage = str(error)
    if not chunks:
        raise InputError(damage)
    return chunks, damage


def story_of(chunks: Sequence[Chunk], station: Station) -> Iterator[int]:
    """Give a station what was recorded, ground time by ground time (tools.sim.observe.play)."""

    def receive(chunk: Chunk) -> Step:
        return chunk.received_us, lambda: station.receive(chunk)

    steps = [receive(chunk) for chunk in chunks]
    return play(steps, station, chunks[0].received_us, chunks[-1].received_us)
