"""Who sends in a unit's name is doubtful: since when nobody knows what the unit itself has seen.

What comes may be the unit's or not, and a leak does not show in the mixture. So the time is unknown
while that lasts, and until someone who looked after it found the outer pane clear.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from ground.model import UnitKey
from ground.verdict.facts import Told, WindowFacts


@dataclass(frozen=True, slots=True)
class _Doubted:
    since_us: int
    over: Told | None = None
    """When it was told that it is over."""


class Doubt:
    """Units in whose name someone else sends, or did with nobody having looked since."""

    def __init__(self) -> None:
        self._units: dict[UnitKey, _Doubted] = {}

    def begin(self, unit: UnitKey, since_us: int) -> None:
        """Two send in its name, since then; an earlier time that is still unknown stays."""
        known = self._units.get(unit)
        self._units[unit] = _Doubted(min(since_us, known.since_us) if known else since_us)

    def end(self, unit: UnitKey, told: Told) -> None:
        """It is over."""
        if unit in self._units:
            self._units[unit] = replace(self._units[unit], over=told)

    def look(self, unit: UnitKey, facts: WindowFacts) -> None:
        """A pane of the unit's window was looked at."""
        known = self._units.get(unit)
        if known and known.over and facts.found_clear(known.over, "outer"):
            del self._units[unit]

    def clock_back(self, now_us: int) -> None:
        """The ground's clock stands there now: what is over was over before."""
        for unit, known in self._units.items():
            if known.over:
                over = known.over._replace(now_us=min(known.over.now_us, now_us - 1))
                self._units[unit] = replace(known, over=over)

    def since_us(self, vehicle: str) -> int | None:
        """Since when a vehicle's state is not known, None when it is."""
        return min(
            (d.since_us for u, d in self._units.items() if u.vehicle == vehicle), default=None
        )
