"""Tells on the terminal what happens, from what the ground knows."""

from __future__ import annotations

import time
from collections.abc import Callable

from ground.api.source import Ground
from ground.model import Alarm, VehicleStatus
from protocol.schema.severity import Severity


class Narrator:
    """Call `look` after each commit of the ground: it prints what is new since the last look."""

    def __init__(self, print_line: Callable[[str], None]) -> None:
        self._print = print_line
        self._start_s = time.monotonic()
        self._alarms: dict[int, Severity] = {}
        """As told, or as known before."""
        self._statuses: dict[str, tuple[str | None, bool]] = {}
        self._heard = False

    def say(self, words: str) -> None:
        """One line with the time since the start."""
        minutes, seconds = divmod(time.monotonic() - self._start_s, 60)
        self._print(f"{minutes:3.0f}:{seconds:04.1f}  {words}")

    def know(self, ground: Ground) -> None:
        """What an archive brings along is no news."""
        alarms = ground.alarms()
        self._alarms |= {alarm.id: alarm.severity for alarm in alarms}
        if still := sum(alarm.state != "normal" for alarm in alarms):
            self.say(f"{still} of {len(alarms)} earlier alarms are open")

    def look(self, ground: Ground) -> None:
        """Say what is new: the first packet, alarms that rise or grow worse, return statuses."""
        if not self._heard and ground.health().first_packet_us is not None:
            self._heard = True
            self.say("first packet")
        for alarm in ground.alarms():
            worse = alarm.severity > self._alarms.get(alarm.id, Severity.NORMAL)
            if worse and not alarm.key.startswith("link:"):  # a link's change is said by itself
                self.say(_alarm(alarm))
            self._alarms[alarm.id] = alarm.severity
        for status in ground.statuses():
            now = (status.status, status.unknown_since_us is not None)
            if status.id not in self._statuses and now[1]:
                continue  # not heard yet
            before = self._statuses.get(status.id, now)
            self._statuses[status.id] = now
            if now != before:
                self.say(_status(status, before))


def _alarm(alarm: Alarm) -> str:
    late = "LATE  " if alarm.late else ""
    about = alarm.unit or alarm.vehicle
    where = f"{about}: " if about else ""  # the station's own are about none
    return f"{alarm.severity.label:8}  {late}{where}{alarm.what}"


def _status(status: VehicleStatus, before: tuple[str | None, bool]) -> str:
    was, was_unknown = before
    if status.status != was:
        deciding = [rule.words for rule in status.rules if rule.status == status.status]
        reason = f": {deciding[0]}" if deciding else ""
        return f"{status.name} is {status.status}{reason}"
    if status.unknown_since_us is not None and not was_unknown:
        since = time.strftime("%H:%M:%S", time.gmtime(status.unknown_since_us / 1e6))
        return f"{status.name} UNKNOWN SINCE {since} UTC"
    return f"{status.name} is known again, {status.status or 'no return status'}"
