"""Has a volume lost gas while nobody saw its pressure? Its level before that time and after it.

The live watch (`volume.py`) needs samples of the fall itself. What fell wholly within an outage is
known only by what is left: that it fell, and not why.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from typing import Final, NamedTuple

import numpy as np

from ground.model import PacketId, UnitKey
from ground.monitor.decay import noise_pa
from ground.monitor.gas_temperature import START_ERROR_K, THERMOMETERS
from ground.monitor.volume import (
    FEWEST,
    GAS,
    NOISE_PA,
    PRESSURE,
    SIGMAS,
    TIME,
    WINDOW_S,
    packet_ids,
)
from ground.monitor.window import Floats

BREAK_S: Final = 20.0
"""So long without a sample the live watch may not bridge."""
MISSING_K: Final = {"all": 0.0, "some": 3.0, "none": 10.0}
"""What more the gas may have cooled, by the thermometers that are healthy."""


class Before(NamedTuple):
    """What was known of a volume when it was seen last."""

    samples: Floats
    utc_us: int
    trusted: tuple[int, ...]
    """Thermometers that were healthy."""


class Fall(NamedTuple):
    """A volume has less gas than before."""

    utc_us: int
    """When it was seen last before that."""
    unseen_s: float
    evidence: tuple[PacketId, ...]
    """The last packet before and the first after."""
    before_pa: float
    after_pa: float


class Across:
    """One volume's, behind these rows of thermometers."""

    def __init__(self, unit: UnitKey, around: Collection[int]) -> None:
        self._unit = unit
        self._around = tuple(around)
        self._before: Before | None = None
        self._after: list[Floats] = []
        """The first samples after it, each with the glass temperatures behind it."""
        self._again_us = 0

    @property
    def waits(self) -> bool:
        """True while something before is still to be compared."""
        return self._before is not None

    def part(self, before: Before) -> Fall | None:
        """From now on the volume is not seen; what an earlier such time amounts to."""
        fall = None
        if len(self._after) >= FEWEST:
            fall = self._judge(before.trusted)
        self._after.clear()
        if self._before is None and len(before.samples):
            self._before = before
        return fall

    def forget(self) -> None:
        """What was before is explained: it leaks."""
        self._before = None
        self._after.clear()

    def add(
        self, sample: Floats, glass_k: Floats, utc_us: int, trusted: Collection[int]
    ) -> Fall | None:
        """A sample of a good gauge (columns of `volume.py`), and the glass around."""
        if self._before is None:
            return None
        if not self._after:
            self._again_us = utc_us
        if len(self._after) < FEWEST:
            self._after.append(np.concatenate((sample, glass_k)))
        elif sample[TIME] - self._after[0][TIME] >= WINDOW_S:
            return self._judge(trusted)
        return None

    def _judge(self, trusted: Collection[int]) -> Fall | None:
        before, self._before = self._before, None
        assert before is not None
        after = np.array(self._after)
        self._after.clear()
        rows = [r for r in self._around if r in trusted and r in before.trusted]
        trust = "all" if len(rows) == len(self._around) else "some" if rows else "none"
        rows = rows or list(self._around)
        lags = before.samples[:, GAS:].reshape(len(before.samples), len(THERMOMETERS), -1)
        was_k = lags[:, rows].mean(axis=1)
        glass_k = after[:, -len(THERMOMETERS) :][:, rows].mean(axis=1)
        hottest_k = float(was_k.max()) + START_ERROR_K
        coldest_k = min(float(was_k.min()), float(glass_k.min())) - START_ERROR_K - MISSING_K[trust]
        was_pa, now_pa = before.samples[:, PRESSURE] + 0.0, after[:, PRESSURE] + 0.0
        sigma = max(noise_pa(was_pa, NOISE_PA), noise_pa(now_pa, NOISE_PA))
        doubt = SIGMAS * sigma * math.sqrt(1 / len(was_pa) + 1 / len(now_pa))
        before_pa, after_pa = float(was_pa.mean()), float(now_pa.mean())
        if after_pa >= before_pa * coldest_k / hottest_k - doubt:
            return None
        ids = packet_ids(self._unit, np.stack((before.samples[-1, :GAS], after[0, :GAS])))
        unseen_s = (self._again_us - before.utc_us) / 1e6
        return Fall(before.utc_us, unseen_s, ids, before_pa, after_pa)
