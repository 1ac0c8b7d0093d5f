"""The station with the assessor that flies: what it concludes survives a restart unchanged."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ground.archive.archive import Archive
from ground.fleet import Fleet
from ground.model import Inspection, UnitKey
from ground.station import Station
from ground.summary import summary
from ground.verdict.assessor import Assessor
from ground.watching import NEVER_US
from hil_tests.sim.fake_unit import FakeUnit
from hil_tests.sim.ground_bench import T0, Bench, S
from hil_tests.unit.orbit import housekeeping
from protocol.schema.decode import ENTRIES
from protocol.schema.severity import Severity
from tools.cli.recorded import known_from, open_archive

FLEET = Fleet.from_dict(
    {
        "vehicle": [
            {"id": "sz20", "role": "return", "window": [{"id": "w1"}]},
            {"id": "sz21", "role": "rescue", "window": [{"id": "w1"}]},
        ]
    }
)
SZ20, SZ21 = UnitKey("sz20", "w1"), UnitKey("sz21", "w1")


class AssessedBench(Bench):
    speed = 1.0

    def open(self) -> None:
        archive = Archive(self.path)
        self.station = Station(archive, FLEET, Assessor, self.keys, speed=self.speed)
        self.station.start(T0 + self.now)
        self.commit()

    def conclusions(self) -> dict[str, Any]:
        a = self.station.assessor
        return {
            "alarms": list(a.alarms),
            "impacts": list(a.impacts),
            "leaks": list(a.leaks),
            "findings": list(a.findings),
            "vehicles": list(a.vehicles),
            "latest": {unit: dict(a.latest[unit]) for unit in (SZ20, SZ21) if unit in a.latest},
        }

    def vehicle(self, name: str) -> Any:
        return next(v for v in self.station.assessor.vehicles if v.id == name)

    def open_alarms(self, start: str) -> list[Any]:
        alarms = self.station.assessor.alarms
        return [a for a in alarms if a.key.startswith(start) and a.state != "normal"]


class FastUnit(FakeUnit):
    """Its clock runs five times as fast as the ground's."""

    @property
    def since_boot(self) -> int:
        return 5 * (self.now - self.booted)


class FastBench(AssessedBench):
    speed = 5.0


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[AssessedBench]:
    made = AssessedBench(tmp_path, [FakeUnit(), FakeUnit(vehicle="sz21", apid=2, key=b"k" * 32)])
    yield made
    made.kill()


def test_the_story_and_the_same_after_a_restart(bench: AssessedBench) -> None:
    sz20, sz21 = bench.units
    assert bench.vehicle("sz20").unknown_since_us is not None  # not heard yet
    bench.seconds(15)
    assert bench.vehicle("sz20").status == "GREEN"
    assert bench.vehicle("sz20").unknown_since_us is None
    bench.deliver(sz20, [sz20.hit()])
    bench.second()
    assert bench.vehicle("sz20").status == "AMBER"
    (alarm,) = bench.open_alarms("impact:")
    bench.station.acknowledge(alarm.id, "Ada", "seen")
    bench.station.inspect(
        Inspection(SZ20, T0 + bench.now, "Ada", "outer", "crack", 10.0, through=True)
    )
    assert bench.vehicle("sz20").status == "RED"
    bench.up = False
    bench.seconds(10)
    strike_us = T0 + bench.now
    sz21.now = bench.now
    strike = sz21.hit()
    bench.seconds(20)
    assert bench.open_alarms("silence:sz21")
    assert bench.vehicle("sz21").unknown_since_us == pytest.approx(T0 + 15 * S, abs=S)
    bench.up = True
    bench.seconds(15)
    assert not [a for a in bench.open_alarms("silence:sz21") if a.active]
    assert bench.archived(sz21) == sz21.made
    assert bench.vehicle("sz21").unknown_since_us is None
    (late,) = (a for a in bench.open_alarms("impact:sz21"))
    assert late.late
    assert late.time_us == pytest.approx(strike_us, abs=S)
    assert strike in sz21.made.values()
    bench.station.stop(T0 + bench.now)
    live = bench.conclusions()
    bench.kill()
    bench.open()
    assert bench.conclusions() == live
    kinds = {row.kind for row in bench.station.archive.journal()}
    assert {"start", "stop", "alarm", "acknowledge", "inspection"} <= kinds


def test_the_alarm_of_a_silence_counts_what_is_missing(bench: AssessedBench) -> None:
    sz20 = bench.units[0]
    bench.seconds(12)
    made = len(sz20.made)
    bench.up = False
    bench.seconds(20)
    (told,) = bench.open_alarms("silence:sz20")
    assert told.silence.last_good_us == pytest.approx(T0 + 11 * S, abs=S)
    assert told.silence.missing == 0
    bench.up, bench.loss = True, 0.0
    sz20.answer = lambda _: []  # refills nothing yet
    missing = len(sz20.made) - made
    bench.second()
    bench.second()
    (told,) = bench.open_alarms("silence:sz20")
    assert (told.active, told.silence.missing) == (False, missing)
    assert f"; {missing} packets missing now" in told.what
    sz20.answer = None
    bench.seconds(60)
    (told,) = bench.open_alarms("silence:sz20")
    assert told.silence.missing == 0
    live = bench.conclusions()
    bench.kill()
    bench.open()
    assert bench.conclusions() == live


def test_a_configured_unit_that_is_never_heard_is_an_alarm(tmp_path: Path) -> None:
    bench = AssessedBench(tmp_path, [FakeUnit()])
    bench.seconds(NEVER_US // S)
    assert bench.open_alarms("unheard:") == []
    bench.seconds(2)
    (told,) = bench.open_alarms("unheard:")
    assert (told.unit, told.severity, told.active) == (SZ21, Severity.DISTRESS, True)
    assert "never heard" in told.what
    live = bench.conclusions()
    bench.kill()
    bench.open()
    assert bench.conclusions() == live
    bench.units.append(FakeUnit(vehicle="sz21", apid=2, booted=bench.now))
    bench.seconds(2)
    (told,) = bench.open_alarms("unheard:")
    assert not told.active
    bench.kill()


class LeakingUnit(FakeUnit):
    """Its window is struck at 60 s, and gap 2 leaks from then on."""

    def __init__(self) -> None:
        super().__init__()
        self._slow = [slow for _, slow in housekeeping(300, tau_s=leaking)]

    def housekeeping(self, p_gap2: float = 0.0) -> bytes:
        entries = ENTRIES["housekeeping"]
        slow = self._slow[self.now // S]
        values = dict.fromkeys(entries, 0) | {"ae_health": 63, "sensor_health": 63}
        values |= {name: round(v / entries[name].scale) for name, v in slow.items()}
        return self.make("housekeeping", *values.values())


def leaking(t: float) -> float:
    return 754 if t > 60 else math.inf


@pytest.mark.parametrize("up_again_s", [66, 100])
def test_an_impact_that_only_the_refill_brings_makes_a_breach(tmp_path, up_again_s) -> None:
    """The link is lost just before the strike; the leak is seen before or after the refill."""
    unit = LeakingUnit()
    bench = AssessedBench(tmp_path, [unit])
    bench.seconds(55)
    bench.up = False
    bench.seconds(5)
    unit.now = bench.now
    unit.hit()
    bench.seconds(up_again_s - 60)
    bench.up = True
    bench.seconds(60)
    (finding,) = [f for f in bench.station.assessor.findings if f.verdict != "sensor_fault"]
    assert (finding.verdict, finding.late) == ("breach", True)
    assert [verdict for _, verdict in finding.history] in (["strike"], ["leak"])
    (alarm,) = bench.open_alarms("breach:")
    assert alarm.late
    assert alarm.severity is Severity.SEVERE
    assert bench.vehicle("sz20").status == "RED"
    assert bench.vehicle("sz20").unknown_since_us is None  # the refill is whole
    live = bench.conclusions()
    bench.kill()
    bench.open()
    assert bench.conclusions() == live
    bench.kill()


def test_a_kill_while_silent_keeps_the_alarm(bench: AssessedBench) -> None:
    bench.seconds(12)
    bench.up = False
    bench.seconds(9)
    (before,) = bench.open_alarms("silence:sz20")
    bench.kill()
    bench.now += 30 * S
    bench.open()
    assert bench.open_alarms("silence:sz20") == [before]
    bench.seconds(10)
    assert bench.open_alarms("silence:sz20") == [before]
    assert bench.vehicle("sz20").unknown_since_us is not None
    bench.up = True
    bench.seconds(15)
    assert not [a for a in bench.open_alarms("silence:") if a.active]
    assert bench.vehicle("sz20").unknown_since_us is None


def test_what_was_dropped_on_board_is_not_forgiven(bench: AssessedBench) -> None:
    bench.seconds(12)
    unit = bench.units[0]
    bench.up = False
    first = unit.next_record
    bench.seconds(20)
    unit.now = bench.now
    unit.lost(1, first, first + 15)
    bench.up = True
    bench.seconds(40)
    sz20 = bench.vehicle("sz20")
    assert sz20.status == "AMBER"
    assert any("unmonitored" in rule.words for rule in sz20.rules)


def test_a_fast_run_gives_the_same_report_from_its_archive(tmp_path: Path) -> None:
    unit = FastUnit()
    bench = FastBench(tmp_path, [unit])
    bench.seconds(2)  # all of it is too short to tell the rate from the packets
    unit.now = bench.now
    late = unit.hit()
    bench.up = False
    bench.seconds(2)
    bench.up = True
    bench.seconds(4)
    assert late in bench.archived(unit).values()
    bench.station.stop(T0 + bench.now)
    (impact,) = bench.station.assessor.impacts
    assert impact.time_us == pytest.approx(T0 + 2 * S, abs=S // 10)
    live = summary(bench.station)
    bench.kill()
    archive = open_archive(bench.path)
    assert summary(known_from(archive)) == live
    archive.close()
    bench.speed = 1.0  # what `panewatch ground` takes for granted
    bench.open()
    assert bench.station.speed == 5.0
    bench.kill()
