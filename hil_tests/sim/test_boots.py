"""What comes late of a boot that is over, and of before a jump of the clock."""

from __future__ import annotations

from pathlib import Path

from ground.model import UnitKey
from ground.stream.correlation import Correlation
from ground.stream.unit import UnitStream
from hil_tests.sim.fake_unit import FakeUnit
from hil_tests.sim.ground_bench import Bench
from protocol.schema.decode import decode

S = 1_000_000
SZ20 = UnitKey("sz20", "w1")


def test_an_old_boots_storage_report_takes_nothing_from_the_new_one(tmp_path: Path) -> None:
    """Its clock ran ten times as fast as the ground yet knew: its records seem to be the newest."""
    unit = FakeUnit()
    bench = Bench(tmp_path, [unit])
    bench.seconds(3)
    bench.up = False
    for _ in range(5):
        unit.now += 20 * S
        unit.housekeeping()
        unit.storage()
    unit.reboot()
    unit.booted = bench.now
    bench.seconds(8)  # the new boot's first records do not arrive either
    bench.up = True
    bench.seconds(60)
    assert bench.archived(unit) == unit.made
    stream = bench.station.streams[SZ20]
    assert (stream.current, stream.count(lost=True)) == (2, 0)


def correlated(seconds: int, rate: float = 1.0) -> Correlation:
    """A fit over one packet a second."""
    made = Correlation(0, 50_000)
    for i in range(1, seconds):
        made.live(i * S, 50_000 + round(i * S * rate))
    return made


def test_a_set_clock_is_told_from_delay() -> None:
    fit = correlated(60)
    assert not fit.jumped(60 * S, 60 * S + 50_000)
    assert not fit.jumped(60 * S, 90 * S), "late, as after a loss of the link"
    assert not fit.jumped(61 * S, 60 * S), "a second early: a rate that is not exact"
    assert fit.jumped(65 * S, 60 * S), "made before it can have been"
    assert fit.jumped(58 * S, 60 * S), "it never runs back"


def test_the_rate_of_one_boot_is_that_of_the_next() -> None:
    fit = correlated(150, rate=0.1).begin(0, 100 * S)
    assert not fit.jumped(10 * S, 101 * S)
    assert fit.jumped(70 * S, 101 * S)


def test_a_rate_that_is_not_known_is_no_jump() -> None:
    assert not correlated(5, rate=0.1).jumped(50 * S, 5 * S)
    assert not correlated(150, rate=0.1).jumped(750 * S, 75 * S), "a minute's silence"


def test_what_was_made_before_a_jump_back_is_late(tmp_path: Path) -> None:
    """Its onboard time is above that of the newest packet, and yet it is older."""
    unit = FakeUnit()
    bench = Bench(tmp_path, [unit])
    bench.seconds(25)
    bench.up = False
    first = unit.next_record
    bench.seconds(4)
    missed = range(first, unit.next_record)
    unit.booted += 20 * S
    bench.up = True
    bench.seconds(10)
    packets = {p.decoded.record: p for p in bench.assessor.packets}
    assert all(packets[record].late for record in missed)
    assert not packets[missed[-1] + 2].late


def test_boots_without_end_take_no_memory_each_and_are_still_told_from_repeats() -> None:
    stream, unit = UnitStream(SZ20), FakeUnit()
    for _ in range(300):
        unit.reboot()
        packet = decode(unit.boot())
        assert stream.accept(packet, "line", unit.boot_id * S, unit.boot_id * S) is not None
    assert len(stream.boots) == 300 and len(stream._repeats) <= 2
    assert stream.accept(packet, "line", unit.boot_id * S, unit.boot_id * S) is None
    assert stream.two_boots_of_one_number is None
