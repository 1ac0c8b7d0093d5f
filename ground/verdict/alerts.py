"""Where conclusions are written down: alarms, findings, and what has changed."""

from __future__ import annotations

from collections.abc import Callable

from ground.alarms.book import AlarmBook, Transition
from ground.model import Finding, PacketId, SilenceFacts, UnitKey, VehicleStatus
from ground.verdict.findings import Findings
from ground.verdict.rules import LEAK, RED
from ground.verdict.words import lateness
from protocol.schema.severity import Severity


class Alerts:
    """The alarm book and the findings at the present ground time."""

    def __init__(self, on_transition: Callable[[Transition], None]) -> None:
        self.book = AlarmBook(on_transition)
        self.findings = Findings()
        self.changed: set[str] = set()
        self.now_us = 0

    def advance(self, now_us: int) -> None:
        """Ground time goes on; it never runs back."""
        self.now_us = max(self.now_us, now_us)
        if self.book.advance(self.now_us):
            self.changed.add("alarms")
        if self.book.flood.advance(self.now_us):
            self.changed.add("counts")

    def rise(
        self,
        key: str,
        severity: Severity,
        what: str,
        unit: UnitKey | None,
        time_us: int,
        *,
        latching: bool = False,
        late: bool = False,
        value: str = "",
        limit: str = "",
        evidence: tuple[PacketId, ...] = (),
        silence: SilenceFacts | None = None,
    ) -> None:
        """Raise an alarm now."""
        self.book.rise(
            key,
            severity,
            what,
            vehicle=unit.vehicle if unit else "",
            unit=unit,
            time_us=time_us,
            now_us=self.now_us,
            latching=latching,
            late=late,
            value=value,
            limit=limit,
            evidence=evidence,
            silence=silence,
        )
        self.changed.add("alarms")

    def amend(self, key: str, what: str, silence: SilenceFacts) -> bool:
        """An open alarm is put in other words; False when there is none."""
        amended = self.book.amend(key, what, silence, self.now_us)
        if amended:
            self.changed.add("alarms")
        return amended

    def clear(self, key: str) -> None:
        """The cause of an alarm is gone."""
        if self.book.clear(key, self.now_us):
            self.changed.add("alarms")

    def found(
        self,
        unit: UnitKey,
        verdict: str,
        subject: str,
        time_us: int,
        evidence: tuple[PacketId, ...],
    ) -> bool:
        """Write down a sensor_fault, thermal or undetermined finding; False when it is no news."""
        made = self.findings.other(unit, verdict, subject, time_us, evidence)
        if made is None:
            return False
        self.changed.add("findings")
        return True

    def concluded(self, finding: Finding) -> None:
        """A strike, a leak or a breach was found; a breach has an alarm of its own."""
        self.changed.add("findings")
        if finding.verdict == "breach":
            self.rise(
                f"breach:{finding.unit}:{finding.onset_us}",
                Severity.SEVERE,
                "breach: a leak began with an impact on this window"
                + lateness(finding.late, finding.time_us, self.now_us),
                finding.unit,
                finding.time_us,
                latching=True,
                late=finding.late,
                evidence=finding.evidence,
            )

    def status(self, vehicle: VehicleStatus) -> None:
        """RED is an alarm of its own, whatever made it: an inspection raises no other."""
        key = f"status:{vehicle.id}"
        if vehicle.status == RED:
            rule = vehicle.rules[0]
            unit = UnitKey(vehicle.id, rule.inputs["window"])
            cause = rule.words.removeprefix(f"{unit}: ")
            if rule.name == LEAK:  # its figures stand in the leak's own alarm, and in the rule
                cause = cause.partition(":")[0]
            what = f"{vehicle.name} must carry no crew: {cause}"
            self.rise(key, Severity.SEVERE, what, unit, vehicle.history[-1][0])
        else:
            self.clear(key)
