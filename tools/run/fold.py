"""Which alarms of a flood get a line on the terminal, and what is said of the others."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Final

from ground.model import Alarm
from protocol.schema.severity import Severity

WINDOW_S: Final = 10.0
EACH: Final = 3
"""Lines in a window for alarms that differ in numbers alone."""
ALL: Final = 20
"""Lines in a window for all; the first critical one of its kind has one beyond that."""


class Fold:
    """Windows that begin with an alarm. What is graver than all that was told is always told."""

    def __init__(self) -> None:
        self._begin()

    def _begin(self) -> None:
        self._begun_s: float | None = None
        self._kinds: Counter[str] = Counter()
        self._highest = Severity.NORMAL
        self._folded: Counter[Severity] = Counter()

    def told(self, alarms: Sequence[Alarm], now_s: float) -> list[Alarm]:
        """Those of a moment that get a line, in their order; the others are counted."""
        if alarms and self._begun_s is None:
            self._begun_s = now_s
        chosen = set()
        for alarm in sorted(alarms, key=lambda a: -a.severity):  # the gravest has the first claim
            if self._may(alarm):
                self._kinds[_kind(alarm)] += 1
                self._highest = max(self._highest, alarm.severity)
                chosen.add(alarm.id)
            else:
                self._folded[alarm.severity] += 1
        return [alarm for alarm in alarms if alarm.id in chosen]

    def rest(self, now_s: float, *, ending: bool = False) -> str:
        """At a window's end, or at the end of all: words for what got no line; else empty."""
        if self._begun_s is None or not (ending or now_s >= self._begun_s + WINDOW_S):
            return ""
        words, folded = "", self._folded
        if folded:
            each = ", ".join(f"{folded[s]} {s.label}" for s in sorted(folded, reverse=True))
            words = (
                f"{max(folded).label:8}  and {folded.total()} more alarms within "
                f"{max(now_s - self._begun_s, 1):.0f} s ({each}); the console lists them"
            )
        self._begin()
        return words

    def _may(self, alarm: Alarm) -> bool:
        before, room = self._kinds[_kind(alarm)], self._kinds.total() < ALL
        first_grave = alarm.severity >= Severity.CRITICAL and before == 0
        return alarm.severity > self._highest or (before < EACH and room) or first_grave


def _kind(alarm: Alarm) -> str:
    """Words without their numbers."""
    return f"{alarm.severity.label} {re.sub(r'[0-9.+-]+', '#', alarm.what)}"
