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
    not_before_us: int = 0
    """Ground time before which it is not asked for again."""

    def __len__(self) -> int:
        return self.last - self.first + 1


class Records:
    """Records 0 … newest but for the gaps, which are disjoint and in order."""

    def __init__(self, start_us: int = 0, tail_first: bool = False) -> None:
        self.newest = -1
        """Highest record known to exist."""
        self.gaps: list[Gap] = []
        self.tail_first = tail_first
        """The newest record is wanted before all: it dates a boot that was never heard live."""
        self.absurd: int | None = None
        """The last claim of a newest record, where it was beyond belief and so not followed."""
        self._newest_us = start_us

    def add(self, record: int, onboard_us: int) -> bool:
        """Take a record in; False when it was here already."""
        if record > self.newest:
            self._miss(record - 1, onboard_us)
            self.newest = record
            self._newest_us = onboard_us
            return True
        at = bisect_right(self.gaps, record, key=lambda gap: gap.first) - 1
        if at < 0 or self.gaps[at].last < record:
            return False
        gap = self.gaps[at]
        parts = []
        if gap.first < record:
            start_us = min(gap.start_us, onboard_us)
            parts.append(replace(gap, last=record - 1, start_us=start_us, end_us=onboard_us))
        if record < gap.last:
            end_us = max(gap.end_us, onboard_us)
            parts.append(replace(gap, first=record + 1, start_us=onboard_us, end_us=end_us))
        self.gaps[at : at + 1] = parts
        return True

    def extend(self, newest: int, time_us: int) -> bool:
        """The unit made records up to `newest`; True when that shows a gap at the tail."""
        known = self.newest >= 0
        self.absurd = newest if known and newest - self.newest > CLAIM_RECORDS else None
        return self.absurd is None and self._miss(newest, time_us)

    def _miss(self, newest: int, time_us: int) -> bool:
        if newest <= self.newest:
            return False
        before = self._newest_us or time_us
        self.gaps.append(Gap(self.newest + 1, newest, before, max(time_us, before)))
        self.newest = newest
        return True

    def open(self, first: int = 0, last: int | None = None) -> Iterator[Gap]:
        """Gaps that may be refilled and touch first … last, in order."""
        gaps = self.gaps
        for at in range(bisect_left(gaps, first, key=lambda gap: gap.last), len(gaps)):
            gap = gaps[at]
            if last is not None and gap.first > last:
                return
            if not gap.lost:
                yield gap

    def lose(self, first: int, last: int) -> bool:
        """What is missing of first … last is no longer on board; True when that is news."""
        return self._cut(first, last, keep=True)

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
            if gap.lost or low > high:
                gaps.append(gap)
                continue
            changed = True
            if gap.first < low:
                gaps.append(replace(gap, last=low - 1))
            if keep:
                gaps.append(replace(gap, first=low, last=high, lost=True))
            if high < gap.last:
                gaps.append(replace(gap, first=high + 1))
        self.gaps = gaps
        return changed
