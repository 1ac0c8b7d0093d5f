"""What a live unit does not show is not nothing: no GREEN without UNKNOWN SINCE or AMBER."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import pytest

from ground.fleet import Fleet
from ground.model import Aside, Hole, Inspection, UnitKey
from ground.verdict.assessor import Assessor
from ground.verdict.missing import REFILL_US
from hil_tests.sim.fake_unit import FakeUnit
from hil_tests.sim.ground_bench import T0, S
from hil_tests.sim.test_station_assessed import SZ20, AssessedBench
from hil_tests.unit.orbit import T0_US, housekeeping
from hil_tests.unit.telemetry import Sender
from hil_tests.unit.test_return_status import FLEET, UNIT, look, started, vehicle
from protocol.schema.severity import Severity


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[AssessedBench]:
    made = AssessedBench(tmp_path, [FakeUnit()])
    yield made
    made.kill()


def same_after_a_restart(bench: AssessedBench) -> None:
    bench.station.stop(T0 + bench.now)
    live = bench.conclusions()
    bench.kill()
    bench.open()
    assert bench.conclusions() == live


def test_a_hit_lost_on_a_one_way_link_is_unknown_until_someone_looks(bench: AssessedBench) -> None:
    bench.deaf = True
    bench.seconds(12)
    unit = bench.units[0]
    unit.now = bench.now
    unit.hit()  # made, and lost on the way
    lost_us = T0 + bench.now
    bench.seconds(REFILL_US // S + 2)
    assert bench.vehicle("sz20").unknown_since_us == pytest.approx(lost_us, abs=2 * S)
    bench.seconds(230)  # twelve requests in vain
    assert bench.station.streams[SZ20].given_up() == 1
    assert bench.vehicle("sz20").unknown_since_us == pytest.approx(lost_us, abs=2 * S)
    same_after_a_restart(bench)
    bench.station.inspect(Inspection(SZ20, T0 + bench.now, "Ada", "outer", "clear"))
    assert bench.vehicle("sz20").unknown_since_us is None
    same_after_a_restart(bench)


def test_a_refill_in_time_is_no_word(bench: AssessedBench) -> None:
    unit = bench.units[0]
    bench.loss = 0.05
    bench.seconds(3)
    for _ in range(60):
        bench.second()
        assert bench.vehicle("sz20").unknown_since_us is None
    assert len(unit.made) > len(bench.archived(unit)) - 10


def hole(first: int, last: int, *, lost: bool = False, boot: int = 1) -> Hole:
    return Hole(UNIT, boot, first, last, T0_US + first * S, T0_US + (last + 2) * S, lost)


def test_what_is_left_of_a_hole_is_as_old_as_the_whole() -> None:
    assessor, _ = started()  # until 4 s
    assessor.holes(UNIT, (hole(1, 1), hole(10, 90), hole(10, 20, boot=2)))
    assessor.tick(T0_US + 8 * S)
    assert vehicle(assessor).unknown_since_us is None
    # the middle has come; another hole is new
    assessor.holes(UNIT, (hole(12, 20), hole(60, 80), hole(95, 95)))
    assessor.tick(T0_US + 13 * S)
    assert vehicle(assessor).unknown_since_us is None
    assessor.tick(T0_US + 14 * S)
    assert vehicle(assessor).unknown_since_us == T0_US + 12 * S
    assessor.holes(UNIT, (hole(70, 71), hole(95, 95)))
    assert vehicle(assessor).unknown_since_us == T0_US + 70 * S
    assessor.holes(UNIT, (hole(95, 95),))
    assert vehicle(assessor).unknown_since_us is None
    assessor.tick(T0_US + 18 * S)
    assert vehicle(assessor).unknown_since_us == T0_US + 95 * S
    assessor.holes(UNIT, (hole(95, 95, lost=True),))
    assert vehicle(assessor).unknown_since_us is None
    assert [rule.name for rule in vehicle(assessor).rules] == ["unmonitored"]


def test_what_boots_miss_that_are_not_looked_at_counts_too() -> None:
    assessor, _ = started()
    assessor.holes(UNIT, (), Aside(missing=3, until_us=T0_US + 2 * S))
    assessor.tick(T0_US + 4 * S + REFILL_US)
    assert vehicle(assessor).unknown_since_us == T0_US + 2 * S
    assessor.inspection(look(1))
    assert vehicle(assessor).unknown_since_us == T0_US + 2 * S
    assessor.inspection(look(3))
    assert vehicle(assessor).unknown_since_us is None


def live(bench: AssessedBench, seconds: int, every_s: int) -> None:
    """All reports on their dates, but housekeeping only each so many seconds; 0: none."""
    (unit,) = bench.units
    for _ in range(seconds):
        unit.now, s = bench.now, bench.now // S
        packets = [unit.boot()] if s % 30 == 0 else []
        packets += [unit.time()]
        if every_s and s % every_s == 0:
            packets.append(unit.housekeeping())
        bench.deliver(unit, packets + ([unit.storage()] if s % 10 == 0 else []))
        bench.commit()
        bench.now += S
        bench.station.tick(T0 + bench.now)
        bench.commit()


@pytest.mark.parametrize("every_s", [0, 8, 20])
def test_hardly_any_housekeeping_is_an_alarm_and_unknown(bench: AssessedBench, every_s) -> None:
    live(bench, 30, every_s=1)
    live(bench, 98, every_s=every_s)
    blind_us = bench.vehicle("sz20").unknown_since_us
    assert T0 + 29 * S <= blind_us < T0 + 75 * S  # since as much as is needed came last
    (alarm,) = bench.open_alarms("unseen:")
    assert (alarm.active, alarm.severity, alarm.time_us) == (True, Severity.DISTRESS, blind_us)
    live(bench, 120, every_s=every_s)
    (alarm,) = bench.open_alarms("unseen:")
    assert (alarm.active, alarm.count) == (True, 1)
    assert bench.vehicle("sz20").unknown_since_us == blind_us
    same_after_a_restart(bench)
    live(bench, 10, every_s=1)
    assert not [a for a in bench.open_alarms("unseen:") if a.active]
    assert bench.vehicle("sz20").unknown_since_us is None
    same_after_a_restart(bench)


@pytest.mark.parametrize("killed", [False, True])
def test_after_a_silence_housekeeping_has_its_time(bench: AssessedBench, killed) -> None:
    live(bench, 30, every_s=1)
    if killed:
        bench.kill()
        bench.now += 300 * S
        bench.open()
    bench.up = False
    live(bench, 90, every_s=1)
    bench.up = True
    live(bench, 90, every_s=2)
    assert bench.open_alarms("silence:")
    assert bench.open_alarms("unseen:") == []
    assert bench.vehicle("sz20").unknown_since_us is None


DEAD = [{"sensor_health": 0}, {"sensor_health": 0b111101}, {"p_gap2": 0}, {"p_gap2": 2**32 - 1}]


@pytest.mark.parametrize("dead", DEAD, ids=str)
def test_without_a_good_gauge_a_leak_would_go_unseen(dead: dict[str, int]) -> None:
    """Gap 2 loses a third of its gas while nobody can tell."""
    assessor, sender = Assessor(FLEET), Sender()
    leaking = lambda t: 754 if t >= 80 else math.inf  # noqa: E731
    for i, (time_us, slow) in enumerate(housekeeping(380, tau_s=leaking)):
        bad = dead if i >= 40 else {}
        assessor.packet(sender.housekeeping(time_us, slow, **bad))
        if i == 39:
            assert vehicle(assessor).status == "GREEN"
    told = [rule for rule in vehicle(assessor).rules if rule.inputs["volume"] == "gap2"]
    assert [(r.status, r.name) for r in told] == [("AMBER", "no_gauge")]
    assert "a leak would go unseen" in told[0].words
    assert vehicle(assessor).history[-1][0] <= T0_US + 70 * S


def test_one_gauge_of_the_cabin_is_enough_for_all_its_windows() -> None:
    windows = [{"id": "w1", "vented": [True, True]}, {"id": "w2", "vented": [True, True]}]
    fleet = Fleet.from_dict({"vehicle": [{"id": "sz20", "role": "return", "window": windows}]})
    assessor = Assessor(fleet)
    senders = [Sender(UnitKey("sz20", w)) for w in ("w1", "w2")]
    for i, (time_us, slow) in enumerate(housekeeping(30)):
        for window, sender in enumerate(senders):
            bad = {"sensor_health": 0} if 10 + 5 * window <= i < 20 + 5 * window else {}
            assessor.packet(sender.housekeeping(time_us, slow, **bad))
        dark = [r.inputs["window"] for r in vehicle(assessor).rules]
        assert dark == (["w1", "w2"] if 15 <= i < 20 else [])


@pytest.mark.parametrize("after_s", [0, 1, 5])
def test_a_look_before_a_leak_does_not_make_it_good(after_s: int) -> None:
    """The estimated onset may lie before the look; the packets that show the leak do not."""
    look_s = 120
    leaking = lambda t: 754 if look_s + after_s <= t < 300 else math.inf  # noqa: E731
    assessor, sender = Assessor(FLEET), Sender()
    for i, (time_us, slow) in enumerate(housekeeping(420, tau_s=leaking)):
        if i == look_s:
            assessor.inspection(look(look_s))
        assessor.packet(sender.housekeeping(time_us, slow))
    assert [leak.active for leak in assessor.leaks] == [False]
    assert vehicle(assessor).status == "RED"
    assessor.inspection(look(250))  # it went on for a while
    assert vehicle(assessor).status == "RED"
    assessor.inspection(look(421))
    assert vehicle(assessor).status == "GREEN"
