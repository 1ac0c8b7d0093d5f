"""One unit's limits: five levels with persistence (XTCE AlarmLevels)."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ground.monitor.limit_set import DEFAULT, DOCKED, HOUSEKEEPING, LimitSet
from protocol.schema.parameter import Limits
from protocol.schema.severity import Severity


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
    relimited: bool = False
    """The level fell because other limits hold; by the former ones the value is as bad as ever."""


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
    """A level counts once `persistence` samples in a row have reached it."""

    def __init__(self, limits: LimitSet = DEFAULT, context: str = DOCKED) -> None:
        self._limits: Mapping[str, Limits] = {}
        self._recent: dict[str, deque[Severity]] = {}
        self._late: dict[str, Severity] = {}
        self._former: dict[str, Limits] = {}
        """Limits by which a level came that stands, where others hold now."""
        self._within: dict[str, tuple[float, float]] = {}
        """Between these nothing is violated."""
        self.levels: dict[str, Severity] = {}
        """Level of each parameter that is or was limited."""
        self.follow(limits, context)

    def follow(self, limits: LimitSet, context: str) -> None:
        """Other limits hold from the next sample on; what a parameter has reached stays till then.

        A parameter that has none any more is within limits with its next sample.
        """
        held, self._limits = self._limits, limits.within(context)
        for name in self._limits.keys() | held.keys():
            self.levels.setdefault(name, Severity.NORMAL)
            now = self._limits.get(name, Limits(persistence=1))
            if held.get(name) != now:
                self._recent[name] = deque([Severity.NORMAL] * now.persistence, now.persistence)
                self._limits = {**self._limits, name: now}
                if name in held and self.levels[name] is not Severity.NORMAL:
                    self._former.setdefault(name, held[name])
        self._within = {
            name: (max(k.low.values(), default=-math.inf), min(k.high.values(), default=math.inf))
            for name, k in self._limits.items()
        }

    def update(
        self, time_us: int, values: Mapping[str, float], faulty: Collection[str]
    ) -> list[LimitChange]:
        """Take a sample; values of faulty sensors are not judged."""
        changes = []
        for name, limits in self._limits.items():
            if name in faulty:
                continue
            recent, before = self._recent[name], self.levels[name]
            low, high = self._within[name]
            if low <= values[name] <= high and before is Severity.NORMAL:
                recent.append(Severity.NORMAL)
                continue
            level, words = level_of(limits, values[name])
            recent.append(level)
            now = max(min(before, max(recent)), min(recent))
            if now != before:
                self.levels[name] = now
                limit = words if now == level else level_words(limits, now, values[name])
                value = _with_unit(name, values[name])
                former = self._former.pop(name, Limits())
                relimited = now < before <= level_of(former, values[name])[0]
                changes.append(
                    LimitChange(name, now, before, time_us, value, limit, relimited=relimited)
                )
        return changes

    def look(
        self, values: Callable[[str], NDArray[np.float64]], faulty: Collection[str]
    ) -> tuple[int | None, dict[str, NDArray[np.int8]]]:
        """How many samples change no level (None: all), and the level of each by parameter.

        Parameters that are within their limits all the while are left out.
        """
        count: int | None = None
        seen = {}
        for name, limits in self._limits.items():
            if name in faulty:
                continue
            value = values(name)
            recent, before = self._recent[name], self.levels[name]
            low, high = self._within[name]
            if not any((before, *recent)) and low <= value.min() and value.max() <= high:
                continue
            level = _levels(limits, value)
            every = np.concatenate((np.array(recent, np.int8), level))
            lasting = np.lib.stride_tricks.sliding_window_view(every, len(recent))[1:]
            now = np.maximum(np.minimum(int(before), lasting.max(axis=1)), lasting.min(axis=1))
            seen[name] = level
            if (now != int(before)).any():
                first = int((now != int(before)).argmax())
                count = first if count is None else min(count, first)
        return count, seen

    def take(self, seen: Mapping[str, NDArray[np.int8]], count: int) -> None:
        """Take the first samples of a look."""
        for name, level in seen.items():
            self._recent[name].extend(Severity(v) for v in level[:count].tolist())

    def history(
        self, time_us: int, values: Mapping[str, float], faulty: Collection[str]
    ) -> list[LimitChange]:
        """Take a late sample: what it violated, for the record only."""
        changes = []
        for name, limits in self._limits.items():
            if name in faulty:
                continue
            level, words = level_of(limits, values[name])
            before = self._late.get(name, Severity.NORMAL)
            self._late[name] = level
            if level > before:
                value = _with_unit(name, values[name])
                changes.append(LimitChange(name, level, before, time_us, value, words, late=True))
        return changes


def _levels(limits: Limits, values: NDArray[np.float64]) -> NDArray[np.int8]:
    """`level_of` each."""
    worst = np.zeros(len(values), np.int8)
    for name, bound in limits.low.items():
        worst[(values < bound) & (worst < Severity[name.upper()])] = Severity[name.upper()]
    for name, bound in limits.high.items():
        worst[(values > bound) & (worst < Severity[name.upper()])] = Severity[name.upper()]
    return worst


def level_words(limits: Limits, level: Severity, value: float) -> str:
    """The limit of a level that the value violates in words; where it violates none, all."""
    low, high = limits.low.get(level.label), limits.high.get(level.label)
    if low is not None and (high is None or value <= high):
        return f"< {low:g}" if high is None or value < low else f"< {low:g} or > {high:g}"
    return "" if high is None else f"> {high:g}"


def _with_unit(name: str, value: float) -> str:
    return f"{value:.6g} {HOUSEKEEPING[name].unit}".rstrip()
