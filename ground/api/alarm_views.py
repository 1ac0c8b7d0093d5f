"""Alarms as the JSON of docs/api.md."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from ground.api.json_values import Json, finite, when
from ground.model import Alarm
from protocol.schema.timescale import iso

CLOSED_MAX: Final = 200
"""Alarms that are over, in lists that are sent again and again."""


def alarm(raised: Alarm) -> Json:
    """An alarm as everyone sees it."""
    return {
        "id": raised.id,
        "vehicle": raised.vehicle,
        "unit": None if raised.unit is None else raised.unit.unit,
        "severity": raised.severity.label,
        "openmct_severity": raised.severity.openmct,
        "what": raised.what,
        "time": iso(raised.time_us),
        "raised": iso(raised.raised_us),
        "state": raised.state,
        "active": raised.active,
        "late": raised.late,
        "acknowledged_by": raised.acknowledged_by,
        "acknowledged": when(raised.acknowledged_us),
        "shelved_until": when(raised.shelved_until_us),
        "shelve_reason": raised.shelve_reason,
        "value": raised.value,
        "limit": raised.limit,
    }


def alarms(raised: Iterable[Alarm]) -> Any:
    """In the order in which they rose."""
    return finite([alarm(a) for a in raised])


def newest(raised: Sequence[Alarm]) -> list[Alarm]:
    """The open alarms and the newest `CLOSED_MAX` of those that are over, in their order."""
    closed = [a.id for a in raised if a.state == "normal"]
    old = set(closed[:-CLOSED_MAX])
    return [a for a in raised if a.id not in old]
