"""Housekeeping that came together, by parameter instead of by packet."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ground.monitor.limit_set import HOUSEKEEPING
from ground.receive.run import Run

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


class Columns:
    """A run of housekeeping packets; the values are those of single packets to the last bit."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self.boot = int(run.table["boot_id"][0])
        self.record: Integers = run.table["record"].astype(np.int64)
        self.time_us: Integers = run.time_us
        """The unit's own clock."""

    def __len__(self) -> int:
        return len(self.time_us)

    def raw(self, names: Sequence[str]) -> Integers:
        """Raw values, shape (packets, names)."""
        return np.stack([self._run.raw(name).astype(np.int64) for name in names], axis=1)

    def value(self, name: str) -> Floats:
        """Engineering values, shape (packets,)."""
        made: Floats = self._run.raw(name).astype(np.float64) * HOUSEKEEPING[name].scale
        return made
