"""Units that nobody configured: a few are taken in, of a flood the rest is counted and told."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ground.archive.archive import Archive
from ground.fleet import Fleet
from ground.model import Alarm, Chunk, UnitKey
from ground.notices import CROWD, NOTICES_MAX
from ground.operations import Operations
from ground.service import Service
from ground.station import Station
from ground.strangers import QUIET_US, STRANGERS, TAKEN_MAX, Strangers
from ground.verdict.assessor import Assessor
from hil_tests.sim.fake_unit import FakeUnit
from hil_tests.sim.ground_bench import T0, S

FLEET = Fleet.from_dict({"vehicle": [{"id": "sz20", "role": "return", "window": [{"id": "w1"}]}]})
MORE = 20


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Station]:
    made = Station(Archive(tmp_path / "a.sqlite"), FLEET, Assessor)
    made.start(T0)
    yield made
    made.archive.close()


def flood(station: Station, packets: int = 2, at_us: int = 0) -> None:
    """So many invented units over a broker; each sends so many packets."""
    for k in range(TAKEN_MAX + MORE):
        unit = FakeUnit(vehicle=f"v{k}", apid=1 + k)
        for _ in range(packets):
            send(station, unit, at_us)


def send(station: Station, unit: FakeUnit, at_us: int) -> None:
    unit.now = at_us
    key = UnitKey(unit.vehicle, unit.unit)
    station.receive(Chunk("mqtt", T0 + at_us, unit.housekeeping(), False, key))


def active(station: Station) -> list[str]:
    return [a.key for a in station.assessor.alarms if a.active]


def alarm_of(station: Station) -> Alarm:
    (found,) = [a for a in station.assessor.alarms if a.key == STRANGERS]
    return found


def test_of_a_flood_so_many_are_taken_in_and_the_rest_is_counted(station: Station) -> None:
    flood(station)
    assert len(station.streams) == TAKEN_MAX
    assert (station.strangers.units, station.strangers.packets) == (MORE, 2 * MORE)
    told = alarm_of(station)
    assert told.active
    assert f"v{TAKEN_MAX}/w1 on mqtt" in told.what
    assert "--fleet" in told.what
    assert told.count == 1  # however many


def test_a_configured_unit_comes_in_all_the_same(station: Station) -> None:
    flood(station)
    send(station, FakeUnit(), 0)
    assert UnitKey("sz20", "w1") in station.streams


def test_the_alarm_returns_when_they_stop(station: Station) -> None:
    flood(station)
    station.tick(T0 + QUIET_US - S)
    assert alarm_of(station).active
    station.tick(T0 + QUIET_US + S)
    assert not alarm_of(station).active


def test_a_restart_knows_whom_it_took_in(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite"
    first = Station(Archive(path), FLEET, Assessor)
    first.start(T0)
    flood(first)
    first.commit()
    taken, told = set(first.streams), alarm_of(first)
    first.archive.close()
    again = Station(Archive(path), FLEET, Assessor)
    again.start(T0 + S)
    assert set(again.streams) == taken
    assert alarm_of(again) == told
    flood(again, packets=1, at_us=S)
    assert set(again.streams) == taken
    assert again.strangers.packets == MORE
    again.archive.close()


def test_the_fleet_of_the_consoles_is_drawn_once(station: Station) -> None:
    """Not anew for every look at the units, which come several times a second."""
    operations = Operations(Service(station, [], lambda: T0))
    flood(station, packets=1)
    assert len(operations.units()) == TAKEN_MAX + 1
    assert operations.fleet() is operations.fleet()
    send(station, FakeUnit(), 0)
    assert len(operations.units()) == TAKEN_MAX + 1
    gauges = operations.gauges()
    assert (gauges.refused_units, gauges.refused_packets) == (MORE, MORE)


def test_names_take_no_memory_without_bound() -> None:
    strangers = Strangers(FLEET)
    for k in range(5000):
        strangers.admit(UnitKey(f"v{k}", "w1"), 0)
    assert strangers.packets == 5000 - TAKEN_MAX
    assert strangers.units == 1024


def test_a_flood_of_troubles_is_one_more(station: Station) -> None:
    """Invented units of another schema: each would be an alarm of its own."""
    for k in range(NOTICES_MAX + MORE):
        key = UnitKey(f"v{k}", "w1")
        station.receive(Chunk("mqtt", T0, b"", False, key, schema=1))
    assert len(active(station)) == NOTICES_MAX + 1
    (crowd,) = [a for a in station.assessor.alarms if a.key == CROWD]
    assert f"more than {NOTICES_MAX} troubles" in crowd.what
    station.tick(T0 + 2 * QUIET_US)
    station.tick(T0 + 2 * QUIET_US + S)
    assert active(station) == ["unheard:sz20/w1"]
