"""Clocks that are wrong, the unit's or the ground's: no strike and no silence is forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ground.archive.archive import Archive
from ground.model import Impact, Inspection, VehicleStatus
from ground.station import Station
from ground.stream.records import Gap
from ground.verdict.assessor import Assessor
from hil_tests.faults.test_absurd_packets import FLEET, UNIT, RealBench
from hil_tests.sim.fake_unit import FakeUnit
from hil_tests.sim.ground_bench import T0, S
from protocol.schema.timescale import from_unix_us, iso, utc_to_tai_us

DAY = 86_400 * S


class LivelyUnit(FakeUnit):
    """Its values change, so that no sensor counts as stuck."""

    def housekeeping(self, p_gap2: float = 101_000.0) -> bytes:
        wave = self.next_record * 7 % 5
        return self.make(
            "housekeeping", 1, 0, round(p_gap2 * 10) + wave, 1_013_250 + wave,
            20_000 + wave, 20_000 + wave, 20_000 + wave,
            0, 0, 0, 0, 0, 0, 0x3F, 0x3F, 0, 0, 0, 0, 0, 0, 0,
        )  # fmt: skip


class ClockBench(RealBench):
    @property
    def unit(self) -> FakeUnit:
        return self.units[0]

    @property
    def vehicle(self) -> VehicleStatus:
        return self.station.assessor.vehicles[0]

    def inspect(self) -> None:
        """Someone finds every pane clear."""
        for pane in ("outer", "middle", "inner"):
            self.station.inspect(Inspection(UNIT, self.station.now_us, "ana", pane, "clear"))
        self.commit()
        assert self.vehicle.status == "GREEN"

    def hit(self) -> bytes:
        self.unit.now = self.now
        return self.unit.hit()

    def strike(self) -> Impact:
        """A hit that comes live."""
        self.deliver(self.unit, [self.hit()])
        self.second()
        return self.station.assessor.impacts[-1]

    def start_again(self, now: int) -> None:
        """The ground starts with another clock; the unit goes on as it did."""
        self.kill()
        self.unit.booted += now - self.now
        self.now = now
        self.station = Station(Archive(self.path), FLEET, Assessor, self.keys)
        self.station.start(T0 + now)
        self.station.tick(T0 + now)
        self.commit()


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[ClockBench]:
    made = ClockBench(tmp_path, [LivelyUnit()])
    yield made
    made.kill()


def test_a_ground_clock_that_was_ahead_covers_no_later_hit(bench: ClockBench) -> None:
    bench.start_again(DAY)
    bench.seconds(15)
    before = bench.strike()
    bench.inspect()
    bench.start_again(60 * S)
    bench.seconds(3)
    bench.inspect()  # nor does it keep a hit of before from being covered
    after = bench.strike()
    assert after.time_us < before.time_us
    assert bench.vehicle.status == "AMBER"
    bench.restarted()
    assert bench.vehicle.status == "AMBER"
    bench.inspect()
    bench.restarted()


@pytest.mark.parametrize("back", [2, 10, 100])
@pytest.mark.parametrize("seconds", [5, 150], ids=["young", "fitted"])
def test_a_clock_that_runs_back_in_an_outage_covers_nothing(
    bench: ClockBench, back: int, seconds: int
) -> None:
    """The hit is filled in afterwards; by the clock of before it was before the inspection."""
    bench.seconds(seconds)
    bench.inspect()
    bench.up = False
    bench.seconds(1)
    bench.unit.booted += min(back, seconds) * S
    bench.hit()
    struck_us = T0 + bench.now
    bench.seconds(1)
    bench.up = True
    bench.seconds(5)
    (impact,) = bench.station.assessor.impacts
    assert impact.late
    if min(back, seconds) > 3:  # a smaller jump cannot be told from delay
        assert abs(impact.time_us - struck_us) < S
    assert bench.vehicle.status == "AMBER"
    bench.restarted()
    assert bench.vehicle.status == "AMBER"


def test_what_was_made_before_an_inspection_and_comes_late_is_covered(bench: ClockBench) -> None:
    """By its record: the last live packet that was known is later."""
    bench.seconds(5)
    bench.hit()  # on its way for ever
    bench.deaf = True
    bench.second()
    bench.inspect()
    bench.deaf = False
    bench.seconds(15)
    (impact,) = bench.station.assessor.impacts
    assert impact.late
    assert bench.vehicle.status == "GREEN"
    bench.restarted()


def test_what_a_boot_that_was_over_made_is_covered(bench: ClockBench) -> None:
    bench.seconds(5)
    bench.hit()
    bench.deaf = True
    bench.second()
    bench.unit.now = bench.now
    bench.unit.reboot()
    bench.seconds(2)
    bench.inspect()
    bench.deaf = False
    bench.seconds(15)
    (impact,) = bench.station.assessor.impacts
    assert (impact.packet.boot, bench.unit.boot_id) == (1, 2)
    assert bench.vehicle.status == "GREEN"
    bench.restarted()


TAI_OF_T0 = utc_to_tai_us(from_unix_us(T0))


@pytest.mark.parametrize("days", [-2100, 1, 27_000])
@pytest.mark.parametrize("from_boot", [True, False])
def test_a_tai_that_no_delay_explains_is_told_and_dated_by_receipt(
    bench: ClockBench, days: int, from_boot: bool
) -> None:
    if from_boot:
        bench.unit.tai_base_us = TAI_OF_T0 + days * (DAY + 60 * S)
    bench.seconds(10)
    bench.inspect()
    bench.unit.tai_base_us = TAI_OF_T0 + days * (DAY + 60 * S)
    bench.seconds(4)
    impact = bench.strike()
    assert abs(impact.time_us - (T0 + bench.now)) < 3 * S
    assert bench.vehicle.status == "AMBER"
    (words,) = bench.told("its clock (TAI) stands")
    assert ("behind" in words) == (days < 0)
    bench.restarted()
    assert bench.vehicle.status == "AMBER"
    bench.unit.tai_base_us = TAI_OF_T0
    bench.seconds(4)
    assert not bench.told("its clock (TAI) stands")
    assert abs(bench.strike().time_us - (T0 + bench.now)) < 3 * S
    bench.restarted()


def test_a_tai_a_little_late_is_told_and_kept(bench: ClockBench) -> None:
    """UTC sent as TAI, or a link that delays by half a minute: nobody can tell."""
    bench.unit.tai_base_us = TAI_OF_T0 - 37 * S
    bench.seconds(5)
    impact = bench.strike()
    assert abs(impact.time_us - (T0 + bench.now - 37 * S)) < 3 * S
    (words,) = bench.told("its clock (TAI) stands 37 s behind")
    assert "or its link delays" in words
    bench.restarted()


def test_a_packet_that_is_refused_sets_no_clock(bench: ClockBench) -> None:
    """The fold has not got it, and must date the next ones of that boot alike."""
    unit = bench.unit
    unit.boot_id, bench.deaf = 3, True
    bench.deliver(unit, [unit.boot(), unit.housekeeping()])
    bench.commit()
    bench.deliver(unit, [unit.make("storage", 2, 2, 10, 20, 3, 0, 5, *[0] * 18, 1_000_000)])

    def of_boot_2(record: int, since_boot: int) -> FakeUnit:
        return FakeUnit(boot_id=2, next_record=record, now=since_boot)

    bench.deliver(unit, [of_boot_2(5, 17 * S).housekeeping()])  # before our time: refused
    bench.deliver(unit, [of_boot_2(15, 100 * S).hit()])
    bench.commit()
    (impact,) = bench.station.assessor.impacts
    assert abs(impact.time_us - T0) < S, "at the latest where the next boot began"
    bench.restarted()


def test_a_start_with_an_earlier_clock_is_told(bench: ClockBench) -> None:
    bench.start_again(DAY)
    bench.seconds(2)
    assert not bench.told("clock stands before")
    for _ in range(2):  # a start later it is still behind
        bench.start_again(bench.now % DAY + 60 * S)
        bench.second()
        (words,) = bench.told("clock stands before")
        assert "2025-11-05T00:00:0" in words
        bench.restarted()
        bench.second()
        assert bench.told("clock stands before") == [words]
    bench.start_again(DAY + 10 * S)
    bench.seconds(2)
    assert not bench.told("clock stands before")
    bench.start_again(bench.now - S)
    bench.second()
    assert not bench.told("clock stands before"), "so much is corrected by NTP"


def outage(bench: ClockBench, seconds: int = 20) -> Gap:
    """The unit is not heard for a time, and cannot be asked for it afterwards."""
    bench.up, bench.deaf = False, True
    bench.seconds(seconds)
    bench.up = True
    bench.seconds(3)
    (gap,) = bench.station.streams[UNIT].boots[1].records.gaps
    return gap


def of_old(bench: ClockBench, record: int) -> bytes:
    """A record that is missing, with the time of the unit's boot."""
    return FakeUnit(next_record=record, now=bench.now, booted=bench.now).housekeeping()


def test_a_refilled_record_of_another_time_ends_no_unknown_time(bench: ClockBench) -> None:
    bench.seconds(30)
    since_us = T0 + bench.now - S
    gap = outage(bench)
    bench.deliver(bench.unit, [of_old(bench, gap.last)])
    bench.seconds(3)
    assert bench.station.streams[UNIT].count(lost=False) == len(gap) - 1
    assert abs((bench.vehicle.unknown_since_us or 0) - since_us) < S
    bench.restarted()
    assert abs((bench.vehicle.unknown_since_us or 0) - since_us) < S
    bench.deaf = False
    for _ in range(60):
        bench.second()
        if bench.vehicle.unknown_since_us is None:
            break
    assert bench.vehicle.unknown_since_us is None
    assert bench.station.streams[UNIT].count(lost=False) == 0


def test_what_is_lost_after_an_inspection_stays_unmonitored_whatever_its_time(
    bench: ClockBench,
) -> None:
    bench.seconds(30)
    bench.inspect()
    gap = outage(bench)
    bench.deliver(bench.unit, [of_old(bench, gap.last)])
    data = {"unit": list(UNIT), "boot": 1, "first": gap.first, "last": gap.last - 1}
    bench.station.act("lost", "ground", data)
    bench.seconds(3)
    assert [rule.name for rule in bench.vehicle.rules] == ["unmonitored"]
    bench.restarted()
    assert [rule.name for rule in bench.vehicle.rules] == ["unmonitored"]
    bench.inspect()


@pytest.mark.parametrize("packets", [1, 3])
def test_packets_of_the_future_begin_no_silence_there(bench: ClockBench, packets: int) -> None:
    bench.seconds(20)
    bench.unit.now = bench.now
    bench.unit.tai_base_us = utc_to_tai_us(from_unix_us(T0 + 75 * 365 * DAY))
    for _ in range(packets):
        bench.deliver(bench.unit, [bench.unit.housekeeping()])
        bench.now += S // 2
    bench.unit.tai_base_us = None
    outage(bench, 10)
    since_us = bench.vehicle.unknown_since_us
    assert since_us is not None, "its records are still missing"
    assert T0 <= since_us <= T0 + bench.now, iso(since_us)
    bench.restarted()
    assert bench.vehicle.unknown_since_us == since_us
