"""Floods: work and messages stay bounded, and nothing grave waits behind what is not."""

from __future__ import annotations

import dataclasses

import pytest

from ground.alarms.flood import BEGINS_ABOVE, WINDOW_US, Flood
from ground.alarms.urgency import counts, most_urgent
from ground.fleet import Fleet
from ground.model import Alarm, Inspection, UnitKey, VehicleStatus
from ground.verdict import hits
from ground.verdict.assessor import Assessor
from hil_tests.unit.orbit import T0_US, housekeeping
from hil_tests.unit.telemetry import Sender
from protocol.schema.severity import Severity

S = 1_000_000
UNIT = UnitKey("sz20", "w1")
FLEET = Fleet.from_dict(
    {
        "vehicle": [
            {"id": "sz20", "role": "return", "window": [{"id": "w1"}]},
            {"id": "sz21", "role": "rescue", "window": [{"id": "w1"}]},
        ]
    }
)
MANY = 200


def counted(monkeypatch: pytest.MonkeyPatch, holder: object, name: str) -> list[int]:
    """Calls of a function, which goes on doing what it does."""
    calls, real = [0], getattr(holder, name)

    def counting(*args, **kwargs):
        calls[0] += 1
        return real(*args, **kwargs)

    monkeypatch.setattr(holder, name, counting)
    return calls


def started(fleet: Fleet = FLEET) -> tuple[Assessor, Sender]:
    assessor, sender = Assessor(fleet), Sender()
    for time_us, slow in housekeeping(3):
        assessor.packet(sender.housekeeping(time_us, slow))
    return assessor, sender


def status(assessor: Assessor, name: str = "sz20") -> VehicleStatus:
    return next(v for v in assessor.vehicles if v.id == name)


def small(sender: Sender, at: int, diameter_mm: float = 0.02):
    """A hit on two sensors: it has no place, and costs little to look at."""
    return sender.hit(T0_US + 4 * S + at * 10_000, (0, 0), diameter_mm, channels=range(2))


def test_each_hit_of_a_flood_is_judged_once_and_no_other_vehicle_is(monkeypatch) -> None:
    judged = counted(monkeypatch, hits, "impact_rules")
    assessor, sender = started()
    other = status(assessor, "sz21")
    made = counted(monkeypatch, VehicleStatus, "__init__")
    for k in range(MANY):
        assessor.packet(small(sender, k))
    assert judged == [MANY]
    assert made == [MANY]  # that of the vehicle that was struck
    assert status(assessor, "sz21") is other


def test_what_a_flood_of_hits_says_of_a_vehicle_is_bounded_and_counts_all() -> None:
    assessor, sender = started()
    for k in range(MANY):
        assessor.packet(small(sender, k))
    known = status(assessor)
    unlocalised = [r for r in known.rules if r.name == "unlocalised"]
    assert len(unlocalised) == hits.SHOWN + 1
    assert unlocalised[-1].inputs["more"] == MANY - hits.SHOWN
    assert f"{MANY - hits.SHOWN} more such hits" in unlocalised[-1].words
    assert len(known.tasks) == hits.SHOWN + 1
    assert f"{MANY - hits.SHOWN} more hits" in known.tasks[-1].words
    assert len(assessor.impacts) == MANY  # none is thrown away


def test_a_grave_hit_in_the_middle_of_a_flood_decides() -> None:
    thin = {"id": "w1", "thickness_mm": [1, 12, 12]}
    fleet = {"vehicle": [{"id": "sz20", "role": "return", "window": [thin]}]}
    assessor, sender = started(Fleet.from_dict(fleet))
    for k in range(MANY):
        if k == MANY // 2:
            grave = sender.hit(T0_US + 4 * S + k * 10_000, (20, 30), 0.25)
            assessor.packet(grave)
        assessor.packet(small(sender, k))
    known = status(assessor)
    assert (known.status, known.rules[0].name) == ("RED", "spall_lower")
    assert grave.id in [t.packet for t in known.tasks]
    first = most_urgent(assessor.alarms, 2)
    assert [a.severity for a in first] == [Severity.SEVERE, Severity.CRITICAL]
    assert first[0].key == "status:sz20"
    assert first[1].evidence == (grave.id,)


def test_an_inspection_covers_the_whole_flood_and_the_next_hit_counts_again() -> None:
    assessor, sender = started()
    for k in range(MANY):
        assessor.packet(small(sender, k))
    assessor.inspection(Inspection(UNIT, T0_US + 60 * S, "ana", "outer", "clear"))
    assert (status(assessor).status, status(assessor).tasks) == ("GREEN", ())
    assessor.packet(sender.hit(T0_US + 61 * S, (0, 0), 0.3, channels=range(2)))
    rules = [r.name for r in status(assessor).rules]
    assert rules.count("unlocalised") == rules.count("uninspected") == 1
    assessor.inspection(
        Inspection(UNIT, T0_US + 62 * S, "ana", "outer", "crack", 0.1, through=False)
    )
    assert "uninspected" not in [r.name for r in status(assessor).rules]


def test_quiet_packets_do_not_look_at_open_alarms() -> None:
    """Each packet lets time pass; only what is shelved can end by time."""
    assessor, sender = started()
    for k in range(MANY):
        assessor.packet(small(sender, k))
    book = assessor._alerts.book
    assert len(book._open) >= MANY
    assert book._shelved == {}
    assessor.shelve(1, "ana", "known", T0_US + 3600 * S, T0_US + 100 * S)
    assert list(book._shelved) == [1]
    assessor.tick(T0_US + 3601 * S)
    assert book._shelved == {}
    assert assessor.alarms[0].state == "unacknowledged"


# The flood of ISA-18.2


def test_a_flood_begins_above_ten_in_ten_minutes_and_ends_below_five() -> None:
    flood = Flood()
    for k in range(BEGINS_ABOVE):
        flood.add(k * 30 * S)
    assert flood.state == (None, 10)
    flood.add(300 * S)
    assert flood.state == (300 * S, 11)
    assert flood.advance(660 * S)  # those of 0, 30 and 60 s are older now than ten minutes
    assert flood.state == (300 * S, 8)
    assert not flood.advance(661 * S)
    flood.advance(750 * S)
    assert flood.state == (300 * S, 5)
    flood.advance(780 * S)
    assert flood.state == (None, 4)


def test_a_flood_takes_no_memory_by_its_size() -> None:
    flood = Flood()
    for k in range(20_000):
        flood.advance(k * S // 10)
        flood.add(k * S // 10)
    assert len(flood._buckets) <= WINDOW_US // S + 1
    assert flood.state.alarms == pytest.approx(6000, abs=10)


def test_alarms_that_ask_anew_count_and_repeats_do_not() -> None:
    assessor = Assessor(FLEET)
    for k in range(30):
        assessor.alarm_event(
            "link:a", Severity.WARNING, "down", unit=None, time_us=k, now_us=k * S + S, active=True
        )
    assert assessor.flood == (None, 1)
    for k in range(12):
        assessor.alarm_event(
            f"link:{k}", Severity.WARNING, "down", unit=None, time_us=k, now_us=40 * S, active=True
        )
    assert assessor.flood == (40 * S, 13)
    assessor.changed.clear()
    assessor.tick(700 * S)
    assert assessor.flood == (None, 0)
    assert "counts" in assessor.changed


# What comes first


def alarm(number: int, severity: Severity, state: str = "unacknowledged", raised: int = 0) -> Alarm:
    return Alarm(
        number, f"k{number}", UNIT, "sz20", severity, "words", 0, raised, state,
        state != "normal", False,
    )  # fmt: skip


def test_urgency_is_priority_then_unacknowledged_then_newest() -> None:
    listed = [
        alarm(1, Severity.WARNING, raised=9),
        alarm(2, Severity.SEVERE, "acknowledged", raised=8),
        alarm(3, Severity.CRITICAL, "returned", raised=1),
        alarm(4, Severity.CRITICAL, "unacknowledged", raised=2),
        alarm(5, Severity.CRITICAL, "acknowledged", raised=7),
        alarm(6, Severity.SEVERE, "shelved", raised=9),
        alarm(7, Severity.SEVERE, "normal", raised=9),
    ]
    assert [a.id for a in most_urgent(listed, 99)] == [2, 4, 3, 5, 1, 6, 7]
    assert [a.id for a in most_urgent(listed, 2)] == [2, 4]
    told = dataclasses.asdict(counts(listed))
    assert told == {
        "open": 5, "unacknowledged": 3, "shelved": 1,
        "by_severity": {"warning": 1, "severe": 1, "critical": 3},
    }  # fmt: skip
