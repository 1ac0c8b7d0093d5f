"""Tells on the terminal what happens, from what the ground knows; of a flood not every alarm."""

from __future__ import annotations

import time
from collections.abc import Callable

from ground.api.source import Ground
from ground.model import Alarm, VehicleStatus
from ground.verdict.rules import GREEN
from ground.verdict.words import clock
from protocol.schema.severity import Severity
from tools.run.fold import Fold


class Narrator:
    """Call `look` after each commit of the ground: it prints what is new since the last look."""

    def __init__(
        self, print_line: Callable[[str], None], clock_s: Callable[[], float] = time.monotonic
    ) -> None:
        self._print = print_line
        self._clock_s = clock_s
        self._start_s = clock_s()
        self._fold = Fold()
        self._alarms: dict[int, tuple[Severity, int]] = {}
        """Severity and newest rise, as told or as known before."""
        self._statuses: dict[str, tuple[str | None, bool]] = {}
        self._brought: dict[str, str | None] = {}
        """Return status that an archive brought along."""
        self._heard = False

    def say(self, words: str) -> None:
        """One line with the time since the start."""
        minutes, seconds = divmod(self._clock_s() - self._start_s, 60)
        self._print(f"{minutes:3.0f}:{seconds:04.1f}  {words}")

    def know(self, ground: Ground) -> None:
        """What an archive brings along is no news."""
        alarms = ground.alarms()
        self._alarms |= {a.id: (a.severity, a.newest_rise_us) for a in alarms}
        self._brought = {status.id: status.status for status in ground.statuses()}
        if still := sum(alarm.state != "normal" for alarm in alarms):
            self.say(f"{still} of {len(alarms)} earlier alarms are open")

    def look(self, ground: Ground) -> None:
        """Say what is new: the first packet, alarms that rise (again) or grow worse, statuses."""
        if not self._heard and ground.health().first_packet_us is not None:
            self._heard = True
            self.say("first packet")
        self._say_rest()
        risen = []
        for alarm in ground.alarms():
            severity, rise_us = self._alarms.get(alarm.id, (Severity.NORMAL, 0))
            news = alarm.severity > severity or alarm.newest_rise_us > rise_us
            if news and not alarm.key.startswith("link:"):  # a link's change is said by itself
                risen.append(alarm)
            self._alarms[alarm.id] = (alarm.severity, alarm.newest_rise_us)
        for alarm in self._fold.told(risen, self._clock_s()):
            self.say(_alarm(alarm))
        for status in ground.statuses():
            now = (status.status, status.unknown_since_us is not None)
            before = self._statuses.get(status.id)
            if before is None:
                colour = self._brought.get(status.id, GREEN if status.status else None)
                if now == (colour, True):
                    continue  # not heard yet
                before = (colour, now[1])
            self._statuses[status.id] = now
            if now != before:
                self.say(_status(status, before))

    def conclude(self, ground: Ground) -> None:
        """Say how each vehicle stands at the end of all, whatever was said before."""
        self.end()
        for status in ground.statuses():
            self.say(f"{status.name} at the end: {_state(status)}{_reason(status)}")

    def end(self) -> None:
        """Say what is left to say: nothing follows."""
        self._say_rest(ending=True)

    def _say_rest(self, *, ending: bool = False) -> None:
        if words := self._fold.rest(self._clock_s(), ending=ending):
            self.say(words)


def _alarm(alarm: Alarm) -> str:
    late = "LATE  " if alarm.late else ""
    about = alarm.unit or alarm.vehicle
    where = f"{about}: " if about else ""  # the station's own are about none
    return f"{alarm.severity.label:8}  {late}{where}{alarm.what}"


def _status(status: VehicleStatus, before: tuple[str | None, bool]) -> str:
    was, was_unknown = before
    if status.status != was:
        return f"{status.name} is {_state(status)}{_reason(status)}"
    if status.unknown_since_us is not None and not was_unknown:
        return f"{status.name} {_unknown(status)}"
    return f"{status.name} is known again, {_state(status)}"


def _state(status: VehicleStatus) -> str:
    """Colour, and since when it is not known; silence never means safe."""
    return ", ".join(filter(None, (status.status or "no return status", _unknown(status))))


def _unknown(status: VehicleStatus) -> str:
    if status.unknown_since_us is None:
        return ""
    return f"UNKNOWN SINCE {clock(status.unknown_since_us)}"


def _reason(status: VehicleStatus) -> str:
    deciding = [rule.words for rule in status.rules if rule.status == status.status]
    return f": {deciding[0]}" if deciding else ""
