"""May people come home in it? GREEN nominal, AMBER emergency only, RED no crew.

It advises; people decide. Only an inspection returns a vehicle to GREEN; silence changes no colour.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Final

from ground.fleet import Fleet, Vehicle
from ground.model import PhotoTask, Rule, UnitKey, VehicleStatus
from ground.verdict.facts import WindowFacts
from ground.verdict.hits import WindowHits
from ground.verdict.rules import AMBER, GREEN, RED, standing_rules

INSPECTED: Final = "inspected"
"""Reason of a return to GREEN."""


class ReturnStatus:
    """Status and its history of every vehicle; what is judged once is kept."""

    def __init__(self) -> None:
        self._history: dict[str, list[tuple[int, str, str]]] = {}
        self._status: dict[str, str] = {}
        self._hits: dict[UnitKey, WindowHits] = {}
        self._made: dict[str, VehicleStatus] = {}

    def assess(
        self,
        fleet: Fleet,
        facts: Mapping[UnitKey, WindowFacts],
        unknown_since_us: Mapping[str, int | None],
        changed: Container[str] | None = None,
    ) -> tuple[VehicleStatus, ...]:
        """All vehicles by the present facts; those that are not in `changed` stay as they are.

        A status that comes out the same is the same object.
        """
        for vehicle in fleet.vehicles:
            before = self._made.get(vehicle.id)
            if before is None or changed is None or vehicle.id in changed:
                made = self._vehicle(vehicle, facts, unknown_since_us.get(vehicle.id))
                if made != before:
                    self._made[vehicle.id] = made
        return tuple(self._made[v.id] for v in fleet.vehicles)

    def _vehicle(
        self, vehicle: Vehicle, facts: Mapping[UnitKey, WindowFacts], unknown_since_us: int | None
    ) -> VehicleStatus:
        red: list[tuple[int, Rule]] = []
        amber: list[tuple[int, Rule]] = []
        tasks: list[PhotoTask] = []
        inspected_us = 0
        for window in vehicle.windows:
            unit = UnitKey(vehicle.id, window.id)
            known = facts.get(unit, WindowFacts())
            if unit not in self._hits:
                self._hits[unit] = WindowHits(window)
            hits = self._hits[unit]
            hits.take(known)
            standing = list(standing_rules(vehicle, unit, known))
            red += [f for f in standing if f[1].status == RED]
            red += hits.rules(RED)
            amber += [f for f in standing if f[1].status == AMBER]
            amber += hits.rules(AMBER)
            tasks += hits.tasks()
            inspected_us = max([inspected_us, *(i.time_us for i in known.inspections)])
        fired = red + amber
        if not vehicle.has_return_status:
            fired, status = [], None
        else:
            status = fired[0][1].status if fired else GREEN
            self._remember(vehicle.id, status, fired, inspected_us)
        return VehicleStatus(
            vehicle.id,
            vehicle.name,
            vehicle.role,
            status,
            unknown_since_us,
            tuple(rule for _, rule in fired),
            tuple(self._history.get(vehicle.id, ())),
            tuple(tasks),
        )

    def _remember(
        self, vehicle_id: str, status: str, fired: list[tuple[int, Rule]], inspected_us: int
    ) -> None:
        """History of the colour, at the time of what changed it."""
        before = self._status.get(vehicle_id, GREEN)
        if status == before:
            return
        self._status[vehicle_id] = status
        if status == AMBER and before == RED:
            entry = (inspected_us, AMBER, fired[0][1].name)
        elif fired:
            time_us, rule = min(
                ((t, r) for t, r in fired if r.status == status), key=lambda f: f[0]
            )
            entry = (time_us, status, rule.name)
        else:
            entry = (inspected_us, GREEN, INSPECTED)
        self._history.setdefault(vehicle_id, []).append(entry)
