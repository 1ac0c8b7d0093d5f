"""A unit that sends housekeeping many times a second: a leak is found in time, at bounded work."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest

from ground.model import Chunk, Leak
from ground.monitor import volume
from ground.receive.checks import packet_checks
from ground.station import Station
from hil_tests.sim.test_together import T0, S, Singly, entries, known, lived, monitors
from tools.bench import stream

RATES: Final = {
    10: (90.0, 130.0, 10_000.0), 100: (70.0, 95.0, 4_000.0), 1000: (9.0, 13.0, 500.0)
}  # fmt: skip
"""Packets a second: when gap 2 begins to leak, the end, and how fast it leaks (τ), all in s."""
T_MIDDLE: Final = 1 << 4


def fast(rate: int, *, troubles: bool = False) -> Iterator[Chunk]:
    """What such a unit sends, in messages of all sizes.

    `troubles`: before the leak a thermometer is not to be trusted for a while, and the clock steps
    back by some seconds.
    """
    rng, unit = random.Random(rate), stream.unit_key(0)
    leak_s, end_s, tau_s = RATES[rate]
    yield Chunk("m", T0, stream.boot(0, T0), False, unit)
    made, step_us = 0, S // rate
    while made < end_s * rate:
        count = rng.randrange(1, 60)
        at_us = made * step_us
        back_us = 3 * S if troubles and at_us > leak_s / 2 * S else 0
        table = stream.housekeeping(0, T0 + at_us - back_us, step_us, count, made + 1)
        times_s = (at_us + step_us * np.arange(count)) / S
        left = np.exp(-np.maximum(times_s - leak_s, 0) / tau_s)
        table["body_p_gap2"] = np.round(table["body_p_gap2"] * left)
        if troubles and 0.6 * leak_s < at_us / S < 0.8 * leak_s:
            table["body_sensor_health"] = 0x3F & ~T_MIDDLE
        rows = np.frombuffer(table.tobytes(), np.uint8).reshape(count, table.itemsize)
        table["crc"] = packet_checks(rows[:, :-2])
        made += count
        yield Chunk("m", T0 + made * step_us, table.tobytes(), False, unit)


@pytest.mark.parametrize("rate", RATES)
def test_together_or_singly_is_the_same_at_any_rate(tmp_path: Path, rate: int) -> None:
    chunks = list(fast(rate, troubles=True))
    together, _ = lived(Station, tmp_path / "together.db", chunks, rate)
    singly, _ = lived(Singly, tmp_path / "singly.db", chunks, rate)
    assert [leak.volume for leak in together.assessor.leaks] == ["gap2"]
    assert any("t_middle" in alarm.what for alarm in together.assessor.alarms)
    assert known(together) == known(singly)
    assert monitors(together) == monitors(singly)
    assert entries(together) == entries(singly)
    for station in (together, singly):
        station.archive.close()


def found(path: Path, rate: int) -> Leak:
    station, _ = lived(Station, path, list(fast(rate)), rate)
    (leak,) = station.assessor.leaks
    station.archive.close()
    return leak


@pytest.mark.parametrize("rate", RATES)
def test_a_leak_is_found_as_soon_with_less_work(
    tmp_path: Path, rate: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[int] = []
    for name in ("slopes", "decay", "hinge"):
        monkeypatch.setattr(volume, name, _counting(getattr(volume, name), sizes))
    leak = found(tmp_path / "few.db", rate)
    assert max(sizes) <= 1024
    with monkeypatch.context() as patched:
        patched.setattr(volume, "AGAIN_S", 0.0)
        patched.setattr(volume, "MOST_FITTED", 10**9)
        thorough = found(tmp_path / "all.db", rate)
    assert leak.packets[-1].record <= thorough.packets[-1].record + 0.25 * rate
    assert leak.time_us == pytest.approx(thorough.time_us, abs=0.5 * S)
    assert leak.rate_pa_s == pytest.approx(thorough.rate_pa_s, rel=0.1)
    assert leak.rate_pa_s == pytest.approx(101_325 / RATES[rate][2], rel=0.3)


def _counting(fit: Any, sizes: list[int]) -> Any:
    def counted(time_s: Any, *rest: Any) -> Any:
        sizes.append(len(time_s))
        return fit(time_s, *rest)

    return counted
