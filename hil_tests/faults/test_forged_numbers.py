"""Record numbers, boots and times that cannot be, live among honest packets: the unit is not taken
for silent, nothing honest is closed as lost, nothing absurd is asked for, and people are told."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ground.archive.archive import Archive
from ground.fleet import Fleet
from ground.model import Inspection
from ground.station import Station
from ground.stream.completeness import by_hour, latest, total
from ground.stream.records import CLAIM_RECORDS, LAST_RECORD, Records
from ground.stream.storage import DROPPED_KEPT
from hil_tests.faults.test_absurd_packets import RealBench
from hil_tests.sim.fake_unit import FakeUnit
from hil_tests.sim.ground_bench import T0, Bench, S
from hil_tests.sim.recording_assessor import RecordingAssessor
from hil_tests.sim.test_completeness import HOUR, SZ20, TAI_OF_T0

FAR_TAI_US = (2**32 - 1) * S
"""The last second that the wire can say: the year 2156."""


@pytest.fixture(params=[None, TAI_OF_T0], ids=["since boot", "TAI"])
def bench(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Bench]:
    made = Bench(tmp_path, [FakeUnit(boot_id=5, tai_base_us=request.param)])
    made.seconds(12)
    yield made
    made.kill()


def forge(bench: Bench, name: str = "housekeeping", *values: int, **facts: int | None) -> None:
    """A packet in the unit's name, which the unit did not make."""
    honest = bench.units[0]
    known = {"boot_id": 5, "next_record": honest.next_record, "now": bench.now} | facts
    known.setdefault("tai_base_us", honest.tai_base_us)
    other = FakeUnit(**known)  # type: ignore[arg-type]
    packet = other.make(name, *values) if values else getattr(other, name)()
    bench.deliver(honest, [packet])


def told(bench: Bench, kind: str) -> str:
    return bench.assessor.active.get(f"{kind}:{SZ20}", "")


def lives(bench: Bench) -> None:
    """Heard, current and complete; and the fold says the same."""
    bench.seconds(12)
    unit, stream = bench.units[0], bench.station.streams[SZ20]
    newest = unit.next_record - 6
    fresh = [p for p in bench.assessor.packets if p.decoded.record in range(newest, newest + 6)]
    assert [p.late for p in fresh if p.decoded.boot_id == unit.boot_id] == [False] * 6
    assert not stream.silent
    assert stream.current == unit.boot_id
    assert abs(stream.live_onboard_us - (T0 + bench.now)) < 3 * S
    assert unit.made.items() <= bench.archived(unit).items()
    assert (stream.count(lost=False), stream.count(lost=True)) == (0, 0)
    bench.commit()
    bench.kill()
    facts, holes, current = bench.assessor.facts(), stream.holes(), stream.current
    bench.station = Station(Archive(bench.path), Fleet(), RecordingAssessor, bench.keys)
    again = bench.station.streams[SZ20]
    assert (again.holes(), again.current) == (holes, current)
    assert bench.assessor.facts()[1] == facts[1]
    bench.station.start(T0 + bench.now)


def silences(bench: Bench) -> int:
    return sum(call[0] == "silence" and call[2] is not None for call in bench.assessor.calls)


@pytest.mark.parametrize("record", [LAST_RECORD, LAST_RECORD - 1, CLAIM_RECORDS + 100])
def test_a_record_beyond_belief_moves_nothing(bench: Bench, record: int) -> None:
    sent = len(bench.sent)
    forge(bench, next_record=record)
    bench.second()
    assert f"boot 5: record {record}" in told(bench, "claim")
    assert bench.station.streams[SZ20].count(lost=False) == 0
    lives(bench)
    assert not told(bench, "claim"), "its storage report is sound"
    assert silences(bench) == 0
    assert len(bench.sent) - sent < 30


def test_a_record_that_may_be_leaves_the_unit_silent_for_no_time(bench: Bench) -> None:
    """Nobody can tell it from one before which a million were lost; what goes on shows it."""
    forge(bench, next_record=1_000_000)
    lives(bench)
    assert silences(bench) == 0


def test_a_second_sender_far_ahead_is_told_for_an_hour(bench: Bench) -> None:
    """Each might be the unit's; its own packets show again and again that it is not."""
    forged = 1_000_000
    for second in range(16):
        if second % 4 == 0:
            forge(bench, next_record=forged)
            forged += 1
        bench.second()
        if second < 4:
            assert not told(bench, "divided"), "one stray packet"
    assert "someone else sends in its name" in told(bench, "divided")
    bench.seconds(5)
    assert told(bench, "divided")
    bench.now += 2 * HOUR
    bench.station.tick(T0 + bench.now)
    assert not told(bench, "divided")


@pytest.fixture(params=[None, TAI_OF_T0], ids=["since boot", "TAI"])
def real(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[RealBench]:
    """With the assessor that flies."""
    made = RealBench(tmp_path, [FakeUnit(boot_id=5, tai_base_us=request.param)])
    made.seconds(12)
    yield made
    made.kill()


def unknown_since_s(bench: Bench) -> float | None:
    (vehicle,) = bench.station.assessor.vehicles
    since_us = vehicle.unknown_since_us
    return None if since_us is None else (since_us - T0) / S


def inspect(bench: Bench, pane: str = "outer", result: str = "clear") -> None:
    at_us = T0 + bench.now
    bench.station.inspect(Inspection(SZ20, at_us, "olga", pane, result, 0.0, False, ""))


def an_hour_later(bench: Bench) -> None:
    """All that was told for an hour is over; the unit is heard, and nothing of it is missing."""
    bench.now += 2 * HOUR
    bench.station.tick(T0 + bench.now)
    bench.seconds(20)


@pytest.mark.parametrize("every", [1, 2, 4])
def test_a_vehicle_is_unknown_since_someone_else_sends_in_its_units_name(
    real: RealBench, every: int
) -> None:
    """Beside the unit, so often that its own packets never count as live, or by turns with them."""
    began_s, forged = real.now / S, 100_000
    assert unknown_since_s(real) is None
    for second in range(45):
        if second % every == 0:
            forge(real, next_record=forged)
            forged += 1
        real.second()
        if second == 30:
            inspect(real)
    assert real.told("someone else sends in its name")
    since_s = unknown_since_s(real)
    assert since_s is not None and began_s - 1.1 < since_s <= began_s
    real.restarted()
    assert unknown_since_s(real) == since_s

    an_hour_later(real)
    assert not real.told("someone else sends in its name")
    for pane, result in (("middle", "clear"), ("outer", "crack")):
        inspect(real, pane, result)
        assert unknown_since_s(real) == since_s
    real.restarted()
    assert unknown_since_s(real) == since_s
    inspect(real)
    assert unknown_since_s(real) is None
    real.restarted()
    assert unknown_since_s(real) is None


def test_a_look_that_is_logged_with_an_earlier_time_covers_no_later_one(real: RealBench) -> None:
    for forged in range(100_000, 100_004):
        forge(real, next_record=forged)
        real.seconds(5)
    an_hour_later(real)
    since_s = unknown_since_s(real)
    assert since_s is not None
    at_us = T0 + real.now - HOUR
    real.station.inspect(Inspection(SZ20, at_us, "olga", "outer", "clear", 0.0, False, ""))
    assert unknown_since_s(real) == since_s


def test_a_vehicle_is_unknown_since_two_packets_had_one_number(real: RealBench) -> None:
    """The ground keeps the first of them, which may be the forged one; people are told."""
    unit = real.units[0]
    began_s = real.now / S
    forge(real, "storage", 1, 5, 0, unit.next_record, *([0] * 21), 1)
    real.seconds(3)
    assert real.told("two different boots have number 5")
    since_s = unknown_since_s(real)
    assert since_s is not None and abs(since_s - began_s) < 1.1
    inspect(real)
    assert unknown_since_s(real) == since_s
    real.restarted()
    assert unknown_since_s(real) == since_s
    an_hour_later(real)
    real.now += 2 * HOUR  # the new run heard none of it, and waits for as long
    real.station.tick(T0 + real.now)
    real.seconds(20)
    assert not real.told("two different boots")
    inspect(real)
    assert unknown_since_s(real) is None
    real.restarted()


def test_a_boot_that_takes_the_unit_over_again_and_again_divides_it(real: RealBench) -> None:
    for number in (6, 7, 8):
        forge(real, "boot", boot_id=number, next_record=0)
        real.seconds(9)
    assert real.told("someone else sends in its name")
    real.restarted()
    assert unknown_since_s(real) is not None


@pytest.mark.parametrize("what", ["counter", "clock", "reboots", "losses", "outages"])
def test_what_a_unit_does_itself_makes_nobody_doubt_it(real: RealBench, what: str) -> None:
    """Also where its refills come at the pace of its live packets."""
    unit = real.units[0]
    real.loss = 0.15 if what == "losses" else 0.0
    for k in range(12):
        match what:
            case "counter" if k == 3:
                unit.next_record += 100_000
            case "counter" if k == 8:
                unit.next_record += 2**31
            case "clock":
                unit.booted = real.now - (k % 3) * 40 * S
            case "reboots" if k % 3 == 0:
                unit.now = real.now
                unit.reboot()
            case "outages":
                real.up = k % 2 == 0
        real.seconds(7)
    real.loss, real.up = 0.0, True
    real.seconds(30)
    keys = [key.partition(":")[0] for key in real.station.notices]
    assert not {"divided", "boots"} & set(keys)
    journal = real.station.archive.journal(10_000)
    assert not [row for row in journal if "doubt_since_us" in row.data]
    if what != "counter":  # what it left out stays missing
        assert unknown_since_s(real) is None


def test_a_counter_that_breaks_is_followed_once_it_goes_on(bench: Bench) -> None:
    unit, stream = bench.units[0], bench.station.streams[SZ20]
    unit.next_record += 2**31
    bench.seconds(2)
    assert told(bench, "claim")
    bench.seconds(10)
    assert (stream.silent, stream.boots[5].frontier) == (False, unit.next_record - 1)
    assert unit.made.items() <= bench.archived(unit).items()
    assert silences(bench) == 0


def test_a_storage_report_beyond_belief_closes_nothing(bench: Bench) -> None:
    unit = bench.units[0]
    bench.up = False
    bench.seconds(3)
    bench.up, unit.answer = True, lambda command: []
    bench.second()
    missing = bench.station.streams[SZ20].count(lost=False)
    assert missing
    for oldest, newest in ((LAST_RECORD, LAST_RECORD), (LAST_RECORD - 5, unit.next_record)):
        values = (1, 5, oldest, newest, *([0] * 21), 1)
        forge(bench, "storage", *values)
        unit.next_record += 1  # that number is the forged one's
        bench.second()
        assert told(bench, "claim")
        assert bench.station.streams[SZ20].count(lost=True) == 0
    forge(bench, "lost", 5, 0, LAST_RECORD, 0)
    assert bench.station.streams[SZ20].boots[5].dropped == []
    unit.next_record += 1
    unit.answer = None
    bench.seconds(30)
    assert unit.made.items() <= bench.archived(unit).items()


@pytest.mark.parametrize("boot_id", [6, 4, 30_000, 40_000])
@pytest.mark.parametrize("storage", [False, True])
def test_a_boot_of_another_age_takes_the_unit_over_for_seconds_at_most(
    bench: Bench, boot_id: int, storage: bool
) -> None:
    """In the year 2156, and with a storage report of its own."""
    facts = {"boot_id": boot_id, "next_record": 0, "tai_base_us": FAR_TAI_US - bench.now}
    forge(bench, "boot", **facts)
    if storage:
        forge(
            bench,
            "storage",
            2,
            boot_id,
            0,
            1,
            5,
            0,
            1,
            *([0] * 18),
            1,
            **facts | {"next_record": 1},
        )
    bench.seconds(9)
    lives(bench)
    assert silences(bench) <= 1
    if boot_id in (30_000, 40_000):
        assert f"boot number {boot_id} after 5" in told(bench, "restarts")


def test_a_unit_that_boots_after_a_stray_boot_is_found_again(bench: Bench) -> None:
    """Its number lies before that one's, and its first packets come while that seems to run."""
    unit = bench.units[0]
    forge(bench, "boot", boot_id=30_000, next_record=0)
    forge(bench, "storage", 1, 30_000, 0, 1, *([0] * 21), 1, boot_id=30_000, next_record=1)
    unit.now = bench.now
    unit.reboot()
    bench.seconds(9)
    stream = bench.station.streams[SZ20]
    assert (stream.current, stream.silent) == (unit.boot_id, False)


def test_a_boot_whose_number_was_forged_before_is_heard_and_told(bench: Bench) -> None:
    """Its first records are taken for repeats, so people hear of it; the others are read."""
    unit, stream = bench.units[0], bench.station.streams[SZ20]
    for number in range(6, 9):
        forge(bench, "boot", boot_id=number, next_record=0)
    bench.seconds(20)
    assert stream.current == 5
    unit.now = bench.now
    unit.reboot()
    bench.seconds(20)
    assert (stream.current, stream.silent) == (6, False)
    assert "two different boots have number 6" in told(bench, "boots")
    archived = bench.archived(unit)
    assert [key for key, data in unit.made.items() if archived.get(key) != data] == [(6, 0)]
    assert silences(bench) <= 1


def test_dropped_ranges_are_bounded(bench: Bench) -> None:
    unit, stream = bench.units[0], bench.station.streams[SZ20]
    bench.up, unit.answer = False, lambda command: []
    bench.seconds(3)
    bench.up = True
    bench.second()
    hole = next(h for h in stream.holes() if not h.lost)
    for k in range(300):
        bench.deliver(unit, [unit.make("lost", 5, hole.first, hole.last + k, 0)])
    assert 0 < len(stream.boots[5].dropped) <= DROPPED_KEPT


@pytest.mark.parametrize("tai_us", [0, FAR_TAI_US, TAI_OF_T0 - 30 * 24 * HOUR])
def test_a_time_beyond_belief_is_told_and_is_not_the_units(bench: Bench, tai_us: int) -> None:
    unit, stream = bench.units[0], bench.station.streams[SZ20]
    forge(bench, tai_base_us=tai_us - bench.now)
    unit.next_record += 1  # that number is the forged one's
    (packet,) = [p for p in bench.assessor.packets if abs(p.onboard_us - T0) > 24 * HOUR]
    assert packet.late, "it is no current value"
    assert abs(stream.live_onboard_us - (T0 + bench.now)) < 3 * S
    bench.up = False
    bench.seconds(2)
    bench.up = True
    unit.answer = lambda command: []
    bench.second()
    for hole in stream.holes():
        assert T0 <= hole.start_us <= hole.end_us <= T0 + bench.now
    assert "its clock leapt to" in told(bench, "clock")
    unit.answer = None
    lives(bench)
    assert total(latest(bench.station.streams[SZ20]))["expected"] >= len(unit.made)
    bench.now += 2 * HOUR
    bench.station.tick(T0 + bench.now)
    assert not told(bench, "clock")


def test_a_clock_that_is_set_by_years_is_followed_at_the_second_packet(tmp_path: Path) -> None:
    bench = Bench(tmp_path, [FakeUnit(tai_base_us=0)])
    bench.seconds(12)
    bench.units[0].tai_base_us = TAI_OF_T0
    before = len(bench.assessor.packets)
    bench.seconds(5)
    late = [p.late for p in bench.assessor.packets[before:]]
    assert late == [True] + [False] * (len(late) - 1)
    assert abs(bench.station.streams[SZ20].live_onboard_us - (T0 + bench.now)) < 3 * S
    assert told(bench, "clock")


def test_a_clock_that_jumps_all_the_time_takes_no_memory(bench: Bench) -> None:
    unit = bench.units[0]
    for k in range(40):
        unit.booted = bench.now - (k % 7) * 1000 * S
        bench.second()
    assert len(bench.station.streams[SZ20].boots[5].before_jumps) <= 16
    assert silences(bench) == 0


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), tai=st.booleans())
def test_whatever_is_forged_the_fold_knows_what_was_known_live(seed: int, tai: bool) -> None:
    """With requests, refills, losses and reboots under way, which the fold does not make."""
    rng = random.Random(seed)
    with TemporaryDirectory() as folder:
        unit = FakeUnit(boot_id=5, tai_base_us=TAI_OF_T0 if tai else None)
        bench = Bench(Path(folder), [unit], loss=0.1)
        for _ in range(60):
            bench.second()
            match rng.randrange(12):
                case 0 | 1:
                    record = rng.choice([unit.next_record, 10**6, LAST_RECORD, rng.randrange(90)])
                    base = rng.choice([unit.tai_base_us, FAR_TAI_US - bench.now])
                    forge(bench, boot_id=unit.boot_id, next_record=record, tai_base_us=base)
                case 2:
                    number, newest = rng.randrange(1, 2**16), rng.choice([3, LAST_RECORD])
                    facts = {"boot_id": number, "next_record": rng.choice([0, 1, LAST_RECORD])}
                    forge(bench, "boot", **facts)
                    facts["next_record"] += 1 if facts["next_record"] < LAST_RECORD else -1
                    forge(bench, "storage", 1, number, 0, newest, *([0] * 21), 1, **facts)
                case 3:
                    unit.now = bench.now
                    unit.reboot()
                case 4:
                    bench.up = not bench.up
        bench.up = True
        bench.seconds(3)
        stream = bench.station.streams[SZ20]

        def known() -> tuple[object, ...]:
            stream = bench.station.streams[SZ20]
            records = {
                number: (
                    boot.records.newest, boot.frontier, boot.before_jumps, boot.dropped,
                    [(g.first, g.last, g.start_us, g.end_us, g.lost, g.doubted)
                     for g in boot.records.gaps],
                )
                for number, boot in stream.boots.items()
            }  # fmt: skip
            dating, told = stream.dating, [(p.id, p.late) for p in bench.assessor.packets]
            return (
                records, stream.current, stream.boots.before, stream.holes(),
                stream.live_onboard_us, sorted(stream.boots.near),
                dating.newest, dating.leapt, dating.told, told,
                [*stream.division.found_us], stream.division.undivided_until_us,
                stream.restarts.words(bench.station.now_us, told=False), by_hour(stream, 0, 10**15),
            )  # fmt: skip

        before = known()
        bench.kill()
        bench.station = Station(Archive(bench.path), Fleet(), RecordingAssessor, bench.keys)
        assert known() == before
        assert len(stream.boots) == len(bench.station.streams[SZ20].boots)
        bench.kill()


@settings(max_examples=200)
@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("honest"), st.integers(0, 40)),
            st.tuples(st.just("stray"), st.integers(LAST_RECORD - 40, LAST_RECORD)),
            st.tuples(st.just("claim"), st.integers(0, 60)),
            st.tuples(st.just("lose"), st.integers(0, 40)),
            st.tuples(st.just("doubt"), st.integers(0, 40)),
            st.tuples(st.just("together"), st.integers(1, 9)),
        )
    )
)
def test_records_are_a_set_though_some_are_not_believed(steps: list[tuple[str, int]]) -> None:
    records, here, lost, newest = Records(), set[int](), set[int](), -1
    for what, number in steps:
        if what in ("honest", "stray"):
            assert records.lacks(number) == (number not in here)
            believed = what == "honest"
            assert records.add(number, number, believed) == (number not in here)
            newest = max(newest, number) if believed and number not in here else newest
            here.add(number)
            lost.discard(number)
        elif what == "claim":
            assert records.extend(number, number) == (number > newest)
            newest = max(newest, number)
        elif what == "lose":
            records.lose(number, number + 5)
            lost |= set(range(number, min(number + 5, newest) + 1)) - here
        elif what == "doubt":
            newest = min(newest, number - 1)
            records.doubt(number)
        elif records.room() >= number:
            new = set(range(newest + 1, newest + 1 + number))
            assert not new & here
            here |= new
            lost -= new
            newest += number
            records.go_on(newest, newest)
        assert records.newest == newest
        sound = [g for g in records.gaps if not g.doubted]
        missing = {r for g in sound if not g.lost for r in range(g.first, g.last + 1)}
        assert missing == set(range(newest + 1)) - here - lost
        told, _ = records.acknowledgement()
        assert told <= newest + 1 and not missing & set(range(told))
        every = [(g.first, g.last) for g in records.gaps]
        assert every == sorted(every) and all(first <= last for first, last in every)
        assert all(a[1] < b[0] for a, b in pairwise(every))
