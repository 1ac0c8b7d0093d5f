"""The newest value of everything, and whether it may still be believed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from ground.model import UnitKey
from protocol.schema.severity import Severity

STALE_AFTER_US: Final = 5_000_000
"""Ground time without a newer value; housekeeping comes each second."""


@dataclass(frozen=True, slots=True)
class LatestValue:
    """One parameter in its engineering unit."""

    value: float
    onboard_us: int
    received_us: int
    stale: bool
    limit: Severity
    """Violated level, NORMAL within limits."""


class Latest(Mapping[UnitKey, Mapping[str, LatestValue]]):
    """Newest values by unit. Late data never gets here."""

    def __init__(self) -> None:
        self._values: dict[UnitKey, dict[str, LatestValue]] = {}
        self._stale: dict[UnitKey, bool] = {}
        self._received: dict[UnitKey, int] = {}

    def update(
        self,
        unit: UnitKey,
        values: Mapping[str, float],
        limits: Mapping[str, Severity],
        onboard_us: int,
        received_us: int,
    ) -> bool:
        """Take a packet's values; True when the unit was stale until now."""
        was_stale = self._stale.get(unit, True)
        self._stale[unit] = False
        self._received[unit] = received_us
        self._values.setdefault(unit, {}).update(
            {
                name: LatestValue(
                    value, onboard_us, received_us, False, limits.get(name, Severity.NORMAL)
                )
                for name, value in values.items()
            }
        )
        return was_stale

    def tick(self, now_us: int) -> bool:
        """Let values grow old; True when a unit has become stale."""
        changed = False
        for unit, received_us in self._received.items():
            if now_us - received_us > STALE_AFTER_US and not self._stale[unit]:
                self._stale[unit] = changed = True
                values = self._values[unit]
                values.update({name: replace(v, stale=True) for name, v in values.items()})
        return changed

    def is_stale(self, unit: UnitKey) -> bool:
        """True when nothing came for a while, or ever."""
        return self._stale.get(unit, True)

    def __getitem__(self, unit: UnitKey) -> Mapping[str, LatestValue]:
        return self._values[unit]

    def __iter__(self) -> Iterator[UnitKey]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)
