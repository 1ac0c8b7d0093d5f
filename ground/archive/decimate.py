"""Fewer points for a plot, none of the extremes lost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Times = NDArray[np.int64]
Point = tuple[int, float]


class Series(NamedTuple):
    """Points in order of time; of equal times that which was taken in first."""

    times_us: Times
    values: Floats

    def points(self) -> list[Point]:
        """(onboard time µs UTC, engineering value)."""
        return list(zip(self.times_us.tolist(), self.values.tolist(), strict=True))

    @classmethod
    def of(cls, points: Sequence[Point]) -> Series:
        """From points in order of time."""
        return cls(
            np.array([t for t, _ in points], np.int64), np.array([v for _, v in points], float)
        )


def together(series: list[Series]) -> Series:
    """All points, in no order."""
    if not series:
        return Series(np.empty(0, np.int64), np.empty(0))
    return Series(
        np.concatenate([s.times_us for s in series]), np.concatenate([s.values for s in series])
    )


def of_bins(lows: Series, highs: Series, width_us: int) -> Series:
    """Of each bin of one length the lowest of the lows and the highest of the highs.

    A parameter with a negative scale has its lowest among the highs: so both are looked through.
    """
    every = together([lows, highs])
    chosen = []
    for sign in (1.0, -1.0):
        order = np.lexsort((every.times_us, sign * every.values, every.times_us // width_us))
        bins = every.times_us[order] // width_us
        begins = np.concatenate(([True], bins[1:] != bins[:-1]))
        chosen.append(order[begins])
    return _in_time(every, np.concatenate(chosen))


def minmax(series: Series, size: int) -> Series:
    """At most `size`: lowest and highest of bins of equally many; all where there are few."""
    bins = max(size // 2, 1)
    count = len(series.times_us)
    if count <= 2 * bins:
        return series
    edges = np.arange(bins + 1) * count // bins
    which = np.repeat(np.arange(bins), np.diff(edges))
    chosen = []
    for sign in (1.0, -1.0):
        order = np.lexsort((np.arange(count), sign * series.values, which))
        chosen.append(order[edges[:-1]])
    return _in_time(series, np.concatenate(chosen))


def _in_time(series: Series, chosen: NDArray[np.intp]) -> Series:
    """These points, each once, in order of time."""
    when, values = series.times_us[chosen], series.values[chosen]
    order = np.lexsort((values, when))
    when, values = when[order], values[order]
    new = np.concatenate(([True], (when[1:] != when[:-1]) | (values[1:] != values[:-1])))
    return Series(when[new], values[new])
