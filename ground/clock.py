"""Ground time: UTC when the clock was made, steady from then on."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

JUMP_US: Final = 2_000_000
"""The computer's clock was set, not slewed, when it is off by more than this."""
SLEW_US: Final = 500
"""Followed at each look, once a second: as fast as NTP slews a clock."""
SECOND_US: Final = 1_000_000
PAUSE_S: Final = 3600
"""Of a longer time without any entry only the last minute is ticked through."""


def whole_seconds(after_us: int, until_us: int) -> range:
    """The ticks of ground time between two moments, the second included; none before a start."""
    first, last = after_us // SECOND_US + 1, until_us // SECOND_US
    if after_us == 0:
        first = last + 1
    elif last - first > PAUSE_S:
        first = last - 60
    return range(first * SECOND_US, last * SECOND_US + 1, SECOND_US)


class SteadyClock:
    """µs since 1970, UTC. It follows small corrections of the computer's clock and no jumps."""

    def __init__(
        self,
        wall_ns: Callable[[], int] = time.time_ns,
        steady_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._wall_ns = wall_ns
        self._steady_ns = steady_ns
        self._offset_us = wall_ns() // 1000 - steady_ns() // 1000

    def __call__(self) -> int:
        """Now."""
        return self._steady_ns() // 1000 + self._offset_us

    def look(self) -> int | None:
        """Once a second: by how many µs the computer's clock has jumped away, else None."""
        away_us = self._wall_ns() // 1000 - self()
        if abs(away_us) > JUMP_US:
            return away_us
        self._offset_us += max(-SLEW_US, min(SLEW_US, away_us))
        return None
