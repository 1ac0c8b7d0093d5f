"""Limits of the dictionary with five levels and persistence (XTCE AlarmLevels)."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from protocol.schema.decode import ENTRIES
from protocol.schema.parameter import Entry, Limits
from protocol.schema.severity import Severity

HOUSEKEEPING: Final[Mapping[str, Entry]] = ENTRIES["housekeeping"]
_LIMITED: Final = {name: e.limits for name, e in HOUSEKEEPING.items() if e.limits is not None}


@dataclass(frozen=True, slots=True)
class LimitChange:
    """A parameter has come to another level and stayed there."""

    parameter: str
    level: Severity
    before: Severity
    time_us: int
    value: str
    """With its unit, as people read it."""
    limit: str
    """The limit that it violates, empty within limits."""
    late: bool = False


def level_of(limits: Limits, value: float) -> tuple[Severity, str]:
    """Worst violated level of one value, and that limit in words."""
    worst, words = Severity.NORMAL, ""
    for sign, side in (("<", limits.low), (">", limits.high)):
        for name, bound in side.items():
            level = Severity[name.upper()]
            if level > worst and (value < bound if sign == "<" else value > bound):
                worst, words = level, f"{sign} {bound:g}"
    return worst, words


class LimitMonitor:
    """One unit's limits. A level counts once `persistence` samples in a row have reached it."""

    def __init__(self) -> None:
        self._recent = {
            name: deque([Severity.NORMAL] * max(1, limits.persistence), max(1, limits.persistence))
            for name, limits in _LIMITED.items()
        }
        self._late: dict[str, Severity] = dict.fromkeys(_LIMITED, Severity.NORMAL)
        self.levels: dict[str, Severity] = dict.fromkeys(_LIMITED, Severity.NORMAL)
        """Level of each limited parameter."""

    def update(
        self, time_us: int, values: Mapping[str, float], faulty: Collection[str]
    ) -> list[LimitChange]:
        """Take a sample; values of faulty sensors are not judged."""
        changes = []
        for name, limits in _LIMITED.items():
            if name in faulty:
                continue
            level, words = level_of(limits, values[name])
            recent, before = self._recent[name], self.levels[name]
            recent.append(level)
            now = max(min(before, max(recent)), min(recent))
            if now != before:
                self.levels[name] = now
                limit = words if now == level else level_words(limits, now, values[name])
                value = _with_unit(name, values[name])
                changes.append(LimitChange(name, now, before, time_us, value, limit))
        return changes

    def history(
        self, time_us: int, values: Mapping[str, float], faulty: Collection[str]
    ) -> list[LimitChange]:
        """Take a late sample: what it violated, for the record only."""
        changes = []
        for name, limits in _LIMITED.items():
            if name in faulty:
                continue
            level, words = level_of(limits, values[name])
            before, self._late[name] = self._late[name], level
            if level > before:
                value = _with_unit(name, values[name])
                changes.append(LimitChange(name, level, before, time_us, value, words, late=True))
        return changes


def level_words(limits: Limits, level: Severity, value: float) -> str:
    """The limit of a level that the value violates in words; where it violates none, all."""
    low, high = limits.low.get(level.label), limits.high.get(level.label)
    if low is not None and (high is None or value <= high):
        return f"< {low:g}" if high is None or value < low else f"< {low:g} or > {high:g}"
    return "" if high is None else f"> {high:g}"


def _with_unit(name: str, value: float) -> str:
    return f"{value:.6g} {HOUSEKEEPING[name].unit}"
