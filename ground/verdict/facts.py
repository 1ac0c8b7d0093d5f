"""What is known of one window that bears on the return of its vehicle."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from ground.model import Hole, Impact, Inspection, Leak

FEWEST_SENSORS: Final = 4


@dataclass(slots=True)
class Poor:
    """A time with fewer than four healthy acoustic sensors."""

    start_us: int
    healthy: int
    end_us: int | None = None


@dataclass(slots=True)
class WindowFacts:
    """Evidence of one window, nothing of it ever dropped."""

    impacts: list[Impact] = field(default_factory=list)
    inspections: list[Inspection] = field(default_factory=list)
    leaks: list[Leak] = field(default_factory=list)
    poor: list[Poor] = field(default_factory=list)
    lost: list[tuple[int, int]] = field(default_factory=list)
    """Times (µs) without telemetry that no refill can bring, merged and in order."""

    def sensors(self, time_us: int, healthy: int) -> bool:
        """How many acoustic sensors are healthy now; True when that matters."""
        now = self.poor[-1] if self.poor and self.poor[-1].end_us is None else None
        if healthy >= FEWEST_SENSORS:
            if now is not None:
                now.end_us = time_us
            return now is not None
        if now is None:
            self.poor.append(Poor(time_us, healthy))
            return True
        fewer = healthy < now.healthy
        now.healthy = min(healthy, now.healthy)
        return fewer

    def lose(self, holes: tuple[Hole, ...]) -> bool:
        """Take over what is lost for good; True when that is more than before."""
        before = self.lost
        spans = sorted(before + [(h.start_us, h.end_us) for h in holes if h.lost])
        merged: list[tuple[int, int]] = []
        for start_us, end_us in spans:
            if merged and start_us <= merged[-1][1]:
                merged[-1] = (merged[-1][0], max(merged[-1][1], end_us))
            else:
                merged.append((start_us, end_us))
        self.lost = merged
        return merged != before

    def newest(self, pane: str) -> Inspection | None:
        """The last inspection of a pane by its time; of equal times the one logged last."""
        seen = [i for i in self.inspections if i.pane == pane]
        return max(reversed(seen), key=lambda i: i.time_us, default=None)

    def cleared_us(self, pane: str | None = None) -> int:
        """Time of the last inspection (of that pane, or of any) that found it clear, else -1."""
        return max(
            (i.time_us for i in self.inspections if i.result == "clear" and pane in (None, i.pane)),
            default=-1,
        )

    def is_cleared(self, impact: Impact) -> bool:
        """True when the pane was found clear after the impact."""
        return self.cleared_us(struck(impact)) > impact.time_us

    def is_inspected(self, impact: Impact) -> bool:
        """True when someone has looked at the pane after the impact, whatever they found."""
        seen = self.newest(struck(impact))
        return seen is not None and seen.time_us > impact.time_us


def struck(impact: Impact) -> str:
    """The pane to look at: where the ring cannot tell, the outer one."""
    return "outer" if impact.pane == "unknown" else impact.pane
