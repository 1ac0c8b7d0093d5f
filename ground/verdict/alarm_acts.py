"""What people do to alarms, and alarms that the station itself raises."""

from __future__ import annotations

from abc import ABC, abstractmethod

from ground.model import UnitKey
from ground.verdict.alerts import Alerts
from ground.verdict.words import lateness
from protocol.schema.severity import Severity


class AlarmActs(ABC):
    """A part of the assessment; ground time passes before each act. Times are µs, UTC."""

    _alerts: Alerts

    @abstractmethod
    def _pass(self, now_us: int) -> None:
        """Ground time goes on."""

    def acknowledge(self, alarm_id: int, author: str, comment: str, now_us: int) -> None:
        """Someone has seen an alarm; raises AlarmRefusedError."""
        self._pass(now_us)
        self._alerts.book.acknowledge(alarm_id, author, comment, now_us)
        self._alerts.changed.add("alarms")

    def note(self, alarm_id: int, author: str, words: str, now_us: int) -> None:
        """Someone writes something beside an alarm; raises AlarmRefusedError."""
        self._pass(now_us)
        self._alerts.book.note(alarm_id, author, words, now_us)
        self._alerts.changed.add("alarms")

    def shelve(
        self, alarm_id: int, author: str, reason: str, until_us: int | None, now_us: int
    ) -> None:
        """Put an alarm aside until a time, None takes it back; raises AlarmRefusedError."""
        self._pass(now_us)
        self._alerts.book.shelve(alarm_id, author, reason, until_us, now_us)
        self._alerts.changed.add("alarms")

    def alarm_event(
        self,
        key: str,
        severity: Severity,
        what: str,
        *,
        unit: UnitKey | None,
        time_us: int,
        now_us: int,
        active: bool,
        late: bool = False,
        latching: bool = False,
    ) -> None:
        """An alarm that the station itself raises (active) or takes back."""
        self._pass(now_us)
        if active:
            words = what + lateness(late, time_us, now_us)
            self._alerts.rise(key, severity, words, unit, time_us, latching=latching, late=late)
        else:
            self._alerts.clear(key)
