"""Several alarms acknowledged in one action: only what whoever acknowledges has seen."""

from __future__ import annotations

from ground.alarms.urgency import WAITING
from ground.model import Alarm
from protocol.schema.severity import Severity


def unseen(alarm: Alarm | None, seen: Severity) -> str:
    """Why an alarm that was on show with severity `seen` is left as it is; empty: it is not.

    A higher severity than the one that was seen waits for somebody who sees it (ISA-18.2).
    """
    if alarm is None:
        return "there is no such alarm"
    if alarm.state not in WAITING:
        by = f" by {alarm.acknowledged_by}" if alarm.acknowledged_by else ""
        return f"is {alarm.state}{by}"
    if alarm.severity > seen:
        return f"is {alarm.severity.label} now, and was {seen.label} when it was shown"
    return ""
