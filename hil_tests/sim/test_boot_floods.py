"""Boots without end: what is done for one costs the same however many there were, nothing that a
unit sends is lost or falsely told complete, and people hear of it."""

from __future__ import annotations

import random
import tracemalloc
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ground.archive.archive import Archive
from ground.fleet import Fleet
from ground.model import Alarm, Chunk, Hole, UnitKey
from ground.station import Station
from ground.stream.boots import NEAR
from ground.stream.completeness import by_hour, total
from ground.stream.ends import SLACK, Ends
from ground.stream.identity import LINES, Identities
from ground.stream.restarts import BOOTS_MAX, Restarts
from ground.stream.unit import REPEATS_KEPT, UnitStream
from ground.verdict.assessor import Assessor
from hil_tests.sim.fake_unit import FakeUnit
from hil_tests.sim.ground_bench import T0, Bench, S, key_store
from protocol.schema.decode import decode

SZ20 = UnitKey("sz20", "w1")
HOUR = 3600 * S
EVER = T0 + 366 * 24 * HOUR


def accept(stream: UnitStream, unit: FakeUnit, *packets: bytes) -> list[bool]:
    now_us = T0 + unit.now + 2_000
    return [stream.accept(decode(p), "line", now_us, now_us) is not None for p in packets]


def flooded(boots: int, first_record: int, step_us: int = S) -> tuple[UnitStream, list[FakeUnit]]:
    """One packet of each boot, records before it missing."""
    stream, units = UnitStream(SZ20), []
    for number in range(1, boots + 1):
        unit = FakeUnit(boot_id=number, now=number * step_us, next_record=first_record)
        unit.booted = unit.now
        assert accept(stream, unit, unit.boot()) == [True]
        units.append(unit)
    return stream, units


@pytest.mark.parametrize("boots", [400, 800])
def test_few_are_looked_at_and_nothing_is_forgotten(boots: int) -> None:
    stream, units = flooded(boots, first_record=5)
    assert len(stream.boots.near) == NEAR and len(stream.boots) == boots
    missing = 5 * (boots - 1)  # of the very first one nobody mourns what came before
    assert stream.count(lost=False) == missing + 5
    assert len(stream.holes()) <= NEAR + 1, "one of them the unknown end of the boot before"
    near, aside = stream.holes(), stream.aside()
    assert sum(h.last - h.first + 1 for h in near[1:]) + aside.missing == missing + 5
    found = total(by_hour(stream, T0, EVER))
    assert (found["received"], found["not_fetched"], found["lost"]) == (boots, missing, 0)
    first, last = units[0], units[-1]
    first.now = last.now
    for unit in units[1:40]:
        assert accept(stream, unit, *unit.made.values()) == [False], "it is here already"
        unit.next_record = 3
        assert accept(stream, unit, unit.housekeeping()) == [True], "and this one is not"
    assert stream.count(lost=False) == missing + 5 - 39
    assert stream.two_boots_of_one_number is None
    assert len(stream._repeats) <= REPEATS_KEPT and len(stream.boots.near) == NEAR


def test_a_boot_that_is_set_aside_takes_less_than_a_kilobyte() -> None:
    unit, packets = FakeUnit(), []
    for number in range(1, 1601):
        unit.boot_id, unit.now, unit.next_record = number, number * S, number % 3
        unit.booted = unit.now
        packets.append((unit.now, decode(unit.boot())))
    stream, took = UnitStream(SZ20), []
    tracemalloc.start()
    try:
        for part in (packets[:800], packets[800:]):
            for now, packet in part:
                stream.accept(packet, "line", T0 + now, T0 + now)
            stream.aside()
            took.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
    print(f"{(took[1] - took[0]) / 800:.0f} bytes a boot")
    assert took[1] - took[0] < 800 * 1024


def test_what_is_not_on_board_is_lost_whether_it_is_looked_at_or_not() -> None:
    stream, units = flooded(300, first_record=5)
    stream.aside()
    last = units[-1]
    accept(stream, last, last.storage())  # it keeps this boot alone
    assert stream.count(lost=False) == 0
    assert stream.count(lost=True) == 5 * 299
    gone = [h for h in (*stream.holes(), *stream.aside().gone) if h.lost]
    assert Counter(h.last - h.first + 1 for h in gone) == {5: 299}
    assert len({h.boot for h in gone}) == 299
    assert stream.aside().gone == (), "told once"
    assert stream.aside().until_us == 0
    unit = units[10]
    unit.next_record = 2
    assert accept(stream, unit, unit.housekeeping()) == [True], "it came in the end"
    assert stream.count(lost=True) == 5 * 299 - 1
    assert total(by_hour(stream, T0, EVER))["lost"] == 5 * 299 - 1


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), share=st.sampled_from([0.1, 0.5, 0.9]))
def test_it_is_what_a_model_says_that_knows_all_boots(seed: int, share: float) -> None:
    """Packets of many boots in any order, some named as on board, some lost."""
    rng = random.Random(seed)
    stream = UnitStream(SZ20)
    boots = [FakeUnit(boot_id=n, now=n * S, booted=n * S) for n in range(1, 3 * NEAR)]
    have, lost, newest = set[tuple[int, int]](), set[tuple[int, int]](), dict[int, int]()
    accept(stream, boots[0], boots[0].boot())
    have.add((1, 0))
    newest[1] = 0
    for _ in range(400):
        unit = rng.choice(boots[: rng.randrange(1, len(boots))])
        unit.next_record = rng.randrange(30)
        key = (unit.boot_id, unit.next_record)
        packet = unit.made.get(key) or unit.housekeeping()
        assert accept(stream, unit, packet) == [key not in have]
        have.add(key)
        lost.discard(key)
        newest[key[0]] = max(newest.get(key[0], 0), key[1])
        if rng.random() < share / 10:
            boot, first = rng.choice(list(newest)), rng.randrange(30)
            stream.lose(boot, first, first + 3)
            lost |= {
                (boot, r)
                for r in range(first, min(first + 3, newest[boot]) + 1)
                if (boot, r) not in have
            }
    missing = {(b, r) for b, top in newest.items() for r in range(top)} - have - lost
    assert len(stream.boots.near) <= NEAR
    assert (stream.count(lost=False), stream.count(lost=True)) == (len(missing), len(lost))
    hours = by_hour(stream, 0, EVER)
    for what, records in (("received", have), ("not_fetched", missing), ("lost", lost)):
        told = Counter[int]()
        for hour in hours:
            told[hour.boot] += getattr(hour, what)
        assert +told == Counter(boot for boot, _ in records)
    assert {n: b.records.newest for n, b in stream.boots.items()} == newest


def alarms(bench: Bench, kind: str) -> list[str]:
    return [words for key, words in bench.assessor.active.items() if key.startswith(kind)]


def test_a_watchdog_loop_is_served_to_the_last_record_and_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A boot each 10 s, most of them on a line that loses packets; all is fetched."""
    monkeypatch.setattr("ground.stream.boots.NEAR", 16)
    unit = FakeUnit()
    bench = Bench(tmp_path, [unit], loss=0.1)
    for _ in range(32):
        bench.seconds(10)
        unit.now = bench.now
        unit.reboot()
    assert "boots within an hour, from 1 to " in alarms(bench, "restarts:")[0]
    bench.loss = 0
    bench.seconds(60)
    assert bench.archived(unit) == unit.made
    stream = bench.station.streams[SZ20]
    assert (stream.count(lost=False), stream.count(lost=True)) == (0, 0)
    counts = total(by_hour(stream, 0, EVER))
    assert counts["received"] == counts["expected"] == len(unit.made)
    holes, calls = stream.holes(), len(bench.sent)
    bench.kill()
    bench.station = Station(Archive(bench.path), Fleet(), type(bench.assessor), bench.keys)
    again = bench.station.streams[SZ20]
    assert again.holes() == holes and calls
    assert total(by_hour(again, 0, EVER)) == counts
    assert alarms(bench, "restarts:")
    bench.station.start(T0 + bench.now)
    bench.now += 2 * HOUR
    bench.station.tick(T0 + bench.now)
    assert not alarms(bench, "restarts:")


def test_what_such_a_unit_loses_is_told_as_lost(tmp_path: Path) -> None:
    """It keeps 8 boots; what the link did not bring of the others is gone."""
    unit = FakeUnit()
    bench = Bench(tmp_path, [unit])
    bench.seconds(12)
    bench.up = False
    for _ in range(NEAR + 20):
        unit.now = bench.now
        unit.reboot()
        bench.seconds(10)
    bench.up = True
    kept = {boot for boot, _ in unit.store}
    for boot, record in list(unit.store):
        if boot not in sorted(kept)[-8:]:
            del unit.store[boot, record]
    bench.seconds(120)
    stream = bench.station.streams[SZ20]
    have = bench.archived(unit)
    assert stream.count(lost=False) == 0
    assert {key for key in unit.made if key[0] in sorted(kept)[-8:]} <= set(have)
    assert len(stream.boots) <= 10, "of boots between nobody ever told"


def test_a_flood_costs_the_rebuild_no_more_and_folds_to_the_same(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    station = Station(Archive(path), Fleet(), Assessor, key_store(tmp_path / "keys", FakeUnit()))
    station.start(T0)
    looked_at = 0
    for number in range(1, 6 * NEAR):
        unit = FakeUnit(boot_id=number, now=number * S // 4, next_record=number % 4)
        unit.booted = unit.now
        packets = [unit.boot()] + ([unit.storage()] if number % 50 == 0 else [])
        station.receive(Chunk("line", T0 + unit.now, b"".join(packets), framed=False, unit=SZ20))
        if number % 20 == 0:
            station.tick(T0 + unit.now)
            station.commit()
        looked_at = max(looked_at, len(station.streams[SZ20].boots.near))
    station.tick(station.now_us + S)
    station.commit()
    assert looked_at == NEAR

    def known(of: Station) -> tuple[object, ...]:
        stream = of.streams[SZ20]
        facts = (stream.holes(), stream.count(False), stream.count(True), sorted(stream.boots.near))
        records = {n: (b.records.newest, b.records.gaps) for n, b in stream.boots.items()}
        return (*facts, records, by_hour(stream, 0, EVER), list(of.assessor.alarms))

    before = known(station)
    station.archive.close()
    again = Station(Archive(path), Fleet(), Assessor)
    assert known(again) == before
    again.archive.close()
    (told,) = [a for a in before[-1] if isinstance(a, Alarm) and a.key.startswith("restarts:")]
    assert "boots within an hour" in told.what and "who may send" in told.what


def test_small_blocks_of_boots_that_are_over_are_not_looked_at_again(tmp_path: Path) -> None:
    archive = Archive(tmp_path / "a.db")
    station = Station(archive, Fleet(), Assessor)
    station.start(T0)
    seen: list[str] = []
    for number in range(1, 40):
        unit = FakeUnit(boot_id=number, now=number * S)
        unit.booted = unit.now
        station.receive(Chunk("line", T0 + unit.now, unit.boot(), framed=False, unit=SZ20))
        storing = archive._storing
        assert storing is not None
        touched: list[object] = []
        small = storing._small
        storing._small = lambda *a, touched=touched, small=small: (touched.append(a), small(*a))[1]  # type: ignore[method-assign]
        station.commit()
        storing._small = small  # type: ignore[method-assign]
        seen.append(str(len(touched)))
    assert len(set(seen[5:])) == 1, "the same each time"


def test_boot_numbers_of_no_single_unit_are_told() -> None:
    restarts, now = Restarts(), T0
    for number, running in ((5, -1), (6, 5), (7, 6)):
        restarts.began(number, running, now, now - S)
    assert restarts.words(now, told=False) == ""
    restarts.began(5, 900, now, now - S)
    assert restarts.words(now, told=False) == "", "an older one, late"
    restarts.began(40_000, 7, now, now - S)
    assert "boot number 40000 after 7 at" in restarts.words(now, told=False)
    assert restarts.words(now + HOUR, told=True) == ""
    restarts.began(41_000, 40_000, now + 4 * HOUR, now + HOUR)
    assert restarts.words(now + 4 * HOUR, told=False) == "", "it had three hours for these"
    restarts.began(1, 65_535, now + 5 * HOUR, now + 5 * HOUR)
    assert restarts.words(now + 5 * HOUR, told=False) == "", "1 comes after the last"


def test_how_often_is_counted_by_the_minute_and_ends_below_half() -> None:
    restarts = Restarts()
    for k in range(BOOTS_MAX):
        restarts.began(k + 1, k, T0 + k * 60 * S, T0)
    end = T0 + BOOTS_MAX * 60 * S
    assert restarts.words(end, told=False) == ""
    restarts.began(BOOTS_MAX + 1, BOOTS_MAX, end, T0)
    assert f"{BOOTS_MAX + 1} boots within an hour, from 1 to 13" in restarts.words(end, told=False)
    assert restarts.words(T0 + HOUR + 4 * 60 * S, told=True)
    assert not restarts.words(T0 + HOUR + 4 * 60 * S, told=False)
    assert not restarts.words(T0 + HOUR + 8 * 60 * S, told=True)


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(-1, 1000))))
def test_the_latest_end_of_all(moves: list[tuple[int, int]]) -> None:
    ends, model = Ends(), dict[int, int]()
    for number, time_us in moves:
        if time_us < 0:
            ends.discard(number)
            model.pop(number, None)
        else:
            ends.add(number, time_us)
            model[number] = max(model.get(number, 0), time_us)
        assert ends.latest() == max(model.values(), default=0)
        assert set(ends.numbers()) == set(model)
        assert len(ends._latest_first) <= 2 * len(model) + 2 * SLACK


def test_boots_on_lines_are_known_up_to_a_number_and_the_live_ones_stay() -> None:
    identities, other = Identities(), UnitKey("sz21", "w1")
    identities.learn(("line", 2, 1), other)
    for number in range(2 * LINES):
        assert identities.of(("line", 1, number), SZ20) == SZ20
        assert identities.of(("line", 2, 1), None) == other
    assert len(identities.known()) == LINES
    assert identities.of(("line", 1, 0), None) is None, "until its next boot packet"


def hole(boot: int, start_s: int, end_s: int) -> Hole:
    return Hole(SZ20, boot, 0, 4, T0 + start_s * S, T0 + end_s * S, lost=True)


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 12)), max_size=12))
def test_times_that_are_lost_are_merged(spans: list[tuple[int, int]]) -> None:
    from ground.verdict.facts import WindowFacts

    facts, covered = WindowFacts(), set[int]()
    for start, length in spans:
        new = not any(a <= T0 + start * S and T0 + (start + length) * S <= b for a, b in facts.lost)
        assert facts.lose((hole(1, start, start + length),)) == new
        covered |= set(range(2 * start, 2 * (start + length) + 1))
    told = {k for a, b in facts.lost for k in range((a - T0) // (S // 2), (b - T0) // (S // 2) + 1)}
    assert told == covered
    assert all(a[1] < b[0] for a, b in zip(facts.lost, facts.lost[1:], strict=False))
