"""A least-squares slope over a sliding window in constant time: the cheap look at every sample."""

from __future__ import annotations

import math
from collections import deque


class RunningSlope:
    """Line through the samples of the last `window_s` seconds."""

    def __init__(self, window_s: float) -> None:
        self._window_s = window_s
        self._samples: deque[tuple[float, float]] = deque()
        self._origin = (0.0, 0.0)
        self._added = 0
        self._t = self._y = self._tt = self._ty = 0.0

    def __len__(self) -> int:
        return len(self._samples)

    def add(self, time_s: float, value: float) -> None:
        """Take a sample; times rise."""
        self._samples.append((time_s, value))
        if self._added % 256 == 0:  # sums about a far origin lose digits
            self._restart()
        else:
            self._count(time_s, value, 1)
        self._added += 1
        while time_s - self._samples[0][0] > self._window_s:
            self._count(*self._samples.popleft(), -1)

    def slope(self, sigma: float) -> tuple[float, float]:
        """Slope and its standard deviation for white noise `sigma`; (0, inf) without a line."""
        count = len(self._samples)
        if count < 2:
            return 0.0, math.inf
        square = self._tt - self._t * self._t / count
        return (self._ty - self._t * self._y / count) / square, sigma / math.sqrt(square)

    def _restart(self) -> None:
        self._origin = self._samples[0]
        self._t = self._y = self._tt = self._ty = 0.0
        for time_s, value in self._samples:
            self._count(time_s, value, 1)

    def _count(self, time_s: float, value: float, sign: int) -> None:
        t, y = time_s - self._origin[0], value - self._origin[1]
        self._t += sign * t
        self._y += sign * y
        self._tt += sign * t * t
        self._ty += sign * t * y
