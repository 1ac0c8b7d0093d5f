"""Tells on the terminal what happens, from what the ground knows."""

from __future__ import annotations

import time
from collections.abc import Callable

from ground.api.source import Ground
from ground.model import Alarm, VehicleStatus


class Narrator:
    """Call `look` after each commit of the ground: it prints what is new since the last look."""

    def __init__(self, print_line: Callable[[str], None]) -> None:
        self._print = print_line
        self._start_s = time.monotonic()
        self._alarms: set[int] = set()
        self._statuses: dict[str, tuple[str | None, bool]] = {}
        self._heard = False

    def say(self, words: str) -> None:
        """One line with the time since the start."""
        minutes, seconds = divmod(time.monotonic() - self._start_s, 60)
        self._print(f"{minutes:3.0f}:{seconds:04.1f}  {words}")

    def look(self, ground: Ground) -> None:
        """Say what is new: the first packet, alarms, return statuses, silence and its end."""
        if not self._heard and ground.health().first_packet_us is not None:
            self._heard = True
            self.say("first packet")
        for alarm in ground.alarms():
            if alarm.id not in self._alarms:
                self._alarms.add(alarm.id)
                self.say(_alarm(alarm))
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
