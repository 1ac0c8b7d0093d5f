"""Leaks against orbit heat, ramps and noise: what must be found, and what must not."""

import math
from collections.abc import Iterable

import pytest

from ground.fleet import Window
from ground.model import PacketId, UnitKey
from ground.monitor.leak import LeakMonitor, Shown
from hil_tests.unit.orbit import T0_US, housekeeping


def watch(
    packets: Iterable, *, cabin_m3: float = 6.0
) -> tuple[LeakMonitor, list[tuple[int, Shown]]]:
    monitor = LeakMonitor(UnitKey("sz20", "w1"), Window("w1", 1), cabin_m3)
    shown = [
        (i, event)
        for i, (time_us, values) in enumerate(packets)
        for event in monitor.update(time_us, time_us, values, {}, PacketId("sz20", "w1", 1, i))
    ]
    return monitor, shown


def after(start: float, tau_s: float, end: float = math.inf):
    return lambda t: tau_s if start < t <= end else math.inf


def seconds(time_us: int) -> float:
    return (time_us - T0_US) / 1e6


@pytest.mark.parametrize("seed", range(4))
def test_a_0_1_mm_hole_is_confirmed_within_15_s(seed) -> None:
    monitor, shown = watch(
        housekeeping(330, tau_s=after(200, 754), seed=seed, phase=seed * 1.6, lag_s=30 + 30 * seed)
    )
    assert [(e.volume, e.verdict) for _, e in shown] == [("gap2", "leak")]
    assert 200 < shown[0][0] <= 215
    (leak,) = monitor.leaks
    assert leak.active
    assert seconds(leak.time_us) == pytest.approx(200, abs=1.5)
    assert leak.rate_pa_s == pytest.approx(134.4, rel=0.02)
    assert leak.sigma_pa_s < 1.0
    assert leak.hole_mm == pytest.approx(0.1, rel=0.01)
    assert leak.tau_s == pytest.approx(754, rel=0.02)
    assert leak.half_s is not None
    low, middle, high = leak.half_s
    assert middle == pytest.approx(754 * math.log(2), rel=0.02)
    assert low < middle < high
    assert leak.reserve_s is None
    assert leak.packets[-1].record == shown[0][0]
    assert leak.packets[0].record <= 200


@pytest.mark.parametrize(("hole_mm", "within_s"), [(1.0, 8), (0.3, 10), (0.02, 60)])
def test_other_holes(hole_mm, within_s) -> None:
    tau_s = 754 * (0.1 / hole_mm) ** 2
    monitor, shown = watch(housekeeping(400, tau_s=after(200, tau_s), phase=1.0))
    assert shown[0][1].verdict == "leak"
    assert shown[0][0] - 200 <= within_s
    assert monitor.leaks[0].hole_mm == pytest.approx(hole_mm, rel=0.05)
    assert monitor.leaks[0].active  # a volume that is empty still has its hole


def test_a_cabin_leak_has_a_reserve() -> None:
    monitor, shown = watch(housekeeping(320, cabin_tau_s=after(200, 1800)))
    assert [(e.volume, e.verdict) for _, e in shown] == [("cabin", "leak")]
    (leak,) = monitor.leaks
    assert leak.half_s is None
    assert leak.reserve_s is not None
    low, middle, high = leak.reserve_s
    cabin_pa = 101_325 * math.exp(-120 / 1800)
    assert middle == pytest.approx(1800 * math.log(cabin_pa / 65_328), rel=0.03)
    assert low < 1800 * math.log(cabin_pa / 65_328) < high
    assert leak.hole_mm == pytest.approx(5.0, rel=0.02)


def test_a_leak_that_ends_becomes_inactive_and_keeps_its_best_figures() -> None:
    monitor, shown = watch(housekeeping(450, tau_s=after(200, 754, end=260)))
    assert len(shown) == 1
    (leak,) = monitor.leaks
    assert not leak.active
    assert leak.hole_mm == pytest.approx(0.1, rel=0.02)


def test_a_second_leak_is_another_one() -> None:
    def tau(t: float) -> float:
        return 754 if 200 < t <= 240 or t > 500 else math.inf

    monitor, _ = watch(housekeeping(600, tau_s=tau))
    assert [leak.active for leak in monitor.leaks] == [False, True]
    assert seconds(monitor.leaks[1].time_us) == pytest.approx(500, abs=2)


def test_noise_and_orbit_raise_nothing_in_1e5_s() -> None:
    """18 orbits; the lag is none of the hypotheses."""
    _, shown = watch(housekeeping(100_000, lag_s=97.0, seed=11))
    assert shown == []


@pytest.mark.parametrize("lag_s", [30, 75, 120])
@pytest.mark.parametrize("over_s", [10, 60, 300])
@pytest.mark.parametrize("delta_k", [5, -5])
@pytest.mark.parametrize("panes", [(0, 1, 1), (0, 1, 0), (0, 0, 1)])
def test_a_5_k_ramp_at_constant_gas_is_no_leak(lag_s, over_s, delta_k, panes) -> None:
    def heat(t: float) -> tuple[float, ...]:
        ramp = delta_k * min(1.0, max(0.0, (t - 200) / over_s))
        return tuple(ramp * p for p in panes)

    monitor, shown = watch(housekeeping(500, lag_s=lag_s, heat_k=heat, phase=1.0, seed=lag_s))
    assert monitor.leaks == []
    assert {e.verdict for _, e in shown} <= {"thermal"}
    if panes == (0, 1, 1) and over_s < 300:
        assert "gap2" in {e.volume for _, e in shown if e.verdict == "thermal"}


def test_a_leak_within_a_ramp_is_found() -> None:
    def heat(t: float) -> tuple[float, float, float]:
        ramp = 5 * min(1.0, max(0.0, (t - 200) / 60))
        return 0.0, ramp, ramp

    monitor, _ = watch(housekeeping(300, heat_k=heat, tau_s=after(210, 754)))
    assert [leak.volume for leak in monitor.leaks] == ["gap2"]
    assert monitor.leaks[0].hole_mm == pytest.approx(0.1, rel=0.05)


def altered(packets, change):
    for i, (time_us, values) in enumerate(packets):
        change(i, values)
        yield time_us, values


def test_a_drifting_thermometer_is_a_sensor_fault() -> None:
    def drift(i: int, values: dict[str, float]) -> None:
        values["t_middle"] += 0.04 * max(0, i - 200)

    monitor, shown = watch(altered(housekeeping(500), drift))
    assert monitor.leaks == []
    assert ("sensor_fault", "t_middle") in {(e.verdict, e.sensor) for _, e in shown}


def test_a_step_of_the_gauge_is_undetermined() -> None:
    def jump(i: int, values: dict[str, float]) -> None:
        values["p_gap2"] -= 3000 if i >= 200 else 0

    monitor, shown = watch(altered(housekeeping(400), jump))
    assert monitor.leaks == []
    assert "undetermined" in {e.verdict for _, e in shown}


def test_without_a_thermometer_a_fall_is_undetermined() -> None:
    monitor = LeakMonitor(UnitKey("sz20", "w1"), Window("w1", 1), 6.0)
    faulty = {"t_middle": "dead", "t_inner": "dead"}
    verdicts = set()
    for i, (time_us, values) in enumerate(housekeeping(300, tau_s=after(200, 754))):
        shown = monitor.update(time_us, time_us, values, faulty, PacketId("sz20", "w1", 1, i))
        verdicts |= {e.verdict for e in shown}
    assert verdicts == {"undetermined"}
    assert monitor.leaks == []


def test_a_leak_that_began_in_a_gap_of_data() -> None:
    packets = [
        p for p in housekeeping(400, tau_s=after(215, 754)) if not 200 <= seconds(p[0]) < 240
    ]
    monitor, shown = watch(packets)
    assert [e.verdict for _, e in shown] == ["leak"]
    assert seconds(monitor.leaks[0].time_us) == pytest.approx(215, abs=5)


def test_a_dead_gauge_is_not_a_leak() -> None:
    def die(i: int, values: dict[str, float]) -> None:
        values["p_gap2"] = 0.0 if i >= 200 else values["p_gap2"]

    monitor, shown = watch(altered(housekeeping(300), die))
    assert (monitor.leaks, shown) == ([], [])
