"""Units that nobody configured: some are taken in, as an unplanned unit must be; a flood is not."""

from __future__ import annotations

from typing import Final

from ground.fleet import Fleet
from ground.model import UnitKey

STRANGERS: Final = "units:unknown"
"""Notice of units that are refused."""
TAKEN_MAX: Final = 64
"""Units that nobody configured and that are taken in all the same; a station has fewer windows."""
NAMED_MAX: Final = 1024
"""Further ones that are told apart; beyond, only their packets are counted."""
QUIET_US: Final = 60_000_000
"""So long after the last packet of a refused unit that is no longer people's matter."""


class Strangers:
    """Who is taken in. What is refused stays in the archive as the bytes that came."""

    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet
        self._taken: set[UnitKey] = set()
        self._refused: set[UnitKey] = set()
        self._last_us: int | None = None
        self.packets = 0
        """Of units that were refused, since the start."""

    @property
    def units(self) -> int:
        """That were refused since the start, so far as they are told apart."""
        return len(self._refused)

    def know(self, unit: UnitKey) -> None:
        """A unit that is in the archive is taken in whatever it is."""
        if self._fleet.window(unit) is None:
            self._taken.add(unit)

    def admit(self, unit: UnitKey, now_us: int) -> bool:
        """True for a unit to take in that is new; else its packet counts as refused."""
        if self._fleet.window(unit) is None and len(self._taken) >= TAKEN_MAX:
            self.packets += 1
            self._last_us = now_us
            if len(self._refused) < NAMED_MAX:
                self._refused.add(unit)
            return False
        self.know(unit)
        return True

    def are_refused(self, now_us: int) -> bool:
        """True while such units go on sending."""
        return self._last_us is not None and now_us - self._last_us < QUIET_US

    @staticmethod
    def words(unit: UnitKey, link: str) -> str:
        """What people should know and do, at the first one that is refused."""
        return (
            f"{TAKEN_MAX} units that nobody configured are heard; {unit} on {link} and further "
            "ones are kept as bytes but not read: name your units (--fleet), and see who "
            "may send there"
        )
