"""What can be wrong with evidence; each says what to do."""

from __future__ import annotations


class EvidenceError(Exception):
    """No bundle can be made of this alarm."""


class NoSuchAlarmError(EvidenceError):
    """`alarm` is not in the archive, which has `known` alarms."""

    def __init__(self, alarm: int, known: int) -> None:
        held = f"it holds {known}, numbered from 1" if known else "it holds none"
        super().__init__(f"there is no alarm {alarm} in the archive; {held}")
        self.alarm = alarm
        self.known = known


class NotABundleError(Exception):
    """These bytes are no evidence bundle, or one that nobody should open."""
