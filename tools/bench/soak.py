"""Memory of the ground station over many packets: what it keeps must not grow with time."""

from __future__ import annotations

import gc
import os
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

from ground.archive.archive import Archive
from ground.clock import SECOND_US, SteadyClock
from ground.fleet import Fleet
from ground.model import Chunk
from ground.station import Station
from ground.verdict.assessor import Assessor
from protocol.wire import frame
from tools.bench import stream
from tools.bench.ingest import feed
from tools.bench.result import Result

PACKETS: Final = 10_000_000
UNITS: Final = 4
PART: Final = 2_000
"""Packets of a unit that are made at once, so that making them takes no memory either."""
WARM_UP: Final = 10
"""After a tenth of the packets all windows and caches are full."""
MEGABYTE: Final = 1e6


def run(packets: int | None = None) -> Result:
    """Take so many packets in, and compare the memory after a tenth with that at the end."""
    count = packets or PACKETS
    rounds = max(-(-count // (UNITS * PART)), 2)
    warm = max(rounds // WARM_UP, 1)
    part = min(PART, max(count // (2 * UNITS), 16))
    clock = SteadyClock()
    start_us = clock() - rounds * part * SECOND_US
    with tempfile.TemporaryDirectory(prefix="panewatch-bench-") as folder:
        path = Path(folder) / "archive.sqlite"
        archive = Archive(path)
        station = Station(archive, Fleet(), Assessor)
        station.start(clock())
        feed(station, [_boot(k, start_us) for k in range(UNITS)], clock)
        before, spent = _resident_bytes(), 0.0
        warmed = before
        for number in range(rounds):
            first_us = start_us + number * part * SECOND_US
            chunks = [_part(k, first_us, 1 + number * part, part) for k in range(UNITS)]
            begun = time.perf_counter()
            feed(station, chunks, clock)
            spent += time.perf_counter() - begun
            if number + 1 == warm:
                warmed = _resident_bytes()
        after = _resident_bytes()
        taken = sum(s.packets for s in station.streams.values())
        archive.close()
        size = path.stat().st_size
    if taken != UNITS * (rounds * part + 1):
        raise RuntimeError(f"{taken} packets were taken in of {UNITS * (rounds * part + 1)}")
    figures = {
        "packets": float(taken),
        "rss_start_mb": round(before / MEGABYTE, 1),
        "rss_before_mb": round(warmed / MEGABYTE, 1),
        "rss_after_mb": round(after / MEGABYTE, 1),
        "rss_peak_mb": round(_peak_bytes() / MEGABYTE, 1),
        "growth_bytes_per_packet": round(
            (after - warmed) / max(taken - taken * warm / rounds, 1), 3
        ),
        "packets_per_s": round(taken / spent),
        "archive_mb": round(size / MEGABYTE, 1),
    }
    notes = [f"{UNITS} units on serial lines; before: after {warm} of {rounds} parts"]
    return Result("soak", figures, notes=notes)


def _boot(number: int, time_us: int) -> Chunk:
    return Chunk(f"line{number}", 0, frame.encode(stream.boot(number, time_us)), framed=True)


def _part(number: int, first_us: int, record: int, count: int) -> Chunk:
    table = stream.housekeeping(number, first_us + SECOND_US, SECOND_US, count, record)
    data = b"".join(frame.encode(p) for p in stream.packets(table))
    return Chunk(f"line{number}", 0, data, framed=True)


def _resident_bytes() -> int:
    """RSS now; where the system does not tell, the highest so far."""
    gc.collect()
    status = Path("/proc/self/statm")
    if status.exists():
        return int(status.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return _peak_bytes()


def _peak_bytes() -> int:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else 1024 * peak
