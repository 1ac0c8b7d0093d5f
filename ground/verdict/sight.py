"""Leaks are seen in housekeeping: since when too little of it comes from a unit that is heard."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from ground.model import UnitKey
from ground.monitor.volume import FEWEST
from ground.verdict.alerts import Alerts
from ground.verdict.words import clock
from protocol.schema.severity import Severity

BLIND_US: Final = 60_000_000
"""Ground time in which as much housekeeping must come as the leak watch needs for a slope."""
SEEING_US: Final = 45_000_000
"""The same before it counts as enough again, so that no interval makes the alarm come and go."""
PAUSE_US: Final = 10_000_000
"""Without a packet of any kind for so long it is not blindness: silence has an alarm of its own."""


@dataclass(slots=True)
class _Unit:
    """One unit; ground times, but for `good_us`."""

    from_us: int
    """Since when it is heard without a pause."""
    heard_us: int
    good_us: int
    """Onboard time, UTC: until then enough came."""
    came_us: list[int] = field(default_factory=list)
    """When the newest FEWEST housekeeping packets came."""
    blind: bool = False


class Sight:
    """Units that live and do not tell their pressures; each has an alarm while that lasts."""

    def __init__(self, alerts: Alerts) -> None:
        self._alerts = alerts
        self._units: dict[UnitKey, _Unit] = {}

    def hear(self, unit: UnitKey, onboard_us: int) -> None:
        """Anything came from a unit, now."""
        now_us = self._alerts.now_us
        known = self._units.get(unit)
        if known is None:
            self._units[unit] = _Unit(now_us, now_us, onboard_us)
            return
        if now_us - known.heard_us > PAUSE_US:
            known.from_us = now_us
        known.heard_us = now_us

    def see(self, unit: UnitKey, onboard_us: int, packets: int = 1) -> bool:
        """Housekeeping came now, the newest made then; True when the unit is blind no more."""
        known = self._units[unit]
        now_us = self._alerts.now_us
        known.came_us = (known.came_us + [now_us] * min(packets, FEWEST))[-FEWEST:]
        enough = len(known.came_us) == FEWEST and now_us - known.came_us[0] <= SEEING_US
        was_blind = known.blind
        if enough:
            known.good_us, known.blind = onboard_us, False
            if was_blind:
                self._alerts.clear(_key(unit))
        return was_blind and enough

    def pass_time(self) -> set[str]:
        """Ground time has gone on; vehicles with a window that is newly blind."""
        blind = [
            (unit, known)
            for unit, known in self._units.items()
            if not known.blind and self._is_late(known)
        ]
        for unit, known in blind:
            known.blind = True
            words = (
                f"hardly any housekeeping comes, since {clock(known.good_us)}: a leak would go "
                "unseen; see whether it is disabled or its interval is long"
            )
            self._alerts.rise(_key(unit), Severity.DISTRESS, words, unit, known.good_us)
        return {unit.vehicle for unit, _ in blind}

    def since_us(self, vehicle: str) -> int | None:
        """Since when nobody knows a vehicle's pressures, None while they are known."""
        return min(
            (k.good_us for u, k in self._units.items() if u.vehicle == vehicle and k.blind),
            default=None,
        )

    def _is_late(self, known: _Unit) -> bool:
        now_us = self._alerts.now_us
        first_us = known.from_us
        if len(known.came_us) == FEWEST:
            first_us = max(first_us, known.came_us[0])
        return now_us - known.heard_us <= PAUSE_US and now_us - first_us > BLIND_US


def _key(unit: UnitKey) -> str:
    return f"unseen:{unit}"
