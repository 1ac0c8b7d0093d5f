"""A scripted ground station: the shenzhou20 story, one call a turn, for tests of API and console.

What is seen is written down here; what it makes of the return status, the ground's own rules say.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from math import exp

from ground.alarms.flood import Flood
from ground.alarms.seen import unseen
from ground.api import source
from ground.api.source import (
    Gauges,
    Health,
    JournalEntry,
    LinkState,
    Refused,
    Sample,
    UnitState,
    Value,
)
from ground.archive.decimate import Series, minmax
from ground.fleet import Fleet
from ground.model import (
    Alarm,
    Finding,
    Impact,
    Inspection,
    Leak,
    Note,
    SilenceFacts,
    UnitKey,
    VehicleStatus,
)
from ground.monitor.limit_set import DEFAULT, LimitSet
from ground.receive.receiver import Counters
from ground.stream.boot import HOUR_US
from ground.stream.completeness import Completeness
from ground.verdict.facts import WindowFacts
from ground.verdict.return_status import ReturnStatus
from hil_tests.e2e import demo_story as story
from hil_tests.e2e.demo_story import FLEET, SZ20, SZ21, TIANGONG
from protocol.schema.severity import Severity

S = 1_000_000


class DemoGround(source.Ground):
    """Call `second()` once a second and the story's methods when it is their turn."""

    def __init__(self, start_us: int = 1_762_214_400 * S, seconds: int = 0) -> None:
        self.started_us = self.now_us = start_us
        self.replayed = ""
        self.dropped_us: list[tuple[int, int]] = []
        """What retention has dropped, of every unit."""
        self._noise = random.Random(20)
        self._history: dict[UnitKey, list[Sample]] = {}
        self._received: dict[UnitKey, int] = {}
        self._kept: dict[UnitKey, list[Sample]] = {}
        self._silent: set[UnitKey] = set()
        self._listeners: list = []
        self._return_status = ReturnStatus()
        self._facts = {unit: WindowFacts() for unit in (SZ20, SZ21, TIANGONG)}
        self._unknown_since_us: dict[str, int | None] = {}
        self._statuses = self._assess()
        self._impacts: list[Impact] = []
        self._leaks: list[Leak] = []
        self._findings: list[Finding] = []
        self._alarms: list[Alarm] = []
        self._flood = Flood()
        self._inspections: list[Inspection] = []
        self._journal: list[JournalEntry] = []
        self._limits = DEFAULT
        self._contexts: dict[str, str] = {}
        for _ in range(seconds):
            self.second()

    # The story

    def second(self) -> None:
        """One second of housekeeping of every unit."""
        self.now_us += S
        self._flood.advance(self.now_us)
        samples = []
        for unit in (SZ20, SZ21, TIANGONG):
            sample = Sample(unit, self.now_us, False, self._values(unit))
            if unit in self._silent:
                self._kept.setdefault(unit, []).append(sample)
            else:
                samples.append(sample)
        self._deliver(samples)

    def strike(self, unit: UnitKey = SZ20, late_by_s: int = 0) -> None:
        """A particle strikes; late when it was kept on board meanwhile."""
        late = late_by_s > 0
        hit = story.impact(unit, self.now_us - late_by_s * S, self.now_us, late)
        self._impacts.append(hit)
        self._findings.append(story.strike(hit))
        self._raise("strike", unit, Severity.CRITICAL, story.STRIKE_WORDS, hit.time_us, late)
        self._facts[unit].impacts.append(hit)
        self._tell([])

    def leak(self, unit: UnitKey = TIANGONG) -> None:
        """Gap 2 begins to leak."""
        found = story.leak(unit, self.now_us)
        self._leaks.append(found)
        self._facts[unit].leaks.append(found)
        self._raise("leak", unit, Severity.DISTRESS, "Gap 2 leaks: 134 Pa/s", found.time_us)
        self._tell([])

    def silence(self, unit: UnitKey = SZ21) -> None:
        """The link delivers nothing; the unit goes on."""
        self._silent.add(unit)
        self._raise("silence", unit, Severity.WARNING, "Silent: no telemetry", self.now_us)
        last_us = self._unknown_since_us[unit.vehicle] = self._history[unit][-1].utc_us
        facts = SilenceFacts(last_us, None, 2, 0)
        self._alarms[-1] = replace(self._alarms[-1], silence=facts)
        self._tell([])

    def recover(self, unit: UnitKey = SZ21) -> None:
        """The link is back: kept packets arrive, late."""
        self._silent.discard(unit)
        self._unknown_since_us[unit.vehicle] = None
        kept = self._kept.pop(unit, [])
        self._deliver([replace(s, late=True) for s in kept])

    def worst(self) -> None:
        """RED, AMBER unknown with its task, and a leak, all at once."""
        self.strike()
        self.second()
        self.inspect(Inspection(SZ20, self.now_us, "a name of usual length", "outer", "crack", 10))
        self.leak()
        self.strike(SZ21, late_by_s=20)
        self.silence()

    def _values(self, unit: UnitKey) -> dict[str, float]:
        def pressure(pa: float) -> float:
            return round(pa + self._noise.gauss(0, 20), 1)

        gap2 = 101_325.0
        for leak in self._leaks:
            if leak.unit == unit:
                gap2 *= exp(-(self.now_us - leak.time_us) / S / leak.tau_s)
        t = {"t_outer": 4.0, "t_middle": 14.0, "t_inner": 19.0}
        return {
            "p_gap1": 0.0,
            "p_gap2": pressure(gap2),
            "p_cabin": pressure(101_325.0),
            **{k: round(v + self._noise.gauss(0, 0.05), 3) for k, v in t.items()},
            "ae_health": 0x3F,
            "sensor_health": 0x3F,
            "impacts": sum(i.unit == unit for i in self._impacts),
        }

    def _deliver(self, samples: list[Sample]) -> None:
        for sample in samples:
            self._history.setdefault(sample.unit, []).append(sample)
            self._received[sample.unit] = self.now_us
        self._tell(samples)

    def _tell(self, samples: list[Sample]) -> None:
        self._statuses = self._assess()
        for listener in self._listeners:
            listener(samples)

    def _raise(self, key, unit, severity, what, at, late=False) -> None:
        self._flood.add(self.now_us)
        self._alarms.append(
            Alarm(
                len(self._alarms) + 1, f"{unit} {key}", unit, unit.vehicle, severity, what, at,
                self.now_us, "unacknowledged", True, late,
            )
        )  # fmt: skip

    def _assess(self) -> tuple[VehicleStatus, ...]:
        return self._return_status.assess(FLEET, self._facts, self._unknown_since_us)

    # What the API reads

    def replay(self) -> str:
        return self.replayed

    def health(self) -> Health:
        links = [
            LinkState("mqtt", "up", "127.0.0.1, 1 unit"),
            LinkState("pty sz21/w1", "up", "115200 8N1"),
        ]
        return Health(
            True, self.started_us, self.now_us, self.started_us + S, 3, links, "demo.archive"
        )

    def fleet(self) -> Fleet:
        return FLEET

    def units(self) -> list[UnitState]:
        return [self._unit(u) for u in (SZ20, SZ21, TIANGONG)]

    def _unit(self, unit: UnitKey) -> UnitState:
        if unit not in self._history:
            return UnitState(unit, "never")
        samples = self._history[unit]
        state = "silent" if unit in self._silent else "live"
        missing = len(self._kept.get(unit, []))
        return UnitState(
            unit, state, 1, "mqtt" if unit == SZ20 else "pty", self._received[unit],
            samples[-1].utc_us, missing, 0, False, len(samples), 0.0, 0.002, 12.5, 3.0,
        )  # fmt: skip

    def latest(self, unit: UnitKey) -> dict[str, Value]:
        newest = self._history.get(unit, [])[-1:]
        return {
            k: Value(s.utc_us, v, unit in self._silent, self._received[unit], None)
            for s in newest
            for k, v in s.values.items()
        }

    def extremes(self, unit, parameter, start_us, end_us, size):
        points = self._points(unit, parameter, start_us, end_us)
        return minmax(Series.of(points), size).points()

    def newest(self, unit, parameter, start_us, end_us, size):
        return self._points(unit, parameter, start_us, end_us)[-size:]

    def dropped(self, unit, start_us, end_us):
        spans = [(max(a, start_us), min(b, end_us)) for a, b in self.dropped_us]
        return [(a, b) for a, b in spans if a <= b]

    def completeness(self, unit, start_us, end_us):
        counts = Counter(
            s.utc_us // HOUR_US
            for s in self._history.get(unit, [])
            if start_us <= s.utc_us < end_us
        )
        return [Completeness(hour * HOUR_US, 1, count) for hour, count in sorted(counts.items())]

    def _points(self, unit, parameter, start_us, end_us):
        samples = sorted(self._history.get(unit, []), key=lambda s: s.utc_us)
        return [
            (s.utc_us, s.values[parameter])
            for s in samples
            if start_us <= s.utc_us <= end_us and parameter in s.values
        ]

    def statuses(self):
        return list(self._statuses)

    def impacts(self):
        return self._impacts

    def leaks(self):
        return self._leaks

    def findings(self):
        return self._findings

    def alarms(self):
        return self._alarms

    def flood(self):
        return self._flood.state

    def inspections(self):
        return self._inspections

    def journal(self, limit):
        entries = self._journal[::-1][:limit]
        return lambda: entries

    def gauges(self):
        return Gauges({"mqtt": Counters(9, 1, 4, 900)}, 4096, {SZ20: 2})

    def commands(self, limit):
        return []

    def command(self, number, *_):
        raise Refused(f"There is no command {number}.", 404)

    confirm = cancel = command

    def order(self, unit, *_):
        raise Refused(f"The demonstration commands no unit, {unit} neither.", 404)

    def report(self):
        return lambda: {"scenario": "demo", "tau_s": float("inf")}

    # What operators do

    def _change(self, alarm: int, **values) -> None:
        index = next((i for i, a in enumerate(self._alarms) if a.id == alarm), None)
        if index is None:
            raise Refused(f"There is no alarm {alarm}.", 404)
        self._alarms[index] = replace(self._alarms[index], **values)
        self._tell([])

    async def evidence(self, alarm: int, when: str) -> bytes:
        if all(a.id != alarm for a in self._alarms):
            raise Refused(f"There is no alarm {alarm}.", 404)
        return f"bundle of {alarm}, {when}".encode()

    def acknowledge(self, alarm: int, author: str, comment: str) -> None:
        if any(a.id == alarm and a.acknowledged_by for a in self._alarms):
            raise Refused(f"Alarm {alarm} is acknowledged already.")
        self._change(
            alarm, state="acknowledged", acknowledged_by=author, acknowledged_us=self.now_us
        )
        self._log("acknowledge", author, {"alarm": alarm, "comment": comment})

    def acknowledge_seen(self, seen, author: str, comment: str):
        known = {a.id: a for a in self._alarms}
        left = {k: why for k, severity in seen.items() if (why := unseen(known.get(k), severity))}
        for alarm in seen:
            if alarm not in left:
                self.acknowledge(alarm, author, comment)
        return left

    def note(self, alarm: int, author: str, words: str) -> None:
        held = next(a for a in self._alarms if a.id == alarm)
        self._change(alarm, notes=(*held.notes, Note(self.now_us, author, words)))

    def shelve(self, alarm: int, author: str, reason: str, for_s: float) -> None:
        until = self.now_us + int(for_s * S) if for_s else None
        state = "shelved" if for_s else "unacknowledged"
        self._change(alarm, state=state, shelved_until_us=until, shelve_reason=reason)
        self._log("shelve", author, {"alarm": alarm, "reason": reason, "for_s": for_s})

    def limits(self) -> LimitSet:
        return self._limits

    def context(self, vehicle: str) -> str:
        return self._contexts.get(vehicle, "docked")

    def set_limits(self, limits: LimitSet, author: str, reason: str) -> None:
        self._limits = limits
        self._log("limits", author, {"reason": reason, "version": limits.version})

    def enter(self, vehicle: str, context: str, author: str) -> None:
        self._contexts[vehicle] = context
        self._log("context", author, {"vehicle": vehicle, "context": context})

    def inspect(self, inspection: Inspection) -> None:
        self._inspections.append(inspection)
        self._log("inspection", inspection.author, {"result": inspection.result})
        self._facts[inspection.unit].inspections.append(inspection)
        self._tell([])

    def _log(self, kind: str, author: str, data: dict) -> None:
        self._journal.append(JournalEntry(self.now_us, kind, author, data))

    def subscribe(self, listener):
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)
