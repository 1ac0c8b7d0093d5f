"""One table of severities for all: ST[05] on board, XTCE alarm levels, Open MCT's faults."""

from __future__ import annotations

from enum import IntEnum
from typing import Final


class Severity(IntEnum):
    """Alarm levels of XTCE (OMG 1.2 AlarmLevels), rising."""

    NORMAL = 0
    WATCH = 1
    WARNING = 2
    DISTRESS = 3
    CRITICAL = 4
    SEVERE = 5

    @property
    def label(self) -> str:
        """Lower-case name as it stands in reports."""
        return self.name.lower()

    @property
    def openmct(self) -> str:
        """The nearest of Open MCT's three fault severities."""
        return OPENMCT[self]


OPENMCT: Final = {
    Severity.NORMAL: "WATCH",
    Severity.WATCH: "WATCH",
    Severity.WARNING: "WARNING",
    Severity.DISTRESS: "WARNING",
    Severity.CRITICAL: "CRITICAL",
    Severity.SEVERE: "CRITICAL",
}

EVENT_SEVERITY: Final = {
    1: Severity.NORMAL,
    2: Severity.WATCH,
    3: Severity.WARNING,
    4: Severity.CRITICAL,
}
"""ST[05] subtype (info, low, medium, high) to alarm level."""
