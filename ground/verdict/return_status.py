"""May people come home in it? GREEN nominal, AMBER emergency only, RED no crew.

It advises; people decide. Only an inspection returns a vehicle to GREEN; silence changes no colour.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ground.fleet import Fleet, Vehicle
from ground.model import PhotoTask, Rule, UnitKey, VehicleStatus
from ground.verdict.facts import WindowFacts
from ground.verdict.photo_task import photo_task
from ground.verdict.rules import AMBER, GREEN, RED, impact_rules, window_rules

INSPECTED: Final = "inspected"
"""Reason of a return to GREEN."""


class ReturnStatus:
    """Status and its history of every vehicle."""

    def __init__(self) -> None:
        self._history: dict[str, list[tuple[int, str, str]]] = {}
        self._status: dict[str, str] = {}

    def assess(
        self,
        fleet: Fleet,
        facts: Mapping[UnitKey, WindowFacts],
        unknown_since_us: Mapping[str, int | None],
    ) -> tuple[VehicleStatus, ...]:
        """All vehicles by the present facts."""
        return tuple(self._vehicle(v, facts, unknown_since_us.get(v.id)) for v in fleet.vehicles)

    def _vehicle(
        self, vehicle: Vehicle, facts: Mapping[UnitKey, WindowFacts], unknown_since_us: int | None
    ) -> VehicleStatus:
        fired: list[tuple[int, Rule]] = []
        tasks: list[PhotoTask] = []
        inspected_us = 0
        for window in vehicle.windows:
            unit = UnitKey(vehicle.id, window.id)
            known = facts.get(unit, WindowFacts())
            fired += window_rules(vehicle, window, unit, known)
            tasks += [
                photo_task(i, window)
                for i in known.impacts
                if not known.is_inspected(i) and any(impact_rules(i, window, inspected=False))
            ]
            inspected_us = max([inspected_us, *(i.time_us for i in known.inspections)])
        if not vehicle.has_return_status:
            fired, status = [], None
        else:
            fired.sort(key=lambda f: f[1].status != RED)
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
