"""Silent is not safe: since when nobody knows how a unit fares."""

from __future__ import annotations

from dataclasses import dataclass

from ground.model import Hole, UnitKey


@dataclass(slots=True)
class _Quiet:
    since_us: int
    over: bool = False


class Silence:
    """Units of which a time is unknown: silent now, or not yet refilled."""

    def __init__(self) -> None:
        self._quiet: dict[UnitKey, _Quiet] = {}
        self._holes: dict[UnitKey, tuple[Hole, ...]] = {}

    def begin(self, unit: UnitKey, since_us: int) -> None:
        """Nothing has come since then; an earlier time that is still unknown stays."""
        quiet = self._quiet.get(unit)
        self._quiet[unit] = _Quiet(min(since_us, quiet.since_us) if quiet else since_us)

    def end(self, unit: UnitKey) -> None:
        """Packets come again; what was said meanwhile may still be missing."""
        if unit in self._quiet:
            self._quiet[unit].over = True

    def holes(self, unit: UnitKey, holes: tuple[Hole, ...]) -> None:
        """What is missing now."""
        self._holes[unit] = holes

    def settle(self) -> bool:
        """Forget times that are known now; True when there was one.

        A hole that is lost for good is no longer waited for: it is another rule's matter.
        """
        known = [
            unit
            for unit, quiet in self._quiet.items()
            if quiet.over
            and not any(not h.lost and h.end_us > quiet.since_us for h in self._holes.get(unit, ()))
        ]
        for unit in known:
            del self._quiet[unit]
        return bool(known)

    def since_us(self, vehicle: str) -> int | None:
        """Since when a vehicle's state is not known, None when it is."""
        return min(
            (q.since_us for u, q in self._quiet.items() if u.vehicle == vehicle), default=None
        )
