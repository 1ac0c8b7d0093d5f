"""Which limits each vehicle has now: the set in force, and the flight context it is in."""

from __future__ import annotations

from dataclasses import dataclass, field

from ground.fleet import Vehicle
from ground.monitor.limit_set import DEFAULT, DOCKED, FREE_FLIGHT, LimitSet


@dataclass(slots=True)
class Limiting:
    """Contexts are as told, else by the fleet's table."""

    limits: LimitSet = DEFAULT
    _told: dict[str, str] = field(default_factory=dict)

    def enter(self, vehicle_id: str, context: str) -> None:
        """A vehicle comes into another flight context."""
        self._told[vehicle_id] = context

    def context(self, vehicle_id: str, vehicle: Vehicle | None) -> str:
        """A station is docked to by others; a ship flies free unless it is docked itself."""
        free = vehicle is not None and vehicle.has_return_status and vehicle.docked is None
        return self._told.get(vehicle_id) or (FREE_FLIGHT if free else DOCKED)
