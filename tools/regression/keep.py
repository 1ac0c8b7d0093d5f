"""Turns a recording into a regression test: hil_tests/sim/test_recordings.py finds its folder."""

from __future__ import annotations

import lzma
import shutil
import tempfile
from contextlib import closing
from pathlib import Path

from ground.archive.archive import Archive
from ground.archive.opening import reading
from ground.fleet import Fleet
from ground.retention.record import dropped_through
from ground.station import Station
from ground.verdict.assessor import Assessor
from tools.cli.errors import InputError
from tools.cli.recorded import is_archive, open_archive, read_packets, story_of
from tools.regression.differ import packet_differences
from tools.regression.recording import ARCHIVE, SCENARIO, made_of, read, write_expected


def keep(recording: Path, fleet: Fleet, folder: Path) -> int:
    """Keep an archive, a telemetry.bin or a folder of `sim --out` as `folder`; how many packets.

    With a scenario beside it the firmware must make it again. Raises InputError, UnitFailedError.
    """
    scenario = recording / SCENARIO if recording.is_dir() else None
    source = recording / "archive.sqlite" if recording.is_dir() else recording
    with tempfile.TemporaryDirectory(prefix="panewatch-") as temporary:
        copy, made = Path(temporary) / "archive.sqlite", Path(temporary) / "made"
        made.mkdir()
        if is_archive(source):
            _copy(source, copy)
        else:
            _fold(source, fleet, copy)
        with closing(open_archive(copy)) as archive:
            if dropped_through(archive):
                words = "retention has dropped its beginning; a test needs a whole recording"
                raise InputError(f"{source}: {words}")
            packets, report = read(archive)
        if scenario is not None and scenario.exists():
            for words in packet_differences(packets, made_of(scenario), other_build=True):
                raise InputError(
                    f"{recording}: the firmware makes other telemetry of {SCENARIO} now ({words}); "
                    f"simulate it again, or keep {source} alone"
                )
            shutil.copyfile(scenario, made / SCENARIO)
        (made / ARCHIVE).write_bytes(lzma.compress(copy.read_bytes(), preset=9))
        write_expected(made, packets, report)
        if folder.exists():
            shutil.rmtree(folder)
        shutil.copytree(made, folder)
    return len(packets)


def _copy(source: Path, copy: Path) -> None:
    """A whole copy of an archive that may be in use."""
    open_archive(source).close()  # says what is wrong with it, if anything is
    with closing(reading(source)) as db:
        db.execute("VACUUM INTO ?", (str(copy),))


def _fold(source: Path, fleet: Fleet, copy: Path) -> None:
    """An archive of what a ground station makes of a telemetry.bin."""
    chunks, damage = read_packets(source)
    if damage:
        raise InputError(damage)
    with closing(Archive(copy)) as archive:
        station = Station(archive, fleet, Assessor)
        for _ in story_of(chunks, station):
            pass
