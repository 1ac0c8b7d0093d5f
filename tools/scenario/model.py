"""A scenario: what is flown, and what happens to it when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from ground.fleet import Fleet
from ground.model import UnitKey

CABIN: Final = "cabin"


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happens `t_us` µs after the scenario's start."""

    t_us: int
    kind: str
    vehicle: str
    window: str | None
    """None when it happens to the whole vehicle."""
    values: dict[str, Any]
    """The kind's own keys (tools/scenario/kinds.py), defaults filled in."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """A checked scenario; events are in order of time, then of the file."""

    name: str
    seed: int
    duration_us: int
    epoch: datetime
    """UTC of the start."""
    fleet: Fleet
    events: tuple[Event, ...]

    @property
    def start_us(self) -> int:
        """UTC of the start, µs since 1970."""
        return (self.epoch - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)

    @property
    def units(self) -> list[UnitKey]:
        """Every unit, in file order."""
        return [UnitKey(v.id, w.id) for v in self.fleet.vehicles for w in v.windows]

    def events_at(self, unit: UnitKey, *kinds: str) -> list[Event]:
        """The events at one window; of the given kinds, when any are given.

        What happens to the cabin happens at every window of the vehicle: it has one.
        """
        return [
            e
            for e in self.events
            if e.vehicle == unit.vehicle
            and (e.window == unit.unit or e.values.get("volume") == CABIN)
            and (not kinds or e.kind in kinds)
        ]
