"""Of many boots the latest time by which something missing was made, as they come and go."""

from __future__ import annotations

from heapq import heapify, heappop, heappush
from typing import Final

SLACK: Final = 64
"""Entries that are over and still kept, at least."""


class Ends:
    """A time (µs) each. What is done with one costs the same however many there are."""

    def __init__(self) -> None:
        self._of: dict[int, int] = {}
        self._latest_first: list[tuple[int, int]] = []
        """(-time, number); some that do not hold any more."""

    def add(self, number: int, time_us: int) -> None:
        """The later of this time and the one that it has."""
        time_us = max(time_us, self._of.get(number, 0))
        self._of[number] = time_us
        heappush(self._latest_first, (-time_us, number))
        if len(self._latest_first) > 2 * len(self._of) + SLACK:
            self._latest_first = [(-time, number) for number, time in self._of.items()]
            heapify(self._latest_first)

    def discard(self, number: int) -> None:
        """It has none any more."""
        self._of.pop(number, None)

    def numbers(self) -> tuple[int, ...]:
        """Of all that have one."""
        return tuple(self._of)

    def latest(self) -> int:
        """The latest time of all; 0: there is none."""
        heap = self._latest_first
        while heap and self._of.get(heap[0][1]) != -heap[0][0]:
            heappop(heap)
        return -heap[0][0] if heap else 0
