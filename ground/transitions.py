"""Which alarms have changed since they were last written down."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ground.model import Alarm


class Transitions:
    """Each is journaled, so that the fold lets time pass to it."""

    def __init__(self) -> None:
        self._known: dict[int, dict[str, Any]] = {}

    def take(self, alarms: Iterable[Alarm]) -> list[dict[str, Any]]:
        """The journal entries of what is new."""
        found = []
        for alarm in alarms:
            facts = {
                "alarm": alarm.id,
                "key": alarm.key,
                "vehicle": alarm.vehicle,
                "severity": alarm.severity.label,
                "what": alarm.what,
                "state": alarm.state,
                "active": alarm.active,
            }
            if self._known.get(alarm.id) != facts:
                self._known[alarm.id] = facts
                found.append(facts)
        return found
