"""Stands in for the assessor: writes down what the station tells it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ground.alarms.book import Transition
from ground.alarms.flood import FloodState
from ground.fleet import Fleet
from ground.model import Alarm, Aside, Hole, Inspection, Packet, UnitKey
from ground.monitor.limit_set import DEFAULT, LimitSet
from ground.receive.run import Run
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
    flood: FloodState = FloodState(None, 0)  # noqa: RUF009 (a NamedTuple never changes)
    limits: LimitSet = DEFAULT
    latest: dict[UnitKey, dict[str, Any]] = field(default_factory=dict)

    def packet(self, p: Packet) -> None:
        self.packets.append(p)

    def look(self, unit: UnitKey, run: Run) -> None:
        """Every packet is written down singly."""

    def take(self, quiet: Any, packets: int, newest: Packet) -> None:
        raise AssertionError(f"{newest.id} was looked at by nobody")

    def inspection(self, i: Inspection) -> None:
        self.calls.append(("inspection", i))

    def limit(self, limits: LimitSet) -> None:
        self.calls.append(("limits", limits.version))
        self.limits = limits

    def context(self, vehicle_id: str) -> str:
        return "docked"

    def enter(self, vehicle_id: str, context: str) -> None:
        self.calls.append(("context", vehicle_id, context))

    def silence(self, unit: UnitKey, since_us: int | None) -> None:
        self.calls.append(("silence", unit, since_us))
        self.silent[unit] = since_us

    def holes(self, unit: UnitKey, holes: tuple[Hole, ...], aside: Aside) -> None:
        self.calls.append(("holes", unit, holes, aside))
        self.current_holes[unit] = holes

    def doubt(self, unit: UnitKey, since_us: int | None) -> None:
        self.calls.append(("doubt", unit, since_us))

    def tick(self, now_us: int) -> None:
        self.ticks += 1

    def acknowledge(self, alarm_id: int, author: str, comment: str, now_us: int) -> None:
        if alarm_id != 1:
            raise KeyError(alarm_id)
        self.calls.append(("acknowledge", alarm_id, author, comment, now_us))

    def note(self, alarm_id: int, author: str, words: str, now_us: int) -> None:
        self.calls.append(("note", alarm_id, author, words, now_us))

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
