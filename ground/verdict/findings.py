"""What the evidence amounts to. Later evidence changes a finding and leaves its history."""

from __future__ import annotations

from collections.abc import Mapping
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
    seen_us: int = 0
    cabin: bool = False
    """The leak is one of the cabin: an impact on any window of the vehicle may have made it."""


class Findings:
    """Every finding, in the order of the first evidence."""

    def __init__(self) -> None:
        self._cases: list[_Case] = []
        self._leaks: dict[UnitKey, list[_Case]] = {}
        """Leaks, and breaches: they have an onset."""
        self._strikes: dict[UnitKey, list[_Case]] = {}
        self._others: dict[tuple[UnitKey, str, str], _Case] = {}
        """The newest of a unit, verdict and subject."""

    def all(self) -> tuple[Finding, ...]:
        """As they stand now."""
        return tuple(case.finding for case in self._cases)

    def impact(self, impact: Impact, now_us: int) -> Finding:
        """An impact: the breach behind a leak that was known before, else a strike.

        In whatever order evidence comes, a leak is the breach of the nearest impact: one that comes
        late takes the place of a farther one, which is a strike again.
        """
        fitting = [c for c in _of(impact.unit, self._leaks) if _one_cause(impact, c)]
        fitting = [c for c in fitting if c.impact is None or _away(impact, c) < _away(c.impact, c)]
        if fitting:
            case = min(fitting, key=lambda c: _away(impact, c))
            if case.impact is not None:
                self._part(case, case.impact, now_us)
            case.impact = impact
            case.finding = replace(case.finding, unit=impact.unit)
            return self._change(case, now_us, (impact.packet,), impact.time_us, impact.late)
        made = Finding(impact.unit, "strike", impact.time_us, (impact.packet,), impact.late)
        self._add(_Case(made, impact=impact))
        return made

    def leak(self, leak: Leak, onset_sigma_s: float, now_us: int) -> Finding:
        """A confirmed leak: the breach of the nearest strike that may have made it, else a leak."""
        onset = (leak.time_us, onset_sigma_s)
        found = Finding(leak.unit, "leak", leak.time_us, leak.packets, False, onset_us=leak.time_us)
        made = _Case(found, onset=onset, cabin=leak.volume == "cabin")
        strikes = [
            c for c in _of(leak.unit, self._strikes) if c.impact and _one_cause(c.impact, made)
        ]
        if not strikes:
            self._cases.append(made)
            self._leaks.setdefault(leak.unit, []).append(made)
            return made.finding
        cause = min(strikes, key=lambda c: abs(leak.time_us - c.finding.time_us))
        cause.onset, cause.cabin = onset, made.cabin
        self._strikes[cause.finding.unit].remove(cause)
        self._leaks.setdefault(leak.unit, []).append(cause)
        cause.finding = replace(cause.finding, onset_us=leak.time_us)
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
        case = self._others.get((unit, verdict, subject))
        if case is not None:
            lately = time_us - case.seen_us < REPEAT_US
            case.seen_us = max(case.seen_us, time_us)
            if lately:
                return None
        finding = Finding(unit, verdict, time_us, evidence, False)
        made = self._others[unit, verdict, subject] = _Case(finding, seen_us=time_us)
        self._cases.append(made)
        return finding

    def _add(self, strike: _Case) -> None:
        self._cases.append(strike)
        self._strikes.setdefault(strike.finding.unit, []).append(strike)

    def _part(self, breach: _Case, impact: Impact, now_us: int) -> None:
        """This impact did not make the leak after all: its packet is evidence of a strike."""
        was = breach.finding
        rest = tuple(p for p in was.evidence if p != impact.packet)
        breach.finding = replace(was, evidence=rest)
        strike = Finding(
            impact.unit, "strike", impact.time_us, (impact.packet,), impact.late,
            ((now_us, was.verdict),),
        )  # fmt: skip
        self._add(_Case(strike, impact=impact))

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


def _of(unit: UnitKey, cases: Mapping[UnitKey, list[_Case]]) -> list[_Case]:
    """Those of a unit's vehicle."""
    return [c for key, some in cases.items() if key.vehicle == unit.vehicle for c in some]


def _away(impact: Impact, leak: _Case) -> int:
    """Time between an impact and the onset of a leak."""
    assert leak.onset is not None
    return abs(leak.onset[0] - impact.time_us)


def _one_cause(impact: Impact, leak: _Case) -> bool:
    place = leak.finding.unit
    there = impact.unit.vehicle == place.vehicle if leak.cabin else impact.unit == place
    if leak.onset is None or not there:
        return False
    onset_us, sigma_s = leak.onset
    after_us = onset_us - impact.time_us
    doubt_us = SIGMAS * sigma_s * 1e6
    return -BREACH_BEFORE_US - doubt_us <= after_us <= BREACH_AFTER_US + doubt_us
