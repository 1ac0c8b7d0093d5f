"""Packets that are well formed and absurd: the ground tells, goes on, and so does its fold."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ground.archive.archive import Archive
from ground.archive.entries import StoredPacket
from ground.fleet import Fleet
from ground.model import UnitKey
from ground.report import report
from ground.station import Station
from ground.stream.commander import CLAIM_STEP, MARGIN
from ground.verdict.assessor import Assessor
from hil_tests.sim.fake_unit import FakeUnit
from hil_tests.sim.ground_bench import T0, Bench, S
from protocol.wire.tables import SCHEMA_HASH
from tools.cli.recorded import known_from_packets

UNIT = UnitKey("sz20", "w1")
FLEET = Fleet.from_dict({"vehicle": [{"id": "sz20", "role": "return", "window": [{"id": "w1"}]}]})
ONE = (0, 6_000, 100, 1_000, 50, 1_000)
"""Features of one channel; the second is its peak in 0.01 dB."""
U32, U64 = 2**32 - 1, 2**64 - 1


class RealBench(Bench):
    def open(self) -> None:
        self.station = Station(Archive(self.path), FLEET, Assessor, self.keys)
        self.station.start(T0 + self.now)
        self.commit()

    def facts(self) -> dict[str, Any]:
        return report(self.station.assessor, scenario=None, packets=0, sha256="")

    def told(self, part: str) -> list[str]:
        return [a.what for a in self.station.assessor.alarms if part in a.what and a.active]

    def restarted(self) -> None:
        """Ends the ground; what it knew must come out of the archive again."""
        self.commit()
        before = self.facts()
        self.kill()
        self.station = Station(Archive(self.path), FLEET, Assessor, self.keys)
        assert self.facts() == before
        self.station.start(T0 + self.now)
        self.commit()


@pytest.fixture
def unit() -> FakeUnit:
    return FakeUnit()


@pytest.fixture
def bench(tmp_path: Path, unit: FakeUnit) -> Iterator[RealBench]:
    made = RealBench(tmp_path, [unit])
    yield made
    made.kill()


def make_hit(unit: FakeUnit, trigger_us: int, *features: tuple[int, ...]) -> bytes:
    all_features = features or (ONE,) * 6
    return unit.make(
        "hit", trigger_us, 0x3F, 0x3F, 0, 0, 0, 0, 0, 0, *(v for one in all_features for v in one)
    )


def test_a_counter_near_its_end_is_not_followed(bench: RealBench, unit: FakeUnit) -> None:
    bench.seconds(3)
    commands = len(unit.commands)
    assert commands
    honest, unit.next_counter = unit.next_counter, U32
    bench.deliver(unit, [unit.boot()])
    unit.next_counter = honest
    bench.seconds(11)
    assert bench.told("absurd command counter")
    assert len(unit.commands) == commands
    bench.restarted()
    bench.deliver(unit, [unit.boot()])
    bench.seconds(11)
    assert not bench.told("absurd command counter")
    assert len(unit.commands) > commands
    assert bench.station.archive.counter(UNIT) < CLAIM_STEP


def test_a_counter_used_up_by_an_earlier_ground(bench: RealBench, unit: FakeUnit) -> None:
    bench.station.archive.reserve_counter(UNIT, 2**32 + 255)
    bench.restarted()
    bench.seconds(3)
    assert bench.told("used up")
    assert not unit.commands


def test_a_hit_of_another_age(bench: RealBench, unit: FakeUnit) -> None:
    bench.seconds(3)
    bench.deliver(unit, [make_hit(unit, U64)])
    bench.seconds(2)
    (impact,) = bench.station.assessor.impacts
    assert abs(impact.time_us - (T0 + 3 * S)) < S
    assert "trigger time is absurd" in impact.reason
    bench.restarted()


def test_peaks_above_full_scale_are_saturated(bench: RealBench, unit: FakeUnit) -> None:
    bench.seconds(1)
    loud = (0, 0xFFFF, 100, 1_000, 50, 1_000)
    bench.deliver(unit, [make_hit(unit, unit.since_boot, *(loud,) * 6)])
    bench.second()
    (impact,) = bench.station.assessor.impacts
    assert impact.saturated
    assert impact.peak_db == 140
    assert impact.diameter_mm[0] < 1
    assert impact.diameter_mm[1] is None


def test_an_unforeseen_error_ends_nothing(
    bench: RealBench, unit: FakeUnit, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError("no such thing")

    bench.seconds(1)
    monkeypatch.setattr("ground.verdict.hit_report.read_impact", fail)
    bench.deliver(unit, [make_hit(unit, unit.since_boot)])
    bench.seconds(2)
    record = unit.next_record - 3
    assert f"record {record} " in bench.told("ZeroDivisionError: no such thing")[0]
    bench.restarted()
    assert len(bench.told("no such thing")) == 1
    assert len(bench.archived(unit)) == len(unit.made)


def test_records_at_the_end_of_their_numbers(bench: RealBench, unit: FakeUnit) -> None:
    bench.seconds(1)
    unit.next_record = U32
    bench.deliver(unit, [unit.housekeeping()])
    unit.next_record = 20
    bench.seconds(20)
    assert len(unit.commands) < 60
    bench.restarted()
    bench.seconds(2)


def test_a_claim_of_records_beyond_belief(bench: RealBench, unit: FakeUnit) -> None:
    bench.seconds(1)
    values = (1, 1, 0, U32 - 1, *([0] * 21), 1)
    bench.deliver(unit, [unit.make("storage", *values)])
    bench.second()
    assert bench.told("absurd newest record")
    assert bench.station.streams[UNIT].count(lost=False) == 0
    bench.restarted()
    bench.seconds(10)
    assert not bench.told("absurd newest record")


def test_a_packet_that_cannot_be_read_back_comes_again(bench: RealBench, unit: FakeUnit) -> None:
    bench.seconds(3)
    entries = bench.station.archive.entries()
    (seq,) = (e.seq for e in entries if isinstance(e, StoredPacket) and e.record == 2)
    bench.kill()
    with sqlite3.connect(bench.path) as db:
        db.execute("UPDATE block SET data = zeroblob(length(data)) WHERE seq = ?", (seq,))
    unit.store = dict(unit.made)
    bench.open()
    assert "record 2 " in bench.told("could not be read")[0]
    bench.seconds(11)
    assert bench.archived(unit) == unit.made
    bench.kill()
    bench.open()
    assert not bench.told("could not be read")


def test_centuries_between_two_packets_of_a_recording(tmp_path: Path, unit: FakeUnit) -> None:
    packets = [unit.boot(), unit.housekeeping()]
    unit.now = 2**32 * S - 1
    path = tmp_path / "telemetry.bin"
    path.write_bytes(b"".join([*packets, unit.housekeeping()]))
    station, damage = known_from_packets(path, FLEET)
    assert not damage
    assert station.streams[UNIT].packets == 3


def test_an_open_place_is_none(bench: RealBench, unit: FakeUnit) -> None:
    values = (b"sz20", b"w1", SCHEMA_HASH, b"0.1.0", 0, 0, 3, 1, 0, b"fake", b"\1")
    bench.second()
    bench.deliver(unit, [unit.make("boot", *values)])  # one sample a second
    bench.deliver(unit, [make_hit(unit, unit.since_boot)])
    (impact,) = bench.station.assessor.impacts
    assert not impact.localised
    assert "leave it open" in impact.reason


def test_more_boots_on_board_than_counters_reserved(bench: RealBench, unit: FakeUnit) -> None:
    bench.second()
    for first in range(2, 200, 8):
        kept = [v for boot in range(first, first + 8) for v in (boot, 0, 1)]
        bench.deliver(unit, [unit.make("storage", 255, *kept, 1)])
    told = 0
    for _ in range(5):
        bench.now += S
        bench.station.tick(T0 + bench.now)
        counters = [
            int.from_bytes(command.data[-22:-18], "big")
            for command in bench.station.commit().commands
        ]
        told += len(counters)
        assert len(counters) <= MARGIN
        assert max(counters, default=0) < bench.station.archive.counter(UNIT)
    assert told > MARGIN
