"""Stands in for the assessor: writes down what the station tells it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ground.alarms.book import Transition
from ground.fleet import Fleet
from ground.model import Alarm, Hole, Inspection, Packet, UnitKey
from protocol.schema.severity import Severity


@dataclass
class RecordingAssessor:
    fleet: Fleet
    on_transition: Callable[[Transition], None]
    packets: list[Packet] = field(default_factory=list)
    calls: list[tuple[Any, ...]] = field(default_factory=list)
    ticks: int = 0
    changed: set[str] = field(default_factory=set)
    current_holes: dict[UnitKey, tuple[Hole, ...]] = field(default_factory=dict)
    silent: dict[UnitKey, int | None] = field(default_factory=dict)
    active: dict[str, str] = field(default_factory=dict)
    alarms: list[Alarm] = field(default_factory=list)
    impacts: tuple[()] = ()
    leaks: tuple[()] = ()
    findings: tuple[()] = ()
    vehicles: tuple[()] = ()
    latest: dict[UnitKey, dict[str, Any]] = field(default_factory=dict)

    def packet(self, p: Packet) -> None:
        self.packets.append(p)

    def inspection(self, i: Inspection) -> None:
        self.calls.append(("inspection", i))

    def silence(self, unit: UnitKey, since_us: int | None) -> None:
        self.calls.append(("silence", unit, since_us))
        self.silent[unit] = since_us

    def holes(self, unit: UnitKey, holes: tuple[Hole, ...]) -> None:
        self.calls.append(("holes", unit, holes))
        self.current_holes[unit] = holes

    def tick(self, now_us: int) -> None:
        self.ticks += 1

    def acknowledge(self, alarm_id: int, author: str, comment: str, now_us: int) -> None:
        if alarm_id != 1:
            raise KeyError(alarm_id)
        self.calls.append(("acknowledge", alarm_id, author, comment, now_us))

    def shelve(
        self, alarm_id: int, author: str, reason: str, until_us: int | None, now_us: int
    ) -> None:
        self.calls.append(("shelve", alarm_id, author, reason, until_us, now_us))

    def alarm_event(
        self,
        key: str,
        severity: Severity,
        what: str,
        *,
        unit: UnitKey | None,
        time_us: int,
        now_us: int,
        active: bool,
        late: bool = False,
        latching: bool = False,
    ) -> None:
        self.calls.append(("alarm", key, severity, active, late))
        if active:
            self.active[key] = what
        else:
            self.active.pop(key, None)

    def facts(self) -> tuple[Any, ...]:
        """All that a second assessor of the same archive must have been told, too."""
        return self.calls, [(p.id, p.onboard_us, p.late) for p in self.packets]
