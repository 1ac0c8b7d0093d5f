"""Alarms as the JSON of docs/api.md."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from ground.alarms.state import State
from ground.alarms.urgency import most_urgent
from ground.api.json_values import Json, finite, when
from ground.model import Alarm, SilenceFacts
from protocol.schema.timescale import iso

OPEN_MAX: Final = 500
"""Alarms that are not over, in lists that are sent again and again: the most urgent."""
CLOSED_MAX: Final = 200
"""Alarms that are over, in such lists: the newest."""


def alarm(raised: Alarm, *, replay: str = "") -> Json:
    """An alarm as everyone sees it; one of a replay says of which recording it is."""
    return {
        "id": raised.id,
        "replay": replay or None,
        "vehicle": raised.vehicle,
        "unit": None if raised.unit is None else raised.unit.unit,
        "severity": raised.severity.label,
        "openmct_severity": raised.severity.openmct,
        "what": raised.what,
        "time": iso(raised.time_us),
        "raised": iso(raised.newest_rise_us),
        "state": raised.state,
        "active": raised.active,
        "late": raised.late,
        "acknowledged_by": raised.acknowledged_by,
        "acknowledged": when(raised.acknowledged_us),
        "shelved_until": when(raised.shelved_until_us),
        "shelve_reason": raised.shelve_reason,
        "value": raised.value,
        "limit": raised.limit,
        "count": raised.count,
        "silence": _silence(raised.silence),
        "notes": [
            {"time": iso(note.time_us), "author": note.author, "note": note.words}
            for note in raised.notes
        ],
    }


def _silence(facts: SilenceFacts | None) -> Json | None:
    if facts is None:
        return None
    return {
        "last_good": when(facts.last_good_us),
        "until": when(facts.until_us),
        "missing": facts.missing,
        "lost": facts.lost,
    }


def alarms(raised: Iterable[Alarm], *, replay: str = "") -> Any:
    """In their order."""
    return finite([alarm(a, replay=replay) for a in raised])


def foremost(raised: Sequence[Alarm]) -> list[Alarm]:
    """The `OPEN_MAX` most urgent, the first of them first, then the newest that are over."""
    closed = [a for a in raised if a.state == State.NORMAL.value]
    urgent = most_urgent((a for a in raised if a.state != State.NORMAL.value), OPEN_MAX)
    return urgent + closed[: -CLOSED_MAX - 1 : -1]
