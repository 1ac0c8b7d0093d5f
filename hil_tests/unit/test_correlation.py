"""The fit's error stays within the accuracy that it states, whatever comes late or jumps."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ground.model import UnitKey
from ground.stream.correlation import LAST, WINDOW, Correlation
from ground.stream.unit import UnitStream
from hil_tests.sim.fake_unit import FakeUnit
from protocol.schema.decode import decode

S = 1_000_000
T0 = 1_762_214_400 * S


class Report(NamedTuple):
    """A time report: when it was really made, what the unit's clock said, when it came (s)."""

    true_s: float
    onboard_us: int
    received_s: float
    record: int


@dataclass
class World:
    """A clock that drifts, and a link that delays."""

    rng: random.Random
    period_s: float
    drift: float
    jitter_s: float
    bad: float
    """Share of reports that come up to three minutes late."""
    length_s: float
    jump_at_s: float = float("inf")
    jump_s: float = 0.0
    reboot_at_s: float = float("inf")
    outage_s: tuple[float, float] = (0.0, 0.0)

    def clock_us(self, true_s: float) -> int:
        since_s = true_s - (self.reboot_at_s if true_s >= self.reboot_at_s else 0)
        jumped_s = self.jump_s if true_s >= self.jump_at_s else 0
        return round((since_s * (1 + self.drift) + jumped_s + 1000) * S)

    def delay_s(self) -> float:
        late_s = self.rng.uniform(1, 180) if self.rng.random() < self.bad else 0
        return late_s + self.rng.choice([
            self.rng.expovariate(1 / self.jitter_s), self.rng.uniform(0, 2 * self.jitter_s),
        ])  # fmt: skip

    def live(self) -> Iterator[Report]:
        """What the stream takes for live: nothing that a later record has overtaken."""
        count = int(self.length_s / self.period_s)
        made = [k * self.period_s for k in range(count)]
        made = [t for t in made if not self.outage_s[0] <= t < self.outage_s[1]]
        reports = [
            Report(t, self.clock_us(t), t + self.delay_s(), record) for record, t in enumerate(made)
        ]
        newest = -1
        for report in sorted(reports, key=lambda r: r.received_s):
            if report.record > newest:
                newest = report.record
                yield report


class Told(NamedTuple):
    """What was said at a report, in s."""

    true_s: float
    error_s: float
    accuracy_s: float | None
    since_change: int


def followed(world: World) -> tuple[Correlation, list[Told], int]:
    """The last fit, all that was told, and how many jumps were seen."""
    fit, told, jumps, before, since = None, [], 0, None, 0
    for report in world.live():
        point = (report.onboard_us, T0 + round(report.received_s * S))
        made = 1 if before is None else report.record - before.record
        since += 1
        for change_s in (world.jump_at_s, world.reboot_at_s):
            if before is None or before.true_s < change_s <= report.true_s:
                since = 0
        if fit is None:
            fit = Correlation(*point)
        elif before and before.true_s < world.reboot_at_s <= report.true_s:
            fit = fit.begin(*point)
        elif fit.jumped(*point, made):
            fit = fit.begin(*point)
            jumps += 1
        else:
            fit.live(*point, made)
        before = report
        if since > 60 and report.record % 7:
            continue  # for speed
        error_s = abs(fit.utc(report.onboard_us) / S - (T0 / S + report.true_s))
        told.append(Told(report.true_s, error_s, fit.accuracy_s, since))
    assert fit is not None
    return fit, told, jumps


def worlds(**more: st.SearchStrategy[float]) -> st.SearchStrategy[World]:
    return st.builds(
        World,
        rng=st.builds(random.Random, st.integers(0, 2**32)),
        period_s=st.sampled_from([0.5, 1.0, 1.0, 5.0]),
        drift=st.floats(-1e-4, 1e-4),
        jitter_s=st.sampled_from([0.0005, 0.005, 0.03, 0.2]),
        bad=st.sampled_from([0.0, 0.1, 0.3]),
        **{"length_s": st.sampled_from([60.0, 400.0, 800.0])} | more,
    )


def within(told: list[Told], grace: int = 0) -> bool:
    return all(
        t.error_s <= t.accuracy_s + 1e-6
        for t in told
        if t.accuracy_s is not None and t.since_change >= grace
    )


@settings(max_examples=25, deadline=None)
@given(worlds())
def test_the_error_stays_within_the_stated_accuracy(world: World) -> None:
    fit, told, jumps = followed(world)
    assert jumps == 0, "late reports are no jump"
    assert within(told)
    if fit.drift_ppm is not None:
        assert fit.drift_accuracy_ppm is not None
        assert abs(fit.drift_ppm - world.drift * 1e6) <= fit.drift_accuracy_ppm + 1e-3
    if world.length_s > 300:
        assert told[-1].accuracy_s is not None


@settings(max_examples=12, deadline=None)
@given(worlds(
    length_s=st.just(700.0), jump_at_s=st.floats(60, 400),
    jump_s=st.one_of(st.floats(20, 4000), st.floats(-900, -40)),
))  # fmt: skip
def test_it_follows_a_clock_that_jumps(world: World) -> None:
    world.bad = 0.0
    _, told, jumps = followed(world)
    assert jumps == 1
    assert within(told)
    assert told[-1].error_s < 6 * world.jitter_s + 0.005


@settings(max_examples=12, deadline=None)
@given(worlds(
    length_s=st.just(1400.0), jump_at_s=st.floats(60, 400), jump_s=st.floats(-0.45, 1.5),
))  # fmt: skip
def test_a_jump_too_small_to_tell_from_delay_shows_in_the_accuracy(world: World) -> None:
    world.bad = 0.0
    _, told, jumps = followed(world)
    assert jumps == 0
    assert within(told, grace=round(1.5 * (LAST + 1) / min(world.period_s, 1.0)))
    if (1400 - 400) / world.period_s > 2 * WINDOW:
        assert told[-1].error_s < 6 * world.jitter_s + 0.005


@settings(max_examples=12, deadline=None)
@given(worlds(length_s=st.just(600.0), reboot_at_s=st.floats(20, 500)))
def test_it_follows_a_reboot(world: World) -> None:
    _, told, jumps = followed(world)
    assert jumps == 0
    assert within(told)


@settings(max_examples=12, deadline=None)
@given(worlds(length_s=st.just(5000.0)), st.floats(60, 700), st.floats(10, 4000))
def test_a_loss_of_the_link_is_no_jump(world: World, start_s: float, loss_s: float) -> None:
    world.period_s = 5.0
    world.outage_s = (start_s, start_s + loss_s)
    _, told, jumps = followed(world)
    assert jumps == 0
    assert within(told)


@pytest.mark.parametrize("drift_ppm", [-100, -20, 0, 55, 100])
def test_the_drift_is_found(drift_ppm: float) -> None:
    """From ST[09] reports alone, each 5 s, a third of them up to minutes late."""
    world = World(random.Random(4), 5.0, drift_ppm / 1e6, 0.005, 0.3, 1800.0)
    fit, told, _ = followed(world)
    assert fit.drift_ppm == pytest.approx(drift_ppm, abs=3)
    assert fit.drift_accuracy_ppm is not None
    assert fit.drift_accuracy_ppm < 20
    assert told[-1].accuracy_s is not None
    assert told[-1].accuracy_s < 0.05


@pytest.mark.parametrize("cadence_s", [1, 5])
@pytest.mark.parametrize("lost", [0, 3])
def test_a_backlog_that_arrives_at_once_is_no_jump(cadence_s: int, lost: int) -> None:
    """A new boot takes the rate over, so it could tell jumps: each packet is less late by 5 s."""
    fit = Correlation(0, T0)
    for k in range(1, 100):
        fit.live(k * cadence_s * S, T0 + k * cadence_s * S + 1000)
    fit = fit.begin(0, T0 + 1000 * S)  # the first of it was made long ago
    made = lost + 1
    for k in range(made, 60, made):
        point = (k * cadence_s * S, T0 + 1000 * S + k * 100)
        assert not fit.jumped(*point, made)
        fit.live(*point, made)
    newest_us = T0 + 1000 * S + 60 * 100
    assert fit.utc(57 * cadence_s * S) == pytest.approx(newest_us, abs=cadence_s * 4 * S)


def test_a_clock_that_is_set_is_a_jump_though_packets_are_missing() -> None:
    fit = Correlation(0, T0)
    for k in range(1, 100):
        fit.live(k * S, T0 + k * S + 1000)
    assert fit.jumped(160 * S, T0 + 100 * S, made=3), "three packets take no minute"
    assert not fit.jumped(160 * S, T0 + 100 * S, made=60), "sixty do: the last was late"


def test_time_reports_alone_are_enough() -> None:
    """ST[09] packets take the way of every live packet; what they say is what their header says."""
    unit, stream = FakeUnit(), UnitStream(UnitKey("sz20", "w1"))
    packets = [unit.boot()]
    for k in range(1, 200):
        unit.now = round(5 * k * S * (1 + 4e-5))
        packets.append(unit.time())
        decoded = decode(packets[-1])
        assert int(decoded.raw["since_boot_us"]) == pytest.approx(decoded.time_us, abs=1)
    for k, packet in enumerate(packets):
        now = T0 + 5 * k * S + 2_000
        stream.accept(decode(packet), "line", now, now)
    fit = stream.correlation
    assert fit is not None
    assert fit.drift_ppm == pytest.approx(40, abs=1)
    assert fit.offset_s == pytest.approx(T0 / S, abs=0.1)


def test_a_speed_that_nobody_told_is_no_drift() -> None:
    fit = Correlation(0, T0)
    for k in range(1, 200):
        fit.live(10 * k * S, T0 + k * S)
    assert fit.rate == pytest.approx(0.1)
    assert fit.drift_ppm is None
    for k in range(1, 700):  # and back
        fit.live((2000 + k) * S, T0 + (200 + k) * S)
    assert fit.drift_ppm == pytest.approx(0, abs=1)
