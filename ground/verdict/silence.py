"""Silent is not safe: since when nobody knows how a unit fares."""

from __future__ import annotations

from dataclasses import dataclass

from ground.model import Aside, Hole, PacketId, UnitKey


@dataclass(slots=True)
class _Quiet:
    since_us: int
    boot: int = -1
    record: int = -1
    """The last live packet before; -1: none had come."""
    over: bool = False

    def hides(self, hole: Hole) -> bool:
        """True when what is missing may be of this time: by its number, whatever its clock says."""
        if hole.boot == self.boot:
            later = hole.last > self.record
        else:
            later = self.boot < 0 or 0 < (hole.boot - self.boot) & 0xFFFF < 0x8000
        return later or hole.end_us > self.since_us


class Silence:
    """Units of which a time is unknown: silent now, or not yet refilled."""

    def __init__(self) -> None:
        self._quiet: dict[UnitKey, _Quiet] = {}
        self._missing: dict[UnitKey, tuple[tuple[Hole, ...], int]] = {}
        """What is missing and may still come; until when, of the boots that are aside."""

    def begin(self, unit: UnitKey, since_us: int, newest: PacketId | None = None) -> None:
        """Nothing has come since then; an earlier time that is still unknown stays."""
        quiet = self._quiet.get(unit)
        if quiet is None:
            quiet = self._quiet[unit] = _Quiet(since_us)
            if newest is not None:
                quiet.boot, quiet.record = newest.boot, newest.record
        quiet.since_us, quiet.over = min(since_us, quiet.since_us), False

    def end(self, unit: UnitKey) -> None:
        """Packets come again; what was said meanwhile may still be missing."""
        if unit in self._quiet:
            self._quiet[unit].over = True

    def holes(self, unit: UnitKey, holes: tuple[Hole, ...], aside: Aside) -> None:
        """What is missing now."""
        self._missing[unit] = tuple(h for h in holes if not h.lost), aside.until_us

    def settle(self) -> set[str]:
        """Forget times that are known now; the vehicles that had one.

        A hole that is lost for good is no longer waited for: it is another rule's matter.
        """
        known = [unit for unit, quiet in self._quiet.items() if quiet.over and self._is_known(unit)]
        for unit in known:
            del self._quiet[unit]
        return {unit.vehicle for unit in known}

    def _is_known(self, unit: UnitKey) -> bool:
        quiet, (holes, aside_us) = self._quiet[unit], self._missing.get(unit, ((), 0))
        return aside_us <= quiet.since_us and not any(quiet.hides(hole) for hole in holes)

    def since_us(self, vehicle: str) -> int | None:
        """Since when a vehicle's state is not known, None when it is."""
        return min(
            (q.since_us for u, q in self._quiet.items() if u.vehicle == vehicle), default=None
        )
