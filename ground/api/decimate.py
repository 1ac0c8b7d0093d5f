"""Fewer points for a plot, none of the extremes lost."""

from __future__ import annotations

from collections.abc import Sequence

Point = tuple[int, float]


def minmax(points: Sequence[Point], size: int) -> list[Point]:
    """At most `size` of time-ordered (µs, value): each bin's lowest and highest, in time order."""
    bins = max(size // 2, 1)
    if len(points) <= 2 * bins:
        return list(points)
    kept: list[Point] = []
    for k in range(bins):
        part = points[k * len(points) // bins : (k + 1) * len(points) // bins]
        low = min(part, key=lambda p: p[1])
        high = max(part, key=lambda p: p[1])
        kept += sorted({low, high})
    return kept
