"""The single door of the assessment: packets, inspections and time in; alarms and verdicts out.

Deterministic: its state follows from the calls and their order alone, so a station rebuilds it by
folding its archive. No scenario gets in here: vehicles come as a Fleet, evidence as packets and
inspections.
"""

from __future__ import annotations

from collections.abc import Callable

from ground.alarms.book import Transition
from ground.fleet import Fleet
from ground.model import (
    Alarm,
    Finding,
    Hole,
    Impact,
    Inspection,
    Leak,
    Packet,
    UnitKey,
    VehicleStatus,
)
from ground.monitor.impact import read_impact
from ground.monitor.latest import Latest
from ground.monitor.limits import LimitChange
from ground.monitor.size import equivalent_mm
from ground.verdict.alerts import Alerts
from ground.verdict.facts import WindowFacts
from ground.verdict.housekeeping import take_housekeeping
from ground.verdict.return_status import ReturnStatus
from ground.verdict.rules import RED, WORTH_A_LOOK_MM
from ground.verdict.silence import Silence
from ground.verdict.watch import UnitWatch, values_of
from ground.verdict.words import event_sensor, event_words, impact_words, lateness
from protocol.schema.severity import EVENT_SEVERITY, Severity
from protocol.wire.events import SENSOR_FAULT, SENSOR_RECOVERED


class Assessor:
    """What the ground concludes. Times are µs since 1970, UTC."""

    def __init__(
        self, fleet: Fleet, on_transition: Callable[[Transition], None] = lambda _: None
    ) -> None:
        self.fleet = fleet
        self.latest = Latest()
        self.impacts: list[Impact] = []
        self.limit_history: list[tuple[UnitKey, LimitChange]] = []
        """What late data violated; it raised no alarm."""
        self._alerts = Alerts(on_transition)
        self._silence = Silence()
        self._status = ReturnStatus()
        self._watches: dict[UnitKey, UnitWatch] = {}
        self._facts: dict[UnitKey, WindowFacts] = {}
        self._vehicles: tuple[VehicleStatus, ...] = ()
        self.changed = self._alerts.changed
        """Topics since the reader last cleared it: status impacts leaks findings alarms stale."""
        self._assess()
        self.changed.clear()

    @property
    def alarms(self) -> tuple[Alarm, ...]:
        """Every alarm, by id; closed ones are `normal`."""
        return self._alerts.book.alarms

    @property
    def findings(self) -> tuple[Finding, ...]:
        """In the order of their first evidence."""
        return self._alerts.findings.all()

    @property
    def leaks(self) -> tuple[Leak, ...]:
        """By unit in the order of the first packet, then by onset."""
        return tuple(leak for watch in self._watches.values() for leak in watch.leaks.leaks)

    @property
    def vehicles(self) -> tuple[VehicleStatus, ...]:
        """Return status of each vehicle of the fleet."""
        return self._vehicles

    def packet(self, p: Packet) -> None:
        """Take one accepted packet."""
        self._pass(p.received_us)
        watch = self._watch(p.unit)
        if not p.late:
            if not watch.is_heard:
                self._silence.end(p.unit)
            watch.hear(p)
        match p.decoded.name:
            case "housekeeping":
                self._housekeeping(p, watch)
            case "hit":
                self._hit(p, watch)
            case "boot":
                watch.boot(p)
            case "event_medium" | "event_high" | "event_info":
                self._event(p)

    def inspection(self, i: Inspection) -> None:
        """A person looked at a pane."""
        self._watch(i.unit)
        self._facts[i.unit].inspections.append(i)
        self._assess()

    def silence(self, unit: UnitKey, since_us: int | None) -> None:
        """Nothing comes from a unit since then; None: it is heard again."""
        watch = self._watch(unit)
        key = f"silence:{unit}"
        if since_us is None:
            self._silence.end(unit)
            self._alerts.clear(key)
            return
        self._silence.begin(unit, since_us)
        self._alerts.rise(key, Severity.DISTRESS, f"silent: {watch.heard}", unit, since_us)
        self._assess()

    def holes(self, unit: UnitKey, holes: tuple[Hole, ...]) -> None:
        """All that is missing of a unit now."""
        self._watch(unit)
        self._silence.holes(unit, holes)
        lost = self._facts[unit].lose(holes)
        if self._silence.settle() or lost:
            self._assess()

    def tick(self, now_us: int) -> None:
        """Let time pass: staleness, shelves, silence that is over."""
        self._pass(now_us)
        if self.latest.tick(now_us):
            self.changed.add("stale")
        if self._silence.settle():
            self._assess()

    def acknowledge(self, alarm_id: int, author: str, comment: str, now_us: int) -> None:
        """Someone has seen an alarm; raises AlarmRefusedError."""
        self._pass(now_us)
        self._alerts.book.acknowledge(alarm_id, author, comment, now_us)
        self.changed.add("alarms")

    def shelve(
        self, alarm_id: int, author: str, reason: str, until_us: int | None, now_us: int
    ) -> None:
        """Put an alarm aside until a time, None takes it back; raises AlarmRefusedError."""
        self._pass(now_us)
        self._alerts.book.shelve(alarm_id, author, reason, until_us, now_us)
        self.changed.add("alarms")

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
        """An alarm that the station itself raises (active) or takes back."""
        self._pass(now_us)
        if active:
            words = what + lateness(late, time_us, now_us)
            self._alerts.rise(key, severity, words, unit, time_us, latching=latching, late=late)
        else:
            self._alerts.clear(key)

    def _housekeeping(self, p: Packet, watch: UnitWatch) -> None:
        values = values_of(p)
        if p.late:
            late = watch.limits.history(p.onboard_us, values, watch.sensors.faults)
            self.limit_history += [(p.unit, change) for change in late]
            return
        companions = [
            w for u, w in self._watches.items() if u.vehicle == p.unit.vehicle and u != p.unit
        ]
        take_housekeeping(p, values, watch, companions, self._alerts)
        levels = watch.limits.levels
        if self.latest.update(p.unit, values, levels, p.onboard_us, p.received_us):
            self.changed.add("stale")
        facts = self._facts[p.unit]
        matters = facts.sensors(p.onboard_us, watch.sensors.acoustic_healthy())
        if facts.leaks != watch.leaks.leaks:
            facts.leaks = list(watch.leaks.leaks)
            self.changed.add("leaks")
            matters = True
        if matters:
            self._assess()

    def _hit(self, p: Packet, watch: UnitWatch) -> None:
        faulty = () if p.late else tuple(watch.sensors.faults)
        impact = read_impact(
            p, watch.window, sigma_us=watch.sigma_us, picks=watch.picks, faulty=faulty
        )
        self.impacts.append(impact)
        self._facts[p.unit].impacts.append(impact)
        size = equivalent_mm(impact.diameter_mm)
        grave = impact.saturated or size is None or size >= WORTH_A_LOOK_MM
        self._alerts.rise(
            f"impact:{p.unit}:{p.id.boot}:{p.id.record}",
            Severity.CRITICAL if grave else Severity.WARNING,
            impact_words(impact, watch.window),
            p.unit, impact.time_us, latching=True, late=impact.late, evidence=(p.id,),
        )  # fmt: skip
        self._alerts.concluded(self._alerts.findings.impact(impact, self._alerts.now_us))
        self.changed.add("impacts")
        self._assess()

    def _event(self, p: Packet) -> None:
        """ST[05] of medium and high severity; a live sensor event is the sensor's own alarm."""
        event_id = int(p.decoded.raw["event_id"])
        severity = EVENT_SEVERITY[p.decoded.subtype]
        key, latching = f"event:{p.unit}:{event_id}", True
        if event_id in (SENSOR_FAULT, SENSOR_RECOVERED) and not p.late:
            key, latching = f"sensor:{p.unit}:{event_sensor(p)}", False
        if event_id == SENSOR_RECOVERED:
            self._alerts.clear(key)
        elif severity >= Severity.WARNING:
            self._alerts.rise(
                key, severity, event_words(p), p.unit, p.onboard_us,
                latching=latching, late=p.late, evidence=(p.id,),
            )  # fmt: skip

    def _pass(self, now_us: int) -> None:
        """Ground time goes on; at its start every configured window is one never heard."""
        if self._alerts.now_us == 0:
            for vehicle in self.fleet.vehicles:
                for window in vehicle.windows:
                    self._silence.begin(UnitKey(vehicle.id, window.id), now_us)
            self._alerts.now_us = now_us
            self._assess()
        self._alerts.advance(now_us)

    def _watch(self, unit: UnitKey) -> UnitWatch:
        watch = self._watches.get(unit)
        if watch is None:
            self.fleet = self.fleet.with_unit(unit)
            vehicle, window = self.fleet.place(unit)
            watch = self._watches[unit] = UnitWatch(unit, vehicle, window)
            self._facts[unit] = WindowFacts()
            self._assess()
        return watch

    def _assess(self) -> None:
        """Draw the return status anew from all facts."""
        unknown = {v.id: self._silence.since_us(v.id) for v in self.fleet.vehicles}
        vehicles = self._status.assess(self.fleet, self._facts, unknown)
        if vehicles != self._vehicles:
            before = {v.id: v.status for v in self._vehicles}
            self._vehicles = vehicles
            self.changed.add("status")
            for vehicle in vehicles:
                if vehicle.status != before.get(vehicle.id):
                    self._alarm_status(vehicle)

    def _alarm_status(self, vehicle: VehicleStatus) -> None:
        """RED is an alarm of its own, whatever made it: an inspection raises no other."""
        key = f"status:{vehicle.id}"
        if vehicle.status == RED:
            rule = vehicle.rules[0]
            unit = UnitKey(vehicle.id, rule.inputs["window"])
            cause = rule.words.removeprefix(f"{unit}: ")
            what = f"{vehicle.name} must carry no crew: {cause}"
            self._alerts.rise(key, Severity.SEVERE, what, unit, vehicle.history[-1][0])
        else:
            self._alerts.clear(key)
