"""How long a ground station that receives stands still for its retention.

Half of an archive is to go at once while its units send on: a second of theirs, a commit, a turn of
the retention, and so on. The station has read the archive's last minutes alone: all that its
knowledge rests on, and the fold of the rest is not what is measured here.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import numpy as np

from ground.archive.archive import Archive
from ground.clock import SECOND_US
from ground.fleet import Fleet
from ground.model import Chunk
from ground.receive.run import Run, Table
from ground.retention.keeper import Keeper, Policy
from ground.retention.record import dropped_through, told
from ground.retention.state import snapshot
from ground.station import Station
from ground.verdict.assessor import Assessor
from tools.bench import stream
from tools.bench.result import Result

PACKETS: Final = 500_000
UNITS: Final = 8
MESSAGE: Final = 100
"""Packets of an MQTT message that was stored before."""
STORED_S: Final = 600
"""What was stored before, at once."""
TAIL_S: Final = 1_200
"""Twice as long as the leak fit's windows."""
TOGETHER_S: Final = 4
"""Of the last minutes: fewer than make a silence."""
BEGIN_US: Final = 1_762_214_400 * SECOND_US
AGE_US: Final = 86_400 * SECOND_US
REPEATS: Final = 5
TURNS_MAX: Final = 3_600


def run(packets: int | None = None) -> Result:
    """Measure over so many packets. Raises RuntimeError when it does not drop what it should."""
    seconds = max((packets or PACKETS) // UNITS, 2 * TAIL_S)
    seconds += -seconds % STORED_S
    now_us = BEGIN_US + seconds * SECOND_US
    with tempfile.TemporaryDirectory(prefix="panewatch-bench-") as folder:
        path, tail = Path(folder) / "archive.sqlite", Path(folder) / "tail.sqlite"
        _fill(path, 0, seconds, STORED_S)
        _fill(tail, seconds - TAIL_S, seconds, TOGETHER_S)
        before = path.stat().st_size
        station = Station(Archive(tail), Fleet(), Assessor)
        station.archive.close()
        archive = station.archive = Archive(path)
        # What the station knows counts as known in the middle of the archive, an age ago.
        keeper = Keeper(Policy(age_us=AGE_US), lambda: now_us + AGE_US)
        keeper.passed(station, archive.last_seq // 2, 0)
        keeper.settle()
        taking: list[float] = []
        for _ in range(REPEATS):
            _timed(snapshot, taking)(station)
        station.start(now_us)
        turns: list[float] = []
        ticks: list[float] = []
        while keeper.busy or not turns:
            for chunk in _received(now_us, 1):
                station.receive(chunk)
            now_us += SECOND_US
            _timed(station.tick, ticks)(now_us)
            station.commit()
            _timed(keeper.second, turns)(station)
            if len(turns) > TURNS_MAX:
                raise RuntimeError(f"it still drops after {TURNS_MAX} turns")
        (drop,) = told(archive)
        state = dropped_through(archive)
        archive.close()
    if state is None or drop["packets"] < 0.4 * seconds * UNITS:
        raise RuntimeError(f"only {drop['packets']} packets were dropped")
    turns_ms = 1e3 * np.array(turns)
    figures = {
        "packets_dropped": float(drop["packets"]),
        "state_kb": round(len(state.state) / 1e3, 1),
        "snapshot_ms": round(1e3 * float(np.median(taking)), 1),
        "begin_ms": round(float(turns_ms[0]), 1),
        "turn_p50_ms": round(float(np.median(turns_ms)), 1),
        "turn_max_ms": round(float(turns_ms[1:].max(initial=turns_ms.min())), 1),
        "turns": float(len(turns)),
        "tick_p50_ms": round(1e3 * float(np.median(ticks)), 1),
    }
    notes = [
        f"{seconds * UNITS} packets of {UNITS} units at 1 Hz in {before / 1e6:.0f} MB, half to go;"
        " begin_ms: the turn in which is found what goes, and what is known written down"
    ]
    return Result("retention", figures, {}, notes)


def _fill(path: Path, first_s: int, end_s: int, together_s: int) -> None:
    """As a station stores what comes, without all that it makes of it."""
    archive = Archive(path)
    archive.add_journal(BEGIN_US + first_s * SECOND_US, "bench", "start", {})
    for at in range(first_s, end_s, together_s):
        from_us = BEGIN_US + at * SECOND_US
        taken_us = from_us + together_s * SECOND_US
        for chunk in _received(from_us, together_s):
            archive.add_raw(chunk)
        for k in range(UNITS):
            run = Run("housekeeping", _packets(k, from_us, together_s))
            onboard_us = run.time_us - run.time_us[0] + from_us
            archive.add_run(stream.unit_key(k), "mqtt", run, (onboard_us, taken_us, taken_us))
        archive.commit()
    archive.close()


def _received(from_us: int, seconds: int) -> Iterator[Chunk]:
    """What all units send in a time, at its end."""
    until_us = from_us + seconds * SECOND_US
    for k in range(UNITS):
        table = _packets(k, from_us, seconds)
        for at in range(0, len(table), MESSAGE):
            data = table[at : at + MESSAGE].tobytes()
            yield Chunk("mqtt", until_us, data, False, stream.unit_key(k))


def _packets(number: int, from_us: int, seconds: int) -> Table:
    record = 1 + (from_us - BEGIN_US) // SECOND_US
    return stream.housekeeping(number, from_us, SECOND_US, seconds, record=record)


def _timed(work: Callable[..., object], spent: list[float]) -> Callable[..., None]:
    def timed(*values: object) -> None:
        start = time.perf_counter()
        work(*values)
        spent.append(time.perf_counter() - start)

    return timed
