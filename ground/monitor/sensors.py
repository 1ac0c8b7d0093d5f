"""Which sensors are not to be believed: the unit says so, or the value gives it away."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ground.fleet import ACOUSTIC, SLOW

STUCK_SAMPLES: Final = 30
"""The same raw value so often is no measurement: noise is 200 times the resolution."""
DEAD_SAMPLES: Final = 5
"""Exact zeros running: an emptied volume still shows noise."""


class SensorWatch:
    """Follows one unit's sensors; `vented` volumes may well read zero."""

    def __init__(self, vented: tuple[bool, bool]) -> None:
        self._may_be_zero = {f"p_gap{i + 1}" for i, v in enumerate(vented) if v}
        self._last: dict[str, int] = {}
        self._same: dict[str, int] = dict.fromkeys(SLOW, 1)
        self.faults: dict[str, str] = {}
        """Sensor to reason, as of the newest packet."""

    def update(self, raw: Mapping[str, Any]) -> None:
        """Take the raw values of one housekeeping packet."""
        self.faults = {
            name: "the unit reports it unhealthy"
            for health, names in (("ae_health", ACOUSTIC), ("sensor_health", SLOW))
            for bit, name in enumerate(names)
            if not raw[health] >> bit & 1
        }
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

    def acoustic_healthy(self) -> int:
        """How many acoustic sensors are good."""
        return sum(name not in self.faults for name in ACOUSTIC)
