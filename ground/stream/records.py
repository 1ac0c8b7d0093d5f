"""Which records of one boot the ground has, and which it misses."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

BITMAP_BITS: Final = 256
LAST_RECORD: Final = 2**32 - 1
CLAIM_RECORDS: Final = 2**24
"""A claim of more unseen records than this is no news but an error: a month at six a second."""
CLAIM_UNHEARD: Final = 2**31
"""The same of a boot of which nothing ever came: eleven years at six a second."""


@dataclass(slots=True)
class Gap:
    """Records first … last are missing."""

    first: int
    last: int
    start_us: int
    """Onboard time (UTC) of the packet before."""
    end_us: int
    """Onboard time (UTC) of the packet after, or of the report that told of the gap."""
    lost: bool = False
    """No longer on board: no refill can come."""
    attempts: int = 0
    """Requests without any answer so far."""
    given_up: bool = False
    """Still on board for all that is known, but not asked for any more."""
    not_before_us: int = 0
    """Ground time before which it is not asked for again."""
    doubted: bool = False
    """Nobody believes that there are such records: one beyond belief came, from behind them."""

    def __len__(self) -> int:
        return self.last - self.first + 1


class Records:
    """Records 0 … top but for the gaps, which are disjoint and in order.

    A record so far ahead that nobody believes the number is here like any other, and what lies
    between is a doubted gap: neither missing nor asked for, until the unit's records come to it.
    """

    def __init__(self, start_us: int = 0, tail_first: bool = False) -> None:
        self.newest = -1
        """Highest record known to exist."""
        self.top = -1
        """Highest record that came, or known to exist."""
        self.gaps: list[Gap] = []
        self.tail_first = tail_first
        """The newest record is wanted before all: it dates a boot that was never heard live."""
        self.absurd: int | None = None
        """The last claim of a newest record, where it was beyond belief and so not followed."""
        self.newest_us = start_us
        """Onboard time (UTC) of the newest one that came, or when the boot can have begun."""

    def add(self, record: int, onboard_us: int, believed: bool = True) -> bool:
        """Take a record in; False when it was here already."""
        strays = self.top > self.newest
        if record > self.top:
            self._miss(record - 1, onboard_us, not believed)
            self.top = record
        elif not self._fill(record, onboard_us):
            return False
        if believed and record > self.newest:
            if strays:
                self._believe(record)
            self.newest, self.newest_us = record, onboard_us
        return True

    def lacks(self, record: int) -> bool:
        """False for a record that is here."""
        at = bisect_left(self.gaps, record, key=lambda gap: gap.last)
        return record > self.top or (at < len(self.gaps) and self.gaps[at].first <= record)

    def doubt(self, record: int) -> bool:
        """The unit is at this record: nobody believes in what is missing from there on.

        True when something is.
        """
        news = False
        for gap in self.gaps[self._split(record) :]:
            news |= not gap.lost and not gap.doubted
            gap.doubted, gap.given_up = not gap.lost, False
        self.newest = min(self.newest, record - 1)
        return news

    def _believe(self, newest: int) -> None:
        if self.newest < self.top:
            first, end = self._split(self.newest + 1), self._split(newest + 1)
            for gap in self.gaps[first:end]:
                gap.doubted = False
        self.newest = newest

    def _split(self, record: int) -> int:
        """Where the gaps of this record and those above begin; none of them reaches below it."""
        at = bisect_left(self.gaps, record, key=lambda gap: gap.last)
        if at == len(self.gaps) or self.gaps[at].first >= record:
            return at
        gap = self.gaps[at]
        self.gaps[at : at + 1] = [replace(gap, last=record - 1), replace(gap, first=record)]
        return at + 1

    def _fill(self, record: int, onboard_us: int) -> bool:
        at = bisect_right(self.gaps, record, key=lambda gap: gap.first) - 1
        if at < 0 or self.gaps[at].last < record:
            return False
        gap = replace(self.gaps[at], attempts=0, not_before_us=0, given_up=False)  # it is answered
        parts = []
        if gap.first < record:
            start_us = min(gap.start_us, onboard_us)
            parts.append(replace(gap, last=record - 1, start_us=start_us, end_us=onboard_us))
        if record < gap.last:
            end_us = max(gap.end_us, onboard_us)
            parts.append(replace(gap, first=record + 1, start_us=onboard_us, end_us=end_us))
        self._narrow(at, record, onboard_us)
        self.gaps[at : at + 1] = parts
        return True

    def _narrow(self, at: int, record: int, onboard_us: int) -> None:
        """A gap that ends or begins at this record, too, is known to lie before or after it."""
        for gap in self.gaps[max(at - 1, 0) : at + 2]:
            if gap.last == record - 1:
                gap.end_us = max(gap.start_us, min(gap.end_us, onboard_us))
            elif gap.first == record + 1:
                gap.start_us = min(gap.end_us, max(gap.start_us, onboard_us))

    def room(self) -> int:
        """How many records after the newest known are not here, for `go_on`."""
        if self.top == self.newest:
            return LAST_RECORD
        behind = self.gaps[self._split(self.newest + 1) :][:1]
        return len(behind[0]) if behind and behind[0].first == self.newest + 1 else 0

    def go_on(self, newest: int, onboard_us: int) -> None:
        """Take in all records after the newest known up to this one, made last."""
        if self.top > self.newest:
            at = self._split(self.newest + 1)
            rest = replace(self.gaps[at], first=newest + 1, start_us=onboard_us)
            self.gaps[at : at + 1] = [rest] if len(rest) else []
        self.newest = newest
        self.top = max(self.top, newest)
        self.newest_us = onboard_us

    def extend(self, newest: int, time_us: int) -> bool:
        """The unit made records up to `newest`; True when that shows a gap at the tail."""
        most = self.newest + CLAIM_RECORDS if self.newest >= 0 else CLAIM_UNHEARD
        self.absurd = newest if newest > most else None
        if self.absurd is not None or newest <= self.newest:
            return False
        self._miss(newest, time_us)
        self._believe(newest)
        return True

    def _miss(self, newest: int, time_us: int, doubted: bool = False) -> None:
        if newest > self.top:
            before = self.newest_us or time_us
            end_us = max(time_us, before)
            self.gaps.append(Gap(self.top + 1, newest, before, end_us, doubted=doubted))
            self.top = newest

    def open(self, first: int = 0, last: int | None = None) -> Iterator[Gap]:
        """Gaps that may be refilled and touch first … last, in order."""
        gaps = self.gaps
        for at in range(bisect_left(gaps, first, key=lambda gap: gap.last), len(gaps)):
            gap = gaps[at]
            if last is not None and gap.first > last:
                return
            if not gap.lost and not gap.doubted:
                yield gap

    def lose(self, first: int, last: int) -> bool:
        """What is missing of first … last is no longer on board; True when that is news."""
        return self._cut(first, last, keep=True)

    def give_up(self, first: int, last: int) -> bool:
        """Gaps that lie in first … last are asked for in vain; True when that is news."""
        inside = [g for g in self.open(first, last) if first <= g.first and g.last <= last]
        news = [gap for gap in inside if not gap.given_up]
        for gap in news:
            gap.given_up = True
        return bool(news)

    def ask_again(self) -> bool:
        """Everything is wanted as if never asked for; True when something had been given up."""
        news = False
        for gap in self.open():
            news |= gap.given_up
            gap.attempts, gap.not_before_us, gap.given_up = 0, 0, False
        return news

    def forget(self, first: int, last: int) -> bool:
        """What is missing of first … last was before our time; True when that is news."""
        return self._cut(first, last, keep=False)

    def acknowledgement(self) -> tuple[int, bytes]:
        """(cumulative, bitmap) of TC[130,4] for all that is here or lost."""
        open_gaps = self.open()
        gap = next(open_gaps, None)
        base = min(gap.first if gap else self.newest + 1, LAST_RECORD)
        bits = (1 << min(self.newest + 1 - base, BITMAP_BITS)) - 1
        while gap is not None and gap.first < base + BITMAP_BITS:
            bits &= ~(((1 << min(len(gap), BITMAP_BITS)) - 1) << (gap.first - base))
            gap = next(open_gaps, None)
        return base, bits.to_bytes(BITMAP_BITS // 8, "little")

    def _cut(self, first: int, last: int, keep: bool) -> bool:
        gaps: list[Gap] = []
        changed = False
        for gap in self.gaps:
            low, high = max(gap.first, first), min(gap.last, last)
            if gap.lost or gap.doubted or low > high:
                gaps.append(gap)
                continue
            changed = True
            if gap.first < low:
                gaps.append(replace(gap, last=low - 1))
            if keep:
                gaps.append(replace(gap, first=low, last=high, lost=True, given_up=False))
            if high < gap.last:
                gaps.append(replace(gap, first=high + 1))
        self.gaps = gaps
        return changed
