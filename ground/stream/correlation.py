"""Onboard time to UTC for a unit that only knows the seconds since its boot.

Every live packet says when it was made and we know when it came: received = offset + rate·onboard
+ delay, with delay ≥ 0. So the true line lies on the lower edge of the points. The edge of their
lower convex hull under the median point is that line (Moon, Skelly & Towsley, INFOCOM 1999); it
also follows a unit whose clock runs at another speed than ours.
"""

from __future__ import annotations

from collections import deque
from itertools import pairwise
from statistics import median
from typing import Final

from protocol.schema.timescale import in_calendar

BIN_US: Final = 1_000_000
"""Of one second's points only the least delayed counts: a burst of old packets is one point."""
WINDOW: Final = 600
"""Points kept, at one a second: 10 minutes."""
RATE_SPAN_US: Final = 10_000_000
"""Points must span this much receive time before the rate is taken from them."""
RATE_MAX: Final = 1100.0
"""Units run at most 1000 times as fast as ours, or as slow; a fit beyond that is none."""

Point = tuple[int, int]


class Correlation:
    """Fit over the live packets of one boot. Times in µs; `onboard` is the unit's own clock."""

    def __init__(self, onboard_us: int, received_us: int, rate: float = 1.0) -> None:
        self.rate = rate
        """UTC seconds per onboard second."""
        self._anchor = (onboard_us, received_us)
        self._bin_start_us = received_us
        self._points: deque[Point] = deque([self._anchor], WINDOW)

    def live(self, onboard_us: int, received_us: int) -> None:
        """Take in a live packet."""
        point = (onboard_us, received_us)
        if received_us - self._bin_start_us < BIN_US:
            if self._delay(point) < self._delay(self._points[-1]):
                self._points[-1] = point
        else:
            self._fit()
            self._bin_start_us = received_us
            self._points.append(point)
        if self._delay(point) < 0:
            self._anchor = point

    def utc(self, onboard_us: int) -> int:
        """UTC of an onboard time, within the calendar."""
        return in_calendar(self._line(onboard_us))

    @property
    def offset_s(self) -> float:
        """UTC minus onboard time at the newest point, in s."""
        onboard_us = self._points[-1][0]
        return (self._line(onboard_us) - onboard_us) / 1e6

    @property
    def accuracy_s(self) -> float:
        """Median delay of the window over its fastest packets, in s; 0 while there is one."""
        return max(median(self._delay(p) for p in self._points), 0.0) / 1e6

    def _delay(self, point: Point) -> int:
        return point[1] - self._line(point[0])

    def _line(self, onboard_us: int) -> int:
        return self._anchor[1] + round(self.rate * (onboard_us - self._anchor[0]))

    def _fit(self) -> None:
        points = sorted(self._points)
        if self._points[-1][1] - self._points[0][1] < RATE_SPAN_US:
            return
        hull = _lower_hull(points)
        middle = points[len(points) // 2][0]
        for left, right in pairwise(hull):
            if right[0] >= middle and right[0] > left[0] and right[1] > left[1]:
                rate = (right[1] - left[1]) / (right[0] - left[0])
                if 1 / RATE_MAX <= rate <= RATE_MAX:
                    self.rate = rate
                    self._anchor = left
                return


def _lower_hull(points: list[Point]) -> list[Point]:
    """Lower convex hull of sorted points (Andrew's monotone chain)."""
    hull: list[Point] = []
    for x, y in points:
        while len(hull) >= 2 and (
            (hull[-1][0] - hull[-2][0]) * (y - hull[-2][1])
            <= (hull[-1][1] - hull[-2][1]) * (x - hull[-2][0])
        ):
            hull.pop()
        hull.append((x, y))
    return hull
