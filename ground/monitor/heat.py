"""Does the gas of a volume change its temperature faster than the orbit makes it?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from ground.monitor.sensors import STUCK_SAMPLES
from ground.monitor.volume import RECORD, WINDOW_S, leading, nominal_k, nominal_of
from ground.monitor.window import Floats, Window

THERMAL_K: Final = 1.0
"""Change of a gas temperature within 60 s; the orbit makes 0.35 K."""
GAS: Final = RECORD + 1
"""Column of the gas temperature; those before are the sample's time, boot and record."""


CONFIRM_SAMPLES: Final = STUCK_SAMPLES
"""A quick change is told when its thermometers are still trusted so many samples later: one that
dies moves the gas temperature too, and is found out by then."""


class Heat:
    """One volume's; `rows` are the thermometers around it that can be trusted."""

    def __init__(self) -> None:
        self._past = Window(WINDOW_S, GAS + 1)
        self._rows: tuple[int, ...] = ()
        self._warming = False
        self._first: Floats | None = None
        """The oldest sample of the minute in which a change began that is still to be confirmed."""
        self._left = 0
        """Samples until it is."""

    def restart(self) -> None:
        """Time starts anew."""
        self._past.clear()
        self._warming, self._first = False, None

    def add(self, sample: Floats, rows: Sequence[int]) -> Floats | None:
        """Take a sample; when a quick change is confirmed, the oldest of the minute it began in."""
        if self._rows != tuple(rows):  # the mean of others is no change of temperature
            self._rows = tuple(rows)
            self.restart()
        if not rows:
            return None
        gas_k = nominal_of(sample, rows)
        self._past.add((*sample[:GAS].tolist(), gas_k))
        self._past.drop_old()
        past = self._past.rows
        moved = abs(gas_k - float(past[0, GAS]))
        confirmed = self._confirmed()
        began = not self._warming and moved >= THERMAL_K
        self._warming = moved >= (THERMAL_K / 2 if self._warming else THERMAL_K)
        if began and self._first is None:
            self._first, self._left = past[0].copy(), CONFIRM_SAMPLES
        return confirmed

    def look(self, samples: Floats, rows: Sequence[int]) -> int:
        """How many samples, one after the other, neither begin, end nor confirm a quick change."""
        if self._rows != tuple(rows):
            return 0
        if not rows:
            return len(samples)
        new = _of(samples, rows)
        every = np.concatenate((self._past.rows, new))
        oldest = every[self._past.past(new[:, 0], every[:, 0]), GAS]
        moved = np.abs(new[:, GAS] - oldest)
        calm = leading(moved >= THERMAL_K / 2 if self._warming else moved < THERMAL_K)
        return calm if self._first is None else min(calm, self._left - 1)

    def take(self, samples: Floats, rows: Sequence[int]) -> None:
        """Take samples that a look has found to change nothing."""
        if rows:
            self._past.extend(_of(samples, rows))
            self._left -= len(samples)

    def _confirmed(self) -> Floats | None:
        self._left -= 1
        if self._first is None or self._left > 0:
            return None
        first, self._first = self._first, None
        return first


def _of(samples: Floats, rows: Sequence[int]) -> Floats:
    return np.concatenate((samples[:, :GAS], nominal_k(samples, rows)[:, None]), axis=1)
