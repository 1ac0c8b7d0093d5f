"""Which alarm an operator must see first, and how many there are (ISA-18.2)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from heapq import nsmallest

from ground.alarms.state import State
from ground.model import Alarm

WAITING = frozenset({State.UNACKNOWLEDGED.value, State.RETURNED.value})


def urgency(alarm: Alarm) -> tuple[int, int, bool, int, int]:
    """The highest priority sorts first; then what nobody has acknowledged, then the newest.

    What is shelved comes behind all that is open, and what is over behind that.
    """
    place = {State.NORMAL.value: 2, State.SHELVED.value: 1}.get(alarm.state, 0)
    waits = alarm.state in WAITING
    return (place, -alarm.severity, not waits, -alarm.newest_rise_us, -alarm.id)


def most_urgent(alarms: Iterable[Alarm], most: int) -> list[Alarm]:
    """The first so many by urgency, in that order."""
    return nsmallest(most, alarms, key=urgency)


@dataclass(frozen=True, slots=True)
class Counts:
    """How many alarms there are that are not over."""

    open: int
    """Shelved ones aside."""
    unacknowledged: int
    shelved: int
    by_severity: dict[str, int]
    """Of the open ones, by label."""


def counts(alarms: Iterable[Alarm]) -> Counts:
    """Of all."""
    states: Counter[str] = Counter()
    severities: Counter[str] = Counter()
    for alarm in alarms:
        states[alarm.state] += 1
        if alarm.state not in (State.NORMAL.value, State.SHELVED.value):
            severities[alarm.severity.label] += 1
    return Counts(
        open=severities.total(),
        unacknowledged=sum(states[s] for s in WAITING),
        shelved=states[State.SHELVED.value],
        by_severity=dict(severities),
    )
