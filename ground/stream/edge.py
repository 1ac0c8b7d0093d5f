"""The lower edge of a cloud of points: the line on which lie those that were not delayed."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Final

import numpy as np
from numpy.typing import NDArray

RATE_MAX: Final = 1100.0
"""Units run at most 1000 times as fast as ours, or as slow; a fit beyond that is none."""
NOTHING_US: Final = 1e-3
"""What rounding may be."""
FEWEST: Final = 10
"""With fewer points nobody knows how late packets are."""


class Cloud:
    """Points (onboard, received) in µs, in order of both; `origin` is the first of them."""

    def __init__(self, points: Sequence[tuple[int, int]]) -> None:
        flat = np.fromiter(chain.from_iterable(points), np.int64, 2 * len(points)).reshape(-1, 2)
        ordered = flat[np.lexsort((flat[:, 1], flat[:, 0]))]
        self.origin = (int(ordered[0, 0]), int(ordered[0, 1]))
        self._x, self._y = (ordered - ordered[0]).T.astype(np.float64)

    def __len__(self) -> int:
        return len(self._x)

    def edge(self) -> float | None:
        """Slope of the lower hull's edge under the median point; None: no unit runs like that.

        Of a line through a point on either side of the median the lowest point under it takes the
        place of that on its side, until none is under it.
        """
        x, y = self._x, self._y
        left, right, middle = 0, len(self) - 1, x[len(self) // 2]
        if x[left] >= middle:
            return None
        rate = 0.0
        for _ in range(len(self)):
            rate = float((y[right] - y[left]) / (x[right] - x[left]))
            above = self._above(rate)
            lowest = int(above.argmin())
            if above[lowest] >= above[left] - NOTHING_US:
                break
            left, right = (lowest, right) if x[lowest] < middle else (left, lowest)
        return rate if 1 / RATE_MAX <= rate <= RATE_MAX else None

    def lowest(self, rate: float) -> tuple[int, int]:
        """The point on the line of this slope under all of them."""
        at = self._above(rate).argmin()
        return self.origin[0] + int(self._x[at]), self.origin[1] + int(self._y[at])

    def spread_us(self, rate: float) -> float:
        """Median distance of the points over that line."""
        above, half = self._above(rate), len(self) // 2
        return float(np.partition(above, half)[half] - above.min())

    def rate_error(self, rate: float) -> float:
        """By how much this slope may be wrong, as a part of it: the spread over their span."""
        part = len(self) // 4
        span_us = self._y[-1 - part] - self._y[part]
        few = 1 + FEWEST / len(self)
        return float(few * max(self.spread_us(rate), 1.0) / max(span_us, 1.0))

    def _above(self, rate: float) -> NDArray[np.float64]:
        made: NDArray[np.float64] = self._y - rate * self._x
        return made
