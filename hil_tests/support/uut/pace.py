"""How much slower than its own clock a unit is: an emulated board 4 to 30 times."""

from __future__ import annotations

import time
from collections.abc import Callable

ENOUGH_US = 1_000_000
"""So much of the unit's time must pass before it is believed: one interval of housekeeping."""
TOGETHER_S = 0.001
"""Packets that come nearer than this have waited in a buffer: they tell nothing."""
STEP_US = 20_000_000
"""A longer step of the unit's clock is a jump, or a time in which nobody listened."""


class Pace:
    """Wall seconds per second of a unit's clock, measured from its live packets.

    `first` is believed until it is measured; `fixed` (`--time-scale`) always. A unit that is faster
    than its clock says is waited for as one that keeps time: this computer is none the faster.
    """

    def __init__(
        self,
        fixed: float | None = None,
        first: float = 1.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._fixed = fixed
        self._first = first
        self._clock = clock
        self._newest: tuple[int, int, int, float] | None = None
        self._unit_us = 0
        self._wall_s = 0.0

    def heard(self, boot: int, record: int, time_us: int) -> None:
        """A packet came; one that is sent again tells nothing."""
        now_s = self._clock()
        before = self._newest
        if before and boot == before[0] and record <= before[1]:
            return
        self._newest = (boot, record, time_us, now_s)
        if before is None or boot != before[0] or now_s - before[3] < TOGETHER_S:
            return
        if 0 <= time_us - before[2] <= STEP_US:
            self._unit_us += time_us - before[2]
            self._wall_s += now_s - before[3]

    @property
    def measured(self) -> float | None:
        """What its packets have shown, None while they are too few."""
        return self._wall_s * 1e6 / self._unit_us if self._unit_us >= ENOUGH_US else None

    @property
    def scale(self) -> float:
        """What time-outs are multiplied by."""
        return self._fixed or max(1.0, self.measured or self._first)
