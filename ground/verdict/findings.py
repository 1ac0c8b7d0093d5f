"""What the evidence amounts to. Later evidence changes a finding and leaves its history."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from ground.model import Finding, Impact, Leak, PacketId, UnitKey

BREACH_BEFORE_US: Final = 10_000_000
BREACH_AFTER_US: Final = 600_000_000
"""A leak whose onset lies -10 … +600 s from an impact on the same window is its breach."""
REPEAT_US: Final = 600_000_000
"""What goes on showing is one finding for so long."""
SIGMAS: Final = 2.0


@dataclass(slots=True)
class _Case:
    finding: Finding
    impact: Impact | None = None
    onset: tuple[int, float] | None = None
    """Of the leak: (time µs, σ s)."""
    subject: str = ""
    seen_us: int = 0


class Findings:
    """Every finding, in the order of the first evidence."""

    def __init__(self) -> None:
        self._cases: list[_Case] = []

    def all(self) -> tuple[Finding, ...]:
        """As they stand now."""
        return tuple(case.finding for case in self._cases)

    def impact(self, impact: Impact, now_us: int) -> Finding:
        """An impact: the breach behind a leak that was known before, else a strike."""
        for case in self._cases:
            if case.finding.verdict == "leak" and _one_cause(impact, case):
                case.impact = impact
                return self._change(case, now_us, (impact.packet,), impact.time_us, impact.late)
        made = Finding(impact.unit, "strike", impact.time_us, (impact.packet,), impact.late)
        self._cases.append(_Case(made, impact=impact))
        return made

    def leak(self, leak: Leak, onset_sigma_s: float, now_us: int) -> Finding:
        """A confirmed leak: the breach of the nearest strike that may have made it, else a leak."""
        onset = (leak.time_us, onset_sigma_s)
        made = _Case(Finding(leak.unit, "leak", leak.time_us, leak.packets, False), onset=onset)
        strikes = [
            c
            for c in self._cases
            if c.finding.verdict == "strike" and c.impact and _one_cause(c.impact, made)
        ]
        if not strikes:
            self._cases.append(made)
            return made.finding
        cause = min(strikes, key=lambda c: abs(leak.time_us - c.finding.time_us))
        cause.onset = onset
        return self._change(cause, now_us, leak.packets, cause.finding.time_us, False)

    def other(
        self,
        unit: UnitKey,
        verdict: str,
        subject: str,
        time_us: int,
        evidence: tuple[PacketId, ...],
    ) -> Finding | None:
        """A sensor_fault, thermal or undetermined finding; None when it is the same as lately."""
        for case in reversed(self._cases):
            made = case.finding
            if (made.unit, made.verdict, case.subject) == (unit, verdict, subject):
                lately = time_us - case.seen_us < REPEAT_US
                case.seen_us = max(case.seen_us, time_us)
                if lately:
                    return None
                break
        finding = Finding(unit, verdict, time_us, evidence, False)
        self._cases.append(_Case(finding, subject=subject, seen_us=time_us))
        return finding

    def _change(
        self, case: _Case, now_us: int, evidence: tuple[PacketId, ...], time_us: int, late: bool
    ) -> Finding:
        was = case.finding
        case.finding = replace(
            was,
            verdict="breach",
            time_us=time_us,
            evidence=(*was.evidence, *evidence),
            late=was.late or late,
            history=(*was.history, (now_us, was.verdict)),
        )
        return case.finding


def _one_cause(impact: Impact, leak: _Case) -> bool:
    if leak.onset is None or impact.unit != leak.finding.unit:
        return False
    onset_us, sigma_s = leak.onset
    after_us = onset_us - impact.time_us
    doubt_us = SIGMAS * sigma_s * 1e6
    return -BREACH_BEFORE_US - doubt_us <= after_us <= BREACH_AFTER_US + doubt_us
