"""Records that do not come may hold a hit: since when nobody knows what a unit has seen."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from typing import Final, NamedTuple

from ground.model import Aside, Hole, UnitKey

REFILL_US: Final = 10_000_000
"""Ground time that a hole may stand without a word: a refill over a good link takes a second or
two, and how the boot before ended is told by the first storage report."""
ASIDE: Final = -1
"""Stands for the boots that are not looked at any more."""


class _Gap(NamedTuple):
    """Records of one boot that may still come."""

    boot: int
    first: int
    last: int
    start_us: int
    end_us: int
    """Onboard times around it, UTC."""
    seen_us: int
    """Ground time when any of it was first known to be missing."""


class Missing:
    """What of each unit is missing for longer than a refill takes."""

    def __init__(self) -> None:
        self._gaps: dict[UnitKey, list[_Gap]] = {}
        self._due_us: dict[UnitKey, int] = {}
        """Ground time at which the next gap has stood for too long."""
        self._since_us: dict[UnitKey, int] = {}

    def holes(self, unit: UnitKey, holes: Iterable[Hole], aside: Aside, now_us: int) -> None:
        """All that is missing of a unit now; what is left of a hole is as old as the whole was."""
        news = [_Gap(h.boot, h.first, h.last, h.start_us, h.end_us, now_us)
                for h in holes if not h.lost]  # fmt: skip
        if aside.missing:
            news.append(_Gap(ASIDE, 0, 0, aside.until_us, aside.until_us, now_us))
        before = self._gaps.get(unit, [])
        self._gaps[unit] = [_aged(gap, before) for gap in sorted(news)]

    def judge(self, unit: UnitKey, now_us: int, cleared_us: int) -> bool:
        """Since when it is unknown what a unit has seen; True when that is another time.

        `cleared_us`: what was missing before was made good by a look at the pane.
        """
        open_gaps = [gap for gap in self._gaps.get(unit, ()) if gap.end_us >= cleared_us]
        dues_us = [gap.seen_us + REFILL_US for gap in open_gaps]
        self._due_us.pop(unit, None)
        if later_us := [due_us for due_us in dues_us if due_us > now_us]:
            self._due_us[unit] = min(later_us)
        was_us = self._since_us.pop(unit, None)
        old = [g.start_us for g, due_us in zip(open_gaps, dues_us, strict=True) if due_us <= now_us]
        if old:
            self._since_us[unit] = min(old)
        return was_us != self._since_us.get(unit)

    def due(self, now_us: int) -> list[UnitKey]:
        """Units to judge again: something has been missing of them for too long."""
        return [unit for unit, due_us in self._due_us.items() if due_us <= now_us]

    def since_us(self, vehicle: str) -> int | None:
        """Since when a vehicle's state is not known, None when it is."""
        return min((us for u, us in self._since_us.items() if u.vehicle == vehicle), default=None)


def _aged(gap: _Gap, before: list[_Gap]) -> _Gap:
    """A gap with the age of those before that it has records of; `before` in order, disjoint."""
    at = bisect_left(before, (gap.boot, gap.first), key=lambda g: (g.boot, g.last))
    while at < len(before) and (before[at].boot, before[at].first) <= (gap.boot, gap.last):
        gap = gap._replace(seen_us=min(gap.seen_us, before[at].seen_us))
        at += 1
    return gap
