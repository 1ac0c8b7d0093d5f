"""The newest value of everything, and whether it may still be believed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

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


class _Newest(NamedTuple):
    """A unit's newest packet."""

    values: Mapping[str, float]
    limits: Mapping[str, Severity]
    onboard_us: int
    received_us: int


class Latest(Mapping[UnitKey, Mapping[str, LatestValue]]):
    """Newest values by unit, made when they are asked for. Late data never gets here."""

    def __init__(self) -> None:
        self._newest: dict[UnitKey, _Newest] = {}
        self._stale: dict[UnitKey, bool] = {}

    def update(
        self,
        unit: UnitKey,
        values: Mapping[str, float],
        limits: Mapping[str, Severity],
        onboard_us: int,
        received_us: int,
    ) -> bool:
        """Take a packet's values, the same parameters each time; True: it was stale until now."""
        was_stale = self._stale.get(unit, True)
        self._stale[unit] = False
        self._newest[unit] = _Newest(values, dict(limits), onboard_us, received_us)
        return was_stale

    def tick(self, now_us: int) -> bool:
        """Let values grow old; True when a unit has become stale."""
        changed = False
        for unit, newest in self._newest.items():
            if now_us - newest.received_us > STALE_AFTER_US and not self._stale[unit]:
                self._stale[unit] = changed = True
        return changed

    def is_stale(self, unit: UnitKey) -> bool:
        """True when nothing came for a while, or ever."""
        return self._stale.get(unit, True)

    def __getitem__(self, unit: UnitKey) -> Mapping[str, LatestValue]:
        newest, stale = self._newest[unit], self._stale[unit]
        return {
            name: LatestValue(
                value,
                newest.onboard_us,
                newest.received_us,
                stale,
                newest.limits.get(name, Severity.NORMAL),
            )
            for name, value in newest.values.items()
        }

    def __iter__(self) -> Iterator[UnitKey]:
        return iter(self._newest)

    def __len__(self) -> int:
        return len(self._newest)
