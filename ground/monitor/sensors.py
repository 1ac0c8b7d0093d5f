"""Which sensors are not to be believed: the unit says so, or the value gives it away."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ground.fleet import ACOUSTIC, SLOW
from ground.monitor.columns import Columns, Integers

STUCK_SAMPLES: Final = 30
"""The same raw value so often is no measurement: noise is 200 times the resolution."""
DEAD_SAMPLES: Final = 5
"""Exact zeros running: an emptied volume still shows noise."""
HEALTH: Final = ("ae_health", "sensor_health")
SENSORS: Final = dict(enumerate(SLOW)) | {8 + k: name for k, name in enumerate(ACOUSTIC)}
"""Name by number, as events and masks of sensors have them."""
TRIAL_US: Final = 90_000_000
"""A unit tests itself a minute after its start: so long a fault of before may still stand."""


class SensorWatch:
    """Follows one unit's sensors; `vented` volumes may well read zero."""

    def __init__(self, vented: tuple[bool, bool]) -> None:
        self._may_be_zero = {f"p_gap{i + 1}" for i, v in enumerate(vented) if v}
        self._health = (0, 0)
        self._last: dict[str, int] = {}
        self._same: dict[str, int] = dict.fromkeys(SLOW, 1)
        self._boot: int | None = None
        self.held: dict[str, int] = {}
        """Sensors that the unit reported before its restart and does not know of yet; until when
        (UTC, µs) that is believed if no self-test says otherwise."""
        self.faults: dict[str, str] = {}
        """Sensor to reason, as of the newest packet."""

    def update(self, raw: Mapping[str, Any], boot: int, utc_us: int) -> None:
        """Take the raw values of one housekeeping packet of a boot."""
        if self._boot is not None and boot != self._boot:
            known = [*_unhealthy(self._health), *self.held]
            self.held = dict.fromkeys(known, utc_us + TRIAL_US)
        self._boot = boot
        self._health = (raw[HEALTH[0]], raw[HEALTH[1]])
        unhealthy = _unhealthy(self._health)
        self.held = {
            name: until_us
            for name, until_us in self.held.items()
            if name not in unhealthy and utc_us < until_us
        }
        self.faults = dict.fromkeys(unhealthy, "the unit reports it unhealthy")
        self.faults |= dict.fromkeys(
            self.held, "the unit reported it unhealthy before its restart; not tested since"
        )
        for name in SLOW:
            value = raw[name]
            self._same[name] = self._same[name] + 1 if self._last.get(name) == value else 1
            self._last[name] = value
            if name in self._may_be_zero and value == 0:
                continue
            if name.startswith("p_") and value == 0 and self._same[name] >= DEAD_SAMPLES:
                self.faults.setdefault(name, f"exactly 0 for {DEAD_SAMPLES} samples")
            elif self._same[name] >= STUCK_SAMPLES:
                self.faults.setdefault(name, f"the same value for {STUCK_SAMPLES} samples")

    def tested(self, raw: Mapping[str, Any]) -> None:
        """A self-test that the unit has made: what passed it is believed with the next packet."""
        for number, name in SENSORS.items():
            if (raw["tested"] & ~raw["failed"]) >> number & 1:
                self.held.pop(name, None)

    def look(self, run: Columns) -> tuple[int, Integers]:
        """How many packets leave `faults` as they are; of each how long its values have stood."""
        if not self._last or self.held or run.boot != self._boot:
            return 0, np.empty((0, len(SLOW)), np.int64)
        values = run.raw(SLOW)
        last = np.array([[self._last[name] for name in SLOW]])
        stood = np.array([[self._same[name] for name in SLOW]])
        index = np.arange(len(values))[:, None]
        moved = np.diff(values, axis=0, prepend=last) != 0
        since = np.maximum.accumulate(np.where(moved, index, -1), axis=0)
        same = np.where(since < 0, stood + index + 1, index - since + 1)
        as_now = (run.raw(HEALTH) == self._health).all(axis=1)
        as_now &= (self._stands(values, same) == self._stands(last, stood)).all(axis=1)
        return len(as_now) if as_now.all() else int(as_now.argmin()), same

    def take(self, run: Columns, same: Integers, count: int) -> None:
        """Take the first packets of a look."""
        self._last = dict(zip(SLOW, run.raw(SLOW)[count - 1].tolist(), strict=True))
        self._same = dict(zip(SLOW, same[count - 1].tolist(), strict=True))

    def _stands(self, values: Integers, same: Integers) -> NDArray[np.bool_]:
        """As in `update`: which values have stood too long."""
        zero = values == 0
        gauge = np.array([name.startswith("p_") for name in SLOW])
        empty = np.array([name in self._may_be_zero for name in SLOW])
        long = (same >= STUCK_SAMPLES) | (zero & gauge & (same >= DEAD_SAMPLES))
        made: NDArray[np.bool_] = long & ~(zero & empty)
        return made

    def acoustic_healthy(self) -> int:
        """How many acoustic sensors are good."""
        return sum(name not in self.faults for name in ACOUSTIC)


def _unhealthy(health: tuple[int, int]) -> list[str]:
    """Sensors whose bit is 0."""
    return [
        name
        for bits, names in zip(health, (ACOUSTIC, SLOW), strict=True)
        for bit, name in enumerate(names)
        if not bits >> bit & 1
    ]
