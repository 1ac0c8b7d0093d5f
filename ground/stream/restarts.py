"""How often a unit starts anew, and whether its boots' numbers can be those of one unit."""

from __future__ import annotations

from collections import deque
from typing import Final

from protocol.schema.timescale import iso

MINUTE_US: Final = 60_000_000
HOUR_US: Final = 60 * MINUTE_US
BOOTS_MAX: Final = 12
"""Boots within an hour that are still no alarm; half as many end it."""
START_US: Final = 2_000_000
"""No unit starts more often."""
SPARE: Final = 64
"""Numbers that a unit may pass over: starts while it was not heard, numbers still on board."""
BACK: Final = 1024
"""Boots so much older may have been on their way."""
_NUMBERS: Final = 0xFFFF
"""1 comes after the last."""


class Restarts:
    """Boots of one unit that were heard for the first time. Times are ground time (µs)."""

    def __init__(self) -> None:
        self._minutes: deque[tuple[int, int]] = deque(maxlen=HOUR_US // MINUTE_US + 1)
        """(minute, boots), those without any left out."""
        self.first = self.last = 0
        """The first boot of the newest minutes that count, and the last one."""
        self._leap: tuple[int, int, int] | None = None
        """The last leap of the number: from, to, when."""

    def began(self, number: int, running: int, received_us: int, live_us: int) -> None:
        """A packet of a boot that nobody knew; `running`: the one until now, last heard then."""
        if not self.within_an_hour(received_us):
            self.first = number
        self.last = number
        minute = received_us // MINUTE_US
        if self._minutes and self._minutes[-1][0] >= minute:
            self._minutes[-1] = (self._minutes[-1][0], self._minutes[-1][1] + 1)
        else:
            self._minutes.append((minute, 1))
        on, back = (number - running) % _NUMBERS, (running - number) % _NUMBERS
        if running >= 0 and on > SPARE + (received_us - live_us) // START_US and back > BACK:
            self._leap = (running, number, received_us)

    def within_an_hour(self, now_us: int) -> int:
        """Boots, to the minute."""
        since = (now_us - HOUR_US) // MINUTE_US
        return sum(boots for minute, boots in self._minutes if minute > since)

    def words(self, now_us: int, told: bool) -> str:
        """What people should know and do, or none; `told`: they know of it already."""
        boots, leap = self.within_an_hour(now_us), self._leap
        often = boots > (BOOTS_MAX // 2 if told else BOOTS_MAX)
        leaps = leap is not None and now_us - leap[2] < HOUR_US
        if not often and not leaps:
            return ""
        what = [f"{boots} boots within an hour, from {self.first} to {self.last}"] if often else []
        if leap is not None and leaps:
            what.append(f"boot number {leap[1]} after {leap[0]} at {iso(leap[2])}")
        return (
            f"{'; '.join(what)}: it starts again and again, its store was erased, or someone else "
            "sends in its name. All that came is kept. See reset_reason in its boot packets, its "
            "power, and who may send on its link"
        )
