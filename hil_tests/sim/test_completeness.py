"""Records expected, received and missing by hour, against a model that knows all that was made."""

from __future__ import annotations

import random
import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ground.archive.archive import Archive
from ground.archive.entries import StoredRun
from ground.fleet import Fleet
from ground.model import Chunk, UnitKey
from ground.station import Station
from ground.stream.boot import Boot
from ground.stream.completeness import Completeness, by_hour, latest, total
from ground.stream.records import Gap, Records
from ground.stream.unit import UnitStream
from ground.summary import summary
from ground.verdict.assessor import Assessor
from hil_tests.sim.fake_unit import FakeUnit
from hil_tests.sim.ground_bench import T0, Bench, S
from protocol.schema.decode import decode
from tools.cli.text_report import as_text

TAI_OF_T0 = 184_377_600_000_000 + 37 * S
HOUR = 3600 * S
SZ20 = UnitKey("sz20", "w1")
FOR_EVER = T0 + 366 * 24 * HOUR
RECORDS_MAX = 60
"""Of a boot."""
LONGEST_STEP_MIN = 23
"""A day holds RECORDS_MAX of such steps: a clock that leaps farther, as it seems to where records
come out of order, is not believed at once, and what is missing before it is placed elsewhere."""


@dataclass
class Model:
    """A unit that knows UTC and makes a record every `step_us`, and what the ground has of them."""

    step_us: int
    unit: FakeUnit = field(default_factory=lambda: FakeUnit(tai_base_us=TAI_OF_T0))
    stream: UnitStream = field(default_factory=lambda: UnitStream(SZ20))
    made_us: dict[tuple[int, int], int] = field(default_factory=dict)
    have: set[tuple[int, int]] = field(default_factory=set)
    lost: set[tuple[int, int]] = field(default_factory=set)

    def make(self, name: str = "housekeeping") -> tuple[int, int]:
        self.unit.now += self.step_us
        key = (self.unit.boot_id, self.unit.next_record)
        getattr(self.unit, name)()
        self.made_us[key] = T0 + self.unit.now
        return key

    def take(self, *keys: tuple[int, int]) -> None:
        for key in keys:
            now = T0 + self.unit.now + 2_000
            taken = self.stream.accept(decode(self.unit.made[key]), "line", now, now)
            assert (taken is None) == (key in self.have)
            self.have.add(key)

    def missing(self) -> set[tuple[int, int]]:
        newest: dict[int, int] = {}
        for boot, record in self.have:
            newest[boot] = max(newest.get(boot, 0), record)
        return {k for k in self.made_us if k not in self.have and k[1] < newest.get(k[0], 0)}

    def by_hour(self, keys: set[tuple[int, int]]) -> Counter[tuple[int, int]]:
        return Counter((self.made_us[key] // HOUR, key[0]) for key in keys)


def told(hours: list[Completeness], what: str) -> Counter[tuple[int, int]]:
    return +Counter({(h.hour_us // HOUR, h.boot): getattr(h, what) for h in hours})


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    minutes=st.integers(1, LONGEST_STEP_MIN),
    drop=st.sampled_from([0.0, 0.1, 0.6]),
    reboots=st.integers(0, 3),
)
def test_it_is_what_a_simple_model_says(seed: int, minutes: int, drop: float, reboots: int) -> None:
    rng = random.Random(seed)
    model = Model(minutes * 60 * S)
    for boot in range(reboots + 1):
        model.take(model.make("boot"))
        batch = [model.make() for _ in range(rng.randrange(RECORDS_MAX))]
        sent = [key for key in batch if rng.random() >= drop]
        sent += rng.sample(sent, len(sent) // 5)  # doubles
        if rng.random() < 0.5:
            rng.shuffle(sent)
        model.take(*sent)
        model.take(model.make(), model.make("storage"))  # so that no tail is unknown
        if boot < reboots:
            model.unit.reboot()
    stream, missing = model.stream, model.missing()
    hours = by_hour(stream, T0, FOR_EVER)
    assert told(hours, "received") == model.by_hour(model.have)
    assert told(hours, "not_fetched") == model.by_hour(missing)
    lost = {key for key in missing if rng.random() < 0.3}
    left = missing - lost
    given_up = {key for key in left if rng.random() < 0.3}
    for boot, record in lost:
        stream.lose(boot, record, record)
    for boot, record in given_up:  # only whole gaps can be
        stream.give_up(boot, record, record)
    gone = total(by_hour(stream, T0, FOR_EVER))
    assert gone["lost"] == len(lost) == stream.count(lost=True)
    assert gone["not_fetched"] + gone["given_up"] == len(left) == stream.count(lost=False)
    assert gone["given_up"] == stream.given_up() <= len(given_up)
    assert gone["expected"] == len(model.made_us)
    coming = [key for key in left if rng.random() < 0.7]
    rng.shuffle(coming)
    model.take(*coming)
    hours = by_hour(stream, T0, FOR_EVER)
    assert told(hours, "received") == model.by_hour(model.have), "late or not: in its true hour"
    assert told(hours, "lost") == model.by_hour(lost)
    assert told(hours, "expected") == model.by_hour(set(model.made_us))
    assert hours == sorted(hours)


@given(
    start=st.integers(0, 10**12), span=st.integers(0, 10**12), count=st.integers(1, 5000),
    cut=st.integers(0, 2 * 10**12), before=st.integers(0, 5000),
)  # fmt: skip
def test_a_gap_is_spread_whole(start: int, span: int, count: int, cut: int, before: int) -> None:
    stream = UnitStream(SZ20)
    stream.accept(decode(FakeUnit().boot()), "line", 1, 1)
    boot = stream.boots[1]
    boot.hours.clear()
    boot.before = before
    boot.records.gaps = [Gap(0, count - 1, start, start + span)]
    cut = cut // HOUR * HOUR
    parts = [by_hour(stream, 0, cut), by_hour(stream, cut, 10**13)]
    assert sum(h.not_fetched for part in parts for h in part) == max(count - before, 0)
    assert all(start - HOUR < h.hour_us <= start + span for part in parts for h in part)


def test_the_tail_and_what_the_unit_lost_and_what_is_given_up(tmp_path: Path) -> None:
    bench = Bench(tmp_path, [FakeUnit()])
    unit = bench.units[0]
    bench.seconds(20)
    bench.up = False
    first = unit.next_record
    bench.seconds(4)
    unit.lost(1, first, first + 1)
    bench.up = True
    unit.answer = lambda command: []
    bench.seconds(400)
    counts = total(latest(bench.station.streams[SZ20]))
    assert counts["given_up"] > 0
    assert counts["lost"] == 2
    assert counts["expected"] == unit.next_record
    assert counts["received"] == len(bench.archived(unit))
    words = as_text(summary(bench.station))
    assert f"{counts['given_up']} given up, 2 lost on board" in words
    assert re.search(r"clock to UTC within [\d.]+ ms, drifts [+-]\d", words)


def test_a_tail_that_only_a_storage_report_shows_counts(tmp_path: Path) -> None:
    bench = Bench(tmp_path, [FakeUnit()])
    unit = bench.units[0]
    unit.answer = lambda command: []
    bench.seconds(21)
    unit.now = bench.now
    for _ in range(7):
        unit.housekeeping()  # never delivered, and then a reboot
    unit.reboot()
    bench.seconds(5)
    (old, new) = latest(bench.station.streams[SZ20])
    assert (old.boot, old.not_fetched, new.not_fetched) == (1, 7, 0)


@pytest.fixture
def month(tmp_path: Path) -> Station:
    """31 days, a record each 4 minutes; three hours come together, or are lost once a day."""
    station = Station(Archive(tmp_path / "a.db"), Fleet(), Assessor)
    station.start(T0)
    unit = FakeUnit(tai_base_us=TAI_OF_T0)
    for hour in range(0, 31 * 24, 3):
        packets = [unit.boot()] if hour == 0 else []
        for minute in range(0, 180, 4):
            unit.now = hour * HOUR + minute * 60 * S
            packets.append(unit.housekeeping())
        if hour % 24 != 6:
            received_us = T0 + (hour + 3) * HOUR
            station.receive(Chunk("line", received_us, b"".join(packets), framed=False))
    station.commit()
    return station


def test_a_month(month: Station) -> None:
    """The count is that of the archive, and of a station that starts on it."""
    hours = latest(month.streams[SZ20])
    assert len(hours) == 31 * 24
    missed = [h.not_fetched for h in hours if h.hour_us // HOUR % 24 in (6, 7, 8)]
    assert missed == [15] * 31 * 3
    assert total(hours) == {
        "expected": 31 * 24 * 15 + 1, "received": 31 * 21 * 15 + 1, "not_fetched": 31 * 45,
        "given_up": 0, "lost": 0,
    }  # fmt: skip
    stored = Counter[int]()
    for run in month.archive.runs():
        if isinstance(run, StoredRun):
            stored.update((run.block.ident["onboard_us"] // HOUR).tolist())
    assert stored == {h.hour_us // HOUR: h.received for h in hours if h.received}
    again = Station(month.archive, Fleet(), Assessor)
    assert latest(again.streams[SZ20]) == hours
    text = as_text(summary(month))
    assert "  87.5 %  9766 of 11161 records: 1395 not fetched" in text
    assert "93 hours with records missing, the newest 24:" in text
    assert text.count("░" * 20) == 24


@pytest.mark.parametrize("gaps", [0, 1000])
def test_it_is_cheap(gaps: int) -> None:
    """A month at 10 Hz: asking looks at hours and gaps only. The time is printed, not tested."""
    hours, records = 31 * 24, 31 * 24 * 36_000
    stream = UnitStream(SZ20)
    boot = Boot(Records(), T0)
    stream.boots.add(1, boot)
    boot.hours = {T0 // HOUR + hour: 36_000 for hour in range(hours)}
    step, cadence_us = records // max(gaps, 1), S // 10
    boot.records.gaps = [
        Gap(k * step, k * step + 5, T0 + k * step * cadence_us, T0 + (k * step + 7) * cadence_us)
        for k in range(gaps)
    ]
    start_s = perf_counter()
    found = by_hour(stream, T0, T0 + hours * HOUR)
    print(f"{gaps} gaps: {1000 * (perf_counter() - start_s):.1f} ms")
    assert len(found) == hours
    assert total(found)["not_fetched"] == 6 * gaps
