"""More alarms than one person can take in: the alarm flood of ISA-18.2."""

from __future__ import annotations

from collections import deque
from typing import Final, NamedTuple

WINDOW_US: Final = 600_000_000
BEGINS_ABOVE: Final = 10
"""Alarms in ten minutes for one operator."""
ENDS_BELOW: Final = 5
BUCKET_US: Final = 1_000_000


class FloodState(NamedTuple):
    """How many alarms people are asked to take in."""

    since_us: int | None
    """When the flood began; None while there is none."""
    alarms: int
    """Of the last ten minutes."""


class Flood:
    """Counts what asks for attention; takes the same memory however much does."""

    def __init__(self) -> None:
        self._buckets: deque[tuple[int, int]] = deque()
        """(second, alarms), the oldest first."""
        self._state = FloodState(None, 0)

    @property
    def state(self) -> FloodState:
        """As of the last call."""
        return self._state

    def add(self, now_us: int) -> None:
        """One more alarm waits for somebody."""
        second = now_us // BUCKET_US
        if self._buckets and self._buckets[-1][0] >= second:
            last, count = self._buckets[-1]
            self._buckets[-1] = (last, count + 1)
        else:
            self._buckets.append((second, 1))
        alarms = self._state.alarms + 1
        since_us = self._state.since_us
        if since_us is None and alarms > BEGINS_ABOVE:
            since_us = now_us
        self._state = FloodState(since_us, alarms)

    def advance(self, now_us: int) -> bool:
        """Let time pass; True when fewer alarms count now."""
        alarms, since_us = self._state.alarms, self._state.since_us
        while self._buckets and self._buckets[0][0] * BUCKET_US <= now_us - WINDOW_US:
            alarms -= self._buckets.popleft()[1]
        if alarms == self._state.alarms:
            return False
        self._state = FloodState(None if alarms < ENDS_BELOW else since_us, alarms)
        return True
