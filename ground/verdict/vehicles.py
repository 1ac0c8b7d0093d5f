"""Return status of the vehicles, drawn from what is known of their windows and since when not."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from ground.fleet import Fleet
from ground.model import Aside, Hole, Inspection, Leak, PacketId, UnitKey, VehicleStatus
from ground.verdict.alerts import Alerts
from ground.verdict.doubt import Doubt
from ground.verdict.facts import VITAL, WindowFacts
from ground.verdict.missing import Missing
from ground.verdict.return_status import ReturnStatus
from ground.verdict.sight import Sight
from ground.verdict.silence import Silence
from ground.verdict.watch import UnitWatch


class Vehicles:
    """As they stand; a change is told to the alerts."""

    def __init__(self, alerts: Alerts) -> None:
        self.facts: dict[UnitKey, WindowFacts] = {}
        self.silence = Silence()
        self.sight = Sight(alerts)
        self._missing = Missing()
        self._doubt = Doubt()
        self.all: tuple[VehicleStatus, ...] = ()
        self._status = ReturnStatus()
        self._alerts = alerts

    def miss(self, unit: UnitKey, holes: tuple[Hole, ...], aside: Aside) -> set[str]:
        """All that is missing of a unit now; the vehicles to which that makes a difference."""
        self.silence.holes(unit, holes, aside)
        self._missing.holes(unit, holes, aside, self._alerts.now_us)
        lost = self.facts[unit].lose(holes + aside.gone)
        lost |= self._look_for_missing(unit)
        return self.silence.settle() | ({unit.vehicle} if lost else set())

    def look(self, seen: Inspection, newest: PacketId | None) -> None:
        """Someone has looked at a pane; `newest`: the last live packet of its unit so far."""
        self.facts[seen.unit].look(seen, newest)
        self._look_for_missing(seen.unit)
        self._doubt.look(seen.unit, self.facts[seen.unit])

    def doubt(self, unit: UnitKey, since_us: int | None) -> None:
        """Someone else sends in a unit's name, since then; None: not any more."""
        if since_us is None:
            self._doubt.end(unit, self.facts[unit].told(self._alerts.now_us))
        else:
            self._doubt.begin(unit, since_us)

    def clock_back(self, now_us: int) -> None:
        """The ground's clock stands there now: all that was logged was logged before."""
        for facts in self.facts.values():
            facts.clock_back(now_us)
        self._doubt.clock_back(now_us)

    def _look_for_missing(self, unit: UnitKey) -> bool:
        """See what is missing of a unit for too long; True when that is another time than before.

        A look at the heat pane makes good what was missing before it, as it does what is lost.
        """
        cleared_us = self.facts[unit].cleared_us("outer")
        return self._missing.judge(unit, self._alerts.now_us, cleared_us)

    def pass_time(self) -> set[str]:
        """Ground time has gone on; the vehicles to which that makes a difference."""
        late = self._missing.due(self._alerts.now_us)
        changed = {unit.vehicle for unit in late if self._look_for_missing(unit)}
        return changed | self.silence.settle() | self.sight.pass_time()

    def leak(self, units: Collection[UnitKey], leaks: Sequence[Leak]) -> bool:
        """All leaks of some windows; True when that is another picture than before."""
        changed = False
        if not leaks and not any(self.facts[unit].leaks for unit in units):
            return False
        for unit in units:
            own = [leak for leak in leaks if leak.unit == unit]
            changed |= self.facts[unit].leaking(own, self._alerts.now_us)
        return changed

    def see(self, watches: Mapping[UnitKey, UnitWatch], time_us: int) -> bool:
        """All windows of a vehicle at that onboard time; True when other gauges are good.

        One good gauge of the cabin is enough for all its windows.
        """
        faulty = any(watch.sensors.faults for watch in watches.values())
        if not faulty and not any(self.facts[unit].unseen for unit in watches):
            return False
        dark = all(watch.is_dark("cabin") for watch in watches.values())
        changed = False
        for unit, watch in watches.items():
            unseen = [v for v in VITAL if watch.is_dark(v) and (v != "cabin" or dark)]
            changed |= self.facts[unit].gauges(time_us, unseen)
        return changed

    def draw(self, fleet: Fleet, *vehicles: str) -> None:
        """Draw the status of these anew (of all, where none is named); others stay."""
        changed = vehicles or tuple(v.id for v in fleet.vehicles)
        unknown = {v: self._unknown_since_us(v) for v in changed}
        before = {v.id: v for v in self.all}
        self.all = self._status.assess(fleet, self.facts, unknown, changed)
        for vehicle in self.all:
            was = before.get(vehicle.id)
            if vehicle is not was:
                self._alerts.changed.add("status")
                if vehicle.status != (was.status if was else None):
                    self._alerts.status(vehicle)

    def _unknown_since_us(self, vehicle: str) -> int | None:
        parts = (self.silence, self._missing, self.sight, self._doubt)
        times_us = [part.since_us(vehicle) for part in parts]
        return min((us for us in times_us if us is not None), default=None)
