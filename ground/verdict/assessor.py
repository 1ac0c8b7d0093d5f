"""The single door of the assessment: packets, inspections and time in; alarms and verdicts out.

Deterministic: its state follows from the calls and their order alone, so a station rebuilds it by
folding its archive. No scenario gets in here: vehicles come as a Fleet, evidence as packets and
inspections.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from ground.alarms.book import Transition
from ground.alarms.flood import FloodState
from ground.fleet import Fleet
from ground.model import (
    Alarm,
    Aside,
    Finding,
    Hole,
    Impact,
    Inspection,
    Leak,
    Packet,
    UnitKey,
    VehicleStatus,
)
from ground.monitor.latest import Latest
from ground.monitor.limit_set import DEFAULT, LimitSet
from ground.monitor.limits import LimitChange
from ground.receive.run import Run
from ground.verdict.alarm_acts import AlarmActs
from ground.verdict.alerts import Alerts
from ground.verdict.cabin import joined
from ground.verdict.event_words import crossed
from ground.verdict.facts import WindowFacts
from ground.verdict.hit_report import take_hit
from ground.verdict.housekeeping import take_housekeeping
from ground.verdict.limiting import Limiting
from ground.verdict.onboard_events import take_event
from ground.verdict.silence_alarms import SilenceAlarms
from ground.verdict.vehicles import Vehicles
from ground.verdict.watch import Quiet, UnitWatch, values_of

NOTHING: Final = Aside()


class Assessor(AlarmActs):
    """What the ground concludes. Times are µs since 1970, UTC."""

    def __init__(
        self,
        fleet: Fleet,
        on_transition: Callable[[Transition], None] = lambda _: None,
        limits: LimitSet = DEFAULT,
    ) -> None:
        self.fleet = fleet
        self._limiting = Limiting(limits)
        self.latest = Latest()
        self.impacts: list[Impact] = []
        self.limit_history: list[tuple[UnitKey, LimitChange]] = []
        """What late data violated; it raised no alarm."""
        self._alerts = Alerts(on_transition)
        self._silence_alarms = SilenceAlarms(self._alerts)
        self._watches: dict[UnitKey, UnitWatch] = {}
        self._passed_us = 0
        """Where the ground's clock stood last; it may have been set back since."""
        self._vehicles = Vehicles(self._alerts)
        self.changed = self._alerts.changed
        """Topics since the reader last cleared it.

        status impacts leaks findings alarms counts stale limits
        """
        self._assess()
        self.changed.clear()

    @property
    def on_transition(self) -> Callable[[Transition], None]:
        """Who hears of alarms' transitions."""
        return self._alerts.book.on_transition

    def go_on_from(self, other: Assessor) -> None:
        """Know what another one knew, of the vehicles that this one was made for."""
        fleet = self.fleet
        self.__dict__.update(other.__dict__)
        for unit in self._watches:
            fleet = fleet.with_unit(unit)
        self.fleet = fleet

    @property
    def limits(self) -> LimitSet:
        """Those in force."""
        return self._limiting.limits

    @property
    def alarms(self) -> tuple[Alarm, ...]:
        """Every alarm, by id; closed ones are `normal`."""
        return self._alerts.book.alarms

    @property
    def flood(self) -> FloodState:
        """Alarms that asked for attention lately."""
        return self._alerts.book.flood.state

    @property
    def findings(self) -> tuple[Finding, ...]:
        """In the order of their first evidence."""
        return self._alerts.findings.all()

    @property
    def leaks(self) -> tuple[Leak, ...]:
        """By unit in the order of the first packet, then by onset."""
        return tuple(joined(self._watches.values()))

    @property
    def vehicles(self) -> tuple[VehicleStatus, ...]:
        """Return status of each vehicle of the fleet."""
        return self._vehicles.all

    def packet(self, p: Packet) -> None:
        """Take one accepted packet."""
        self._pass(p.received_us)
        watch = self._watch(p.unit)
        if not p.late:
            if not watch.is_heard:
                self._vehicles.silence.end(p.unit)
            watch.hear(p)
            self._vehicles.sight.hear(p.unit, p.onboard_us)
        match p.decoded.name:
            case "housekeeping":
                self._housekeeping(p, watch)
            case "hit":
                self._hit(p, watch)
            case "boot":
                watch.boot(p)
            case "monitor_transition":
                watch.monitors.update([crossed(p)])
            case "self_test" if not p.late:
                watch.sensors.tested(p.decoded.raw)
            case "event_medium" | "event_high" | "event_info":
                take_event(p, watch, self._alerts)

    def look(self, unit: UnitKey, run: Run) -> Quiet | None:
        """With how many packets, none of them late, a run changes nothing but the newest values."""
        watch = self._watches.get(unit)
        if watch is None or not watch.is_heard or run.name != "housekeeping":
            return None
        return None if self.latest.is_stale(unit) else watch.look(run)

    def take(self, quiet: Quiet, packets: int, newest: Packet) -> None:
        """Take in the first packets that change nothing; `newest` is the last of them."""
        self._pass(newest.received_us)
        watch = self._watches[newest.unit]
        watch.hear_in_turn(newest)
        self._vehicles.sight.hear(newest.unit, newest.onboard_us)
        self._see(newest, packets)
        watch.take(quiet, packets, newest.onboard_us)
        levels, times = watch.limits.levels, (newest.onboard_us, newest.received_us)
        self.latest.update(newest.unit, values_of(newest), levels, *times)

    def inspection(self, i: Inspection) -> None:
        """A person looked at a pane."""
        newest = self._watch(i.unit).newest_id
        self._vehicles.look(i, newest)
        self._assess(i.unit.vehicle)

    def limit(self, limits: LimitSet) -> None:
        """From now on these limits hold."""
        self._limiting.limits = limits
        for unit, watch in self._watches.items():
            watch.limits.follow(limits, self.context(unit.vehicle))
        self.changed.add("limits")

    def context(self, vehicle_id: str) -> str:
        """In which flight context a vehicle is."""
        return self._limiting.context(vehicle_id, self.fleet.vehicle(vehicle_id))

    def enter(self, vehicle_id: str, context: str) -> None:
        """A vehicle comes into another flight context."""
        self._limiting.enter(vehicle_id, context)
        self.limit(self.limits)

    def silence(self, unit: UnitKey, since_us: int | None) -> None:
        """Nothing comes from a unit since then; None: it is heard again."""
        watch = self._watch(unit)
        if since_us is None:
            self._vehicles.silence.end(unit)
            self._silence_alarms.end(unit)
            return
        self._vehicles.silence.begin(unit, since_us, watch.newest_id)
        self._silence_alarms.begin(unit, watch, since_us)
        self._assess(unit.vehicle)

    def holes(self, unit: UnitKey, holes: tuple[Hole, ...], aside: Aside = NOTHING) -> None:
        """All that is missing of a unit now; `aside`: of its boots of which there are no holes."""
        self._watch(unit)
        self._silence_alarms.holes(unit, holes, aside)
        if changed := self._vehicles.miss(unit, holes, aside):
            self._assess(*changed)

    def doubt(self, unit: UnitKey, since_us: int | None) -> None:
        """Someone else sends in a unit's name, since then; None: not any more."""
        self._watch(unit)
        self._vehicles.doubt(unit, since_us)
        self._assess(unit.vehicle)

    def tick(self, now_us: int) -> None:
        """Let time pass: staleness, shelves, silence that is over."""
        self._pass(now_us)
        if self.latest.tick(now_us):
            self.changed.add("stale")
        self._silence_alarms.tick()
        if changed := self._vehicles.pass_time():
            self._assess(*changed)

    def _housekeeping(self, p: Packet, watch: UnitWatch) -> None:
        values = values_of(p)
        if p.late:
            late = watch.limits.history(p.onboard_us, values, watch.sensors.faults)
            self.limit_history += [(p.unit, change) for change in late]
            return
        vehicle = {u: w for u, w in self._watches.items() if u.vehicle == p.unit.vehicle}
        companions = [w for u, w in vehicle.items() if u != p.unit]
        falls = take_housekeeping(p, values, watch, companions, self._alerts)
        levels = watch.limits.levels
        if self.latest.update(p.unit, values, levels, p.onboard_us, p.received_us):
            self.changed.add("stale")
        self._see(p)
        facts = self._vehicles.facts[p.unit]
        matters = facts.sensors(p.onboard_us, watch.sensors.acoustic_healthy())
        matters |= self._vehicles.see(vehicle, p.onboard_us)
        matters |= facts.fall(falls, self._alerts.now_us)
        if self._vehicles.leak(vehicle, joined(vehicle.values())):
            self.changed.add("leaks")
            matters = True
        if matters:
            self._assess(p.unit.vehicle)

    def _see(self, newest: Packet, packets: int = 1) -> None:
        if self._vehicles.sight.see(newest.unit, newest.onboard_us, packets):
            self._assess(newest.unit.vehicle)

    def _hit(self, p: Packet, watch: UnitWatch) -> None:
        impact = take_hit(p, watch, self._alerts)
        self.impacts.append(impact)
        self._vehicles.facts[p.unit].impacts.append(impact)
        self.changed.add("impacts")
        self._assess(p.unit.vehicle)

    def _pass(self, now_us: int) -> None:
        """Ground time goes on; at its start every configured window is one never heard."""
        if self._alerts.now_us == 0:
            for vehicle in self.fleet.vehicles:
                for window in vehicle.windows:
                    self._vehicles.silence.begin(UnitKey(vehicle.id, window.id), now_us)
            self._alerts.now_us = now_us
            self._assess()
        self._alerts.advance(now_us)
        if now_us < self._passed_us:
            self._vehicles.clock_back(now_us)
        self._passed_us = now_us

    def _watch(self, unit: UnitKey) -> UnitWatch:
        watch = self._watches.get(unit)
        if watch is None:
            self.fleet = self.fleet.with_unit(unit)
            vehicle, window = self.fleet.place(unit)
            watch = self._watches[unit] = UnitWatch(
                unit, vehicle, window, self.limits, self.context(unit.vehicle)
            )
            self._vehicles.facts[unit] = WindowFacts()
            self._assess(unit.vehicle)
        return watch

    def _assess(self, *vehicles: str) -> None:
        self._vehicles.draw(self.fleet, *vehicles)
