"""How fast the archive answers a plot: a day of one parameter at 10 Hz, few points of it."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from ground.archive.archive import Archive
from ground.archive.decimate import Series, minmax
from ground.archive.history import extremes, history, newest
from ground.clock import SECOND_US
from ground.receive.run import Run
from tools.bench import stream
from tools.bench.result import Result

PACKETS: Final = 864_000
"""24 hours."""
STEP_US: Final = 100_000
START_US: Final = 1_762_214_400 * SECOND_US
POINTS: Final = 1_000
"""As wide as a plot."""
PART: Final = 4_000
"""Packets of one commit."""
REPEATS: Final = 9
PARAMETER: Final = "p_gap2"


def run(packets: int | None = None) -> Result:
    """Measure over so many packets. Raises RuntimeError when an extreme is lost."""
    count = packets or PACKETS
    unit = stream.unit_key(0)
    with tempfile.TemporaryDirectory(prefix="panewatch-bench-") as folder:
        path = Path(folder) / "archive.sqlite"
        archive = Archive(path)
        for first in range(0, count, PART):
            some = min(PART, count - first)
            begin_us = START_US + first * STEP_US
            made = Run(
                "housekeeping", stream.housekeeping(0, begin_us, STEP_US, some, record=first)
            )
            onboard_us = made.time_us - made.time_us[0] + begin_us
            archive.add_run(unit, "bench", made, (onboard_us, begin_us, begin_us))
            archive.commit()
        archive.close()
        archive = Archive(path, write=False)
        day = (START_US, START_US + count * STEP_US)
        hour = (day[0] + (day[1] - day[0]) // 2, day[0] + (day[1] - day[0]) // 2 + 3600 * SECOND_US)
        start = time.perf_counter()
        plot = extremes(archive, unit, PARAMETER, day, POINTS)
        figures = {
            "first_query_ms": round(1e3 * (time.perf_counter() - start), 2),
            "query_ms": _ms(lambda: extremes(archive, unit, PARAMETER, day, POINTS)),
            "hour_ms": _ms(lambda: extremes(archive, unit, PARAMETER, hour, POINTS)),
            "newest_ms": _ms(lambda: newest(archive, unit, PARAMETER, day, POINTS)),
            "points": float(len(plot)),
            "bytes_per_packet": round(path.stat().st_size / count, 1),
        }
        start = time.perf_counter()
        every = history(archive, unit, PARAMETER, *day)
        minmax(Series.of(every), POINTS)
        spent_ms = round(1e3 * (time.perf_counter() - start), 2)
        archive.close()
    values = [v for _, v in every]
    shown = [v for _, v in plot]
    if len(every) != count or (min(values), max(values)) != (min(shown), max(shown)):
        raise RuntimeError("the plot does not show the extremes of the day")
    notes = [f"{count} packets at 10 Hz, at most {POINTS} points; the median of {REPEATS} queries"]
    return Result("history", figures, {"every_packet_decoded": {"query_ms": spent_ms}}, notes)


def _ms(work: Callable[[], object]) -> float:
    spent = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        work()
        spent.append(time.perf_counter() - start)
    return round(1e3 * statistics.median(spent), 2)
