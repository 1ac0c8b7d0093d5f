"""A least-squares slope over a sliding window in constant time: the cheap look at every sample."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from ground.monitor.window import Counts, Floats, Window

ANEW: Final = 256
"""So often the sums are made anew: those about a far origin lose digits."""


@dataclass(frozen=True, slots=True)
class Slopes:
    """What each of many samples makes of the line; `RunningSlope.take` makes it true."""

    rows: Floats
    counts: Counts
    slope: Floats
    sigma: Floats
    sums: Floats
    """After each sample, shape (4, samples)."""
    origins: Floats
    """Of those sums, shape (samples, 2)."""


class RunningSlope:
    """Line through the samples of the last `window_s` seconds."""

    def __init__(self, window_s: float) -> None:
        self._window = Window(window_s, 2)
        self._origin = (0.0, 0.0)
        self._added = 0
        self._t = self._y = self._tt = self._ty = 0.0

    def __len__(self) -> int:
        return len(self._window)

    def add(self, time_s: float, value: float) -> None:
        """Take a sample; times rise."""
        self._window.add((time_s, value))
        if self._added % ANEW == 0:
            self._restart()
        else:
            self._count(time_s, value, 1)
        self._added += 1
        for old_s, old in self._window.pop_old():
            self._count(old_s, old, -1)

    def slope(self, sigma: float) -> tuple[float, float]:
        """Slope and its standard deviation for white noise `sigma`; (0, inf) without a line."""
        count = len(self._window)
        if count < 2:
            return 0.0, math.inf
        square = self._tt - self._t * self._t / count
        return (self._ty - self._t * self._y / count) / square, sigma / math.sqrt(square)

    def look(self, time_s: Floats, values: Floats, sigma: float) -> Slopes:
        """What `add` and `slope` would give for each of these, to the last bit; changes nothing."""
        rows = np.concatenate((self._window.rows, np.stack((time_s, values), axis=1)))
        here, count = len(self._window), len(time_s)
        heads = self._window.past(time_s, rows[:, 0])
        sums, origins = np.empty((4, count)), np.empty((count, 2))
        state, origin = np.array([self._t, self._y, self._tt, self._ty]), np.array(self._origin)
        at = 0
        while at < count:
            anew = (self._added + at) % ANEW == 0
            end = min(at + ANEW - (self._added + at) % ANEW, count)
            head = int(heads[at - 1]) if at else 0
            if anew:
                origin = rows[head]
                made = _products(rows[head : here + at + 1] - origin)
                state = np.add.accumulate(made, axis=1)[:, -1]
            sums[:, at:end] = _sums(
                state, rows - origin, here, (at, end), head, heads, skip=1 if anew else 0
            )
            origins[at:end] = origin
            state = sums[:, end - 1]
            at = end
        counts = here + np.arange(1, count + 1) - heads
        t, y, tt, ty = sums
        with np.errstate(divide="ignore", invalid="ignore"):
            square = tt - t * t / counts
            slope = np.where(counts < 2, 0.0, (ty - t * y / counts) / square)
            sigmas = np.where(counts < 2, math.inf, sigma / np.sqrt(square))
        return Slopes(rows[here:], counts, slope, sigmas, sums, origins)

    def take(self, seen: Slopes, count: int) -> None:
        """Take the first `count` samples of a look."""
        self._window.extend(seen.rows[:count])
        self._added += count
        self._t, self._y, self._tt, self._ty = seen.sums[:, count - 1].tolist()
        origin = seen.origins[count - 1].tolist()
        self._origin = (origin[0], origin[1])

    def _restart(self) -> None:
        rows = self._window.rows
        origin = rows[0].tolist()
        self._origin = (origin[0], origin[1])
        sums = np.add.accumulate(_products(rows - rows[0]), axis=1)[:, -1]
        self._t, self._y, self._tt, self._ty = sums.tolist()

    def _count(self, time_s: float, value: float, sign: int) -> None:
        t, y = time_s - self._origin[0], value - self._origin[1]
        self._t += sign * t
        self._y += sign * y
        self._tt += sign * t * t
        self._ty += sign * t * y


def _products(rows: Floats) -> Floats:
    """t, y, t², ty of rows about their origin."""
    t, y = rows[:, 0], rows[:, 1]
    return np.stack((t, y, t * t, t * y))


def _sums(
    state: Floats,
    about: Floats,
    here: int,
    span: tuple[int, int],
    head: int,
    heads: Counts,
    *,
    skip: int,
) -> Floats:
    """Sums after each sample of a span: each is added, then what it makes too old is taken off.

    In that order one by one, as floats do not commute. `skip`: the first is in `state` already.
    """
    at, end = span
    last = int(heads[end - 1])
    steps = np.empty((4, 1 + (end - at) + (last - head)))
    steps[:, 0] = state
    samples = np.arange(at, end)
    before = np.concatenate(([head], heads[at : end - 1]))
    added = 1 + (samples - at) + (before - head)
    steps[:, added] = _products(about[here + at : here + end])
    gone = np.arange(head, last)
    by = np.searchsorted(heads[at:end], gone, side="right")
    steps[:, 1 + (gone - head) + by + 1] = -_products(about[head:last])
    if skip:
        steps = np.delete(steps, added[0], axis=1)
    made = np.add.accumulate(steps, axis=1)
    return made[:, 1 - skip + (samples - at) + (heads[at:end] - head)]
