"""What is known of one window that bears on the return of its vehicle."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from ground.model import Hole, Impact, Inspection, Leak, PacketId
from ground.monitor.leak import Shown

FEWEST_SENSORS: Final = 4
VITAL: Final = ("gap2", "cabin")
"""Volumes whose leak forbids a return."""


@dataclass(slots=True)
class Poor:
    """A time with fewer than four healthy acoustic sensors."""

    start_us: int
    healthy: int
    end_us: int | None = None
    looks: int = 0
    """Inspections that were logged before its end."""


@dataclass(slots=True)
class Known:
    """What was known of a window when an inspection of it was logged."""

    time_us: int
    """Ground time of it, and no later than the ground's clock has stood since."""
    impacts: int = 0
    """Hits that had been received."""
    boot: int = -1
    record: int = -1
    """The last live packet; -1 where none had come."""

    def made_before(self, packet: PacketId) -> bool:
        """True for what the unit had made when that last live packet came, whatever its clock."""
        if packet.boot == self.boot:
            return packet.record <= self.record
        return self.boot >= 0 and (self.boot - packet.boot) & 0xFFFF < 0x8000


class Told(NamedTuple):
    """When something was known: who looked before did not know of it."""

    looks: int
    """Inspections logged before."""
    now_us: int
    """Ground time."""


class Fallen(NamedTuple):
    """A volume lost gas, and nobody can tell why."""

    time_us: int
    """Onboard."""
    volume: str
    told: Told
    seconds: float | None
    """So long nobody had seen it; None for a fall that was seen."""


@dataclass(slots=True)
class WindowFacts:
    """Evidence of one window, nothing of it ever dropped."""

    impacts: list[Impact] = field(default_factory=list)
    inspections: list[Inspection] = field(default_factory=list)
    """In the order in which they were logged."""
    known: list[Known] = field(default_factory=list)
    """At each of them."""
    before_back: int = 0
    """Hits that came before the ground's clock was set back: their times are not to be compared."""
    leaks: list[Leak] = field(default_factory=list)
    leaks_seen: dict[tuple[str, int], Told] = field(default_factory=dict)
    """Of each leak, by volume and onset: when a packet last showed it."""
    poor: list[Poor] = field(default_factory=list)
    lost: list[tuple[int, int]] = field(default_factory=list)
    """Times (µs) without telemetry that no refill can bring, merged and in order."""

    falls: list[Fallen] = field(default_factory=list)
    unseen: dict[str, int] = field(default_factory=dict)
    """Volumes that no good gauge watches, and since when (onboard, µs)."""

    def leaking(self, leaks: list[Leak], now_us: int) -> bool:
        """All leaks of the window; True when that is another picture than before."""
        changed, self.leaks = self.leaks != leaks, leaks
        for leak in leaks:
            key = (leak.volume, leak.time_us)
            if leak.active or key not in self.leaks_seen:
                self.leaks_seen[key] = self.told(now_us)
        return changed

    def is_looked_at(self, leak: Leak) -> bool:
        """True when a pane was found clear after the last packet that shows the leak.

        Its onset is an estimate, and may lie before a look that came before it.
        """
        seen = self.leaks_seen.get((leak.volume, leak.time_us), Told(0, leak.time_us))
        return not leak.active and self.found_clear(seen)

    def fall(self, falls: Iterable[Shown], now_us: int) -> bool:
        """What fell and cannot be explained; True when that matters."""
        news = [
            Fallen(f.time_us, f.volume, self.told(now_us), f.fall and f.fall.unseen_s)
            for f in falls
            if f.volume in VITAL
        ]
        self.falls += news
        return bool(news)

    def gauges(self, time_us: int, unseen: Collection[str]) -> bool:
        """Which volumes no good gauge watches now; True when that is another picture.

        Nothing of it stays when a gauge is good again: it shows what was lost meanwhile.
        """
        before = self.unseen
        self.unseen = {volume: before.get(volume, time_us) for volume in unseen}
        return self.unseen != before

    def sensors(self, time_us: int, healthy: int) -> bool:
        """How many acoustic sensors are healthy now; True when that matters."""
        now = self.poor[-1] if self.poor and self.poor[-1].end_us is None else None
        if healthy >= FEWEST_SENSORS:
            if now is not None:
                now.end_us, now.looks = time_us, len(self.inspections)
            return now is not None
        if now is None:
            self.poor.append(Poor(time_us, healthy))
            return True
        fewer = healthy < now.healthy
        now.healthy = min(healthy, now.healthy)
        return fewer

    def lose(self, holes: tuple[Hole, ...]) -> bool:
        """Take over what is lost for good; True when that is more than before."""
        news = [self._lose(h.start_us, self._ended_us(h)) for h in holes if h.lost]  # every one
        return any(news)

    def _ended_us(self, hole: Hole) -> int:
        """Not before an inspection at which the unit had not made all of it, whatever its clock."""
        packet = PacketId(*hole.unit, hole.boot, hole.last)
        after = [known.time_us for known in self.known if not known.made_before(packet)]
        return max([hole.end_us, *after])

    def _lose(self, start_us: int, end_us: int) -> bool:
        lost = self.lost
        first = bisect_left(lost, start_us, key=lambda span: span[1])
        end = bisect_right(lost, end_us, key=lambda span: span[0])
        touched = lost[first:end]
        if touched:
            start_us, end_us = min(start_us, touched[0][0]), max(end_us, touched[-1][1])
        if touched == [(start_us, end_us)]:
            return False
        lost[first:end] = [(start_us, end_us)]
        return True

    def look(self, seen: Inspection, newest: PacketId | None) -> None:
        """Someone has looked; `newest`: the last live packet so far."""
        known = Known(seen.time_us, len(self.impacts))
        if newest is not None:
            known.boot, known.record = newest.boot, newest.record
        self.inspections.append(seen)
        self.known.append(known)

    def clock_back(self, now_us: int) -> None:
        """The ground's clock stands there now: all that was logged was logged before."""
        self.before_back = len(self.impacts)
        for known in self.known:
            known.time_us = min(known.time_us, now_us)
        for poor in self.poor:
            poor.end_us = poor.end_us if poor.end_us is None else min(poor.end_us, now_us - 1)
        for key, told in self.leaks_seen.items():
            self.leaks_seen[key] = told._replace(now_us=min(told.now_us, now_us - 1))
        self.falls = [
            f._replace(told=f.told._replace(now_us=min(f.told.now_us, now_us - 1)))
            for f in self.falls
        ]

    def newest(self, pane: str) -> Inspection | None:
        """The last inspection of a pane by its time; of equal times the one logged last."""
        seen = [(i, known.time_us) for i, known in self._looks() if i.pane == pane]
        return max(reversed(seen), key=lambda look: look[1], default=(None, 0))[0]

    def cleared_us(self, pane: str) -> int:
        """Time of the last inspection of that pane that found it clear, else -1."""
        return max((known.time_us for known in self._clear(pane)), default=-1)

    def found_clear(self, told: Told, pane: str = "") -> bool:
        """True when that pane, or any where none is named, was found clear after that."""
        return any(
            i.result == "clear" and i.pane in (pane or i.pane) and known.time_us > told.now_us
            for i, known in list(self._looks())[told.looks :]
        )

    def poor_cleared(self, poor: Poor) -> bool:
        """True when the outer pane was found clear after that time was over."""
        return poor.end_us is not None and any(
            i.result == "clear" and i.pane == "outer" and known.time_us > poor.end_us
            for i, known in list(self._looks())[poor.looks :]
        )

    def is_cleared(self, at: int) -> bool:
        """True when the pane was found clear after the impact; `at`: its place in `impacts`."""
        pane = struck(self.impacts[at])
        return any(self._covers(known, at) for known in self._clear(pane))

    def is_inspected(self, at: int) -> bool:
        """True when someone has looked at the pane after the impact, whatever they found."""
        pane = struck(self.impacts[at])
        return any(i.pane == pane and self._covers(known, at) for i, known in self._looks())

    def _covers(self, known: Known, at: int) -> bool:
        """An inspection covers only what came before it was logged: by order, not by clocks.

        Of what comes later only what comes late, and the unit had made before.
        """
        hit = self.impacts[at]
        if at < known.impacts:
            return at < self.before_back or min(hit.time_us, hit.received_us) < known.time_us
        return hit.late and known.made_before(hit.packet) and hit.time_us < known.time_us

    def told(self, now_us: int) -> Told:
        """That something is told now."""
        return Told(len(self.inspections), now_us)

    def _clear(self, pane: str) -> Iterator[Known]:
        return (k for i, k in self._looks() if i.result == "clear" and i.pane == pane)

    def _looks(self) -> Iterator[tuple[Inspection, Known]]:
        more = len(self.inspections) - len(self.known)  # of a state written before this was kept
        for at, seen in enumerate(self.inspections):
            yield seen, self.known[at - more] if at >= more else Known(seen.time_us)


def struck(impact: Impact) -> str:
    """The pane to look at: where the ring cannot tell, the outer one."""
    return "outer" if impact.pane == "unknown" else impact.pane
