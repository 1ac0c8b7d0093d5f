"""Asks one unit for its missing records: one bounded request at a time, ever more rarely.

What is asked for in vain is given up in the end, until something changes (UnitStream.ask_again).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from ground.stream.records import Gap, Records

REQUEST_RECORDS: Final = 256
BRIDGE_RECORDS: Final = 8
"""Gaps this near are asked for together, for one round trip instead of two."""
QUIET_US: Final = 5_000_000
"""A request is over when nothing of it has come for this long …"""
COMPLETED_US: Final = 1_000_000
"""… or this long after the unit said that it has sent all."""
ATTEMPTS: Final = 12
"""So often without an answer, in three and a half minutes; then it is given up.

A long record that one bit in ten thousand hits comes in about half of the tries.
"""
BACKOFF_US: Final = 2_000_000
"""Wait after the first request without an answer; doubles each time."""
BACKOFF_MAX_US: Final = 16_000_000


@dataclass(slots=True)
class Request:
    """Records first … last of a boot, asked for."""

    boot: int
    first: int
    last: int
    deadline_us: int
    counter: int = -1
    """Security counter of the command, by which the unit's reports name it."""
    answered: bool = False


class Refill:
    """One unit's outstanding request and what comes next. Time is ground time."""

    def __init__(self) -> None:
        self.request: Request | None = None

    def next(self, boots: Mapping[int, Records], now_us: int) -> Request | None:
        """A new request to send now, or None. `boots` are those with records on board."""
        if self.request is not None and not self._over(boots, now_us):
            return None
        for boot, records in boots.items():
            for gap in records.open():
                if gap.attempts < ATTEMPTS and not gap.given_up and gap.not_before_us <= now_us:
                    first, last = _range(records, gap)
                    self.request = Request(boot, first, last, now_us + QUIET_US)
                    return self.request
        return None

    def came(self, boot: int, record: int, now_us: int) -> None:
        """A record was taken in."""
        request = self.request
        if request and request.boot == boot and request.first <= record <= request.last:
            request.answered = True
            request.deadline_us = now_us + QUIET_US

    def ended(self, counter: int, now_us: int, refused: bool) -> None:
        """The unit reported the end of a command."""
        if self.request and self.request.counter == counter:
            self.request.deadline_us = now_us + (0 if refused else COMPLETED_US)

    def stop(self) -> None:
        """The link is silent: nothing is outstanding any more, and nothing was the unit's fault."""
        self.request = None

    def in_vain(self, boots: Mapping[int, Records]) -> Iterator[tuple[int, int, int]]:
        """(boot, first, last) of gaps that were asked for often enough and are not given up yet."""
        for key, records in boots.items():
            for gap in records.open():
                if gap.attempts >= ATTEMPTS and not gap.given_up:
                    yield key, gap.first, gap.last

    def _over(self, boots: Mapping[int, Records], now_us: int) -> bool:
        request = self.request
        assert request is not None
        records = boots.get(request.boot)
        left = list(records.open(request.first, request.last)) if records else []
        if left and now_us < request.deadline_us:
            return False
        for gap in left:
            if not request.answered:
                gap.not_before_us = now_us + min(BACKOFF_US << gap.attempts, BACKOFF_MAX_US)
                gap.attempts += 1
        self.request = None
        return True


def _range(records: Records, gap: Gap) -> tuple[int, int]:
    if records.tail_first:
        records.tail_first = False
        return records.newest, records.newest
    last = gap.last
    for other in records.open(gap.last + 1):
        if other.first - last > BRIDGE_RECORDS:
            break
        last = other.last
    return gap.first, min(last, gap.first + REQUEST_RECORDS - 1)
