"""The running ground station as its operators see it: what the API asks, and what people do."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from ground.acts import limits_entry
from ground.alarms.book import AlarmRefusedError
from ground.alarms.flood import FloodState
from ground.alarms.seen import unseen
from ground.api.source import (
    Gauges,
    Ground,
    Health,
    JournalEntry,
    Refused,
    Sample,
    UnitState,
    Value,
)
from ground.archive.apart import apart
from ground.archive.archive import Archive
from ground.archive.history import extremes, newest
from ground.commanding.orders import Orders
from ground.commanding.request import Request
from ground.evidence.apart import UnknownAlarmError, made_apart
from ground.evidence.errors import EvidenceError
from ground.fleet import Fleet
from ground.model import Alarm, Finding, Impact, Inspection, Leak, UnitKey, VehicleStatus
from ground.monitor.limit_set import LimitSet
from ground.outcome import Outcome
from ground.retention.gone import dropped_times
from ground.service import Service
from ground.station_states import gauges, health
from ground.stream.completeness import Completeness, by_hour
from ground.summary import summary_later
from ground.unit_states import sample_of, unit_state
from protocol.schema.severity import Severity


class Operations(Ground):
    """A face of one service. What an operator does is on disk before the answer."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._station = service.station
        self._orders = Orders(self._station, self._act)
        self._evidence = asyncio.Lock()
        self._fleet: tuple[int, Fleet] | None = None
        """How many units were heard, and the fleet with them."""

    def health(self) -> Health:
        """The station itself."""
        return health(self._service)

    def replay(self) -> str:
        """Name of the recording that is played here; empty where the station is live."""
        return self._service.replay

    def fleet(self) -> Fleet:
        """The configured vehicles, and units that nobody configured but that were heard."""
        streams = self._station.streams
        if self._fleet is None or self._fleet[0] != len(streams):  # they only become more
            fleet = self._station.fleet
            for unit in streams:
                fleet = fleet.with_unit(unit)
            self._fleet = len(streams), fleet
        return self._fleet[1]

    def units(self) -> Sequence[UnitState]:
        """Every unit, in the fleet's order."""
        streams = self._station.streams
        return [
            unit_state(streams[key]) if key in streams else UnitState(key, "never")
            for key in self.fleet().units()
        ]

    def latest(self, unit: UnitKey) -> Mapping[str, Value]:
        """Newest housekeeping values by parameter."""
        return {
            name: Value(
                v.onboard_us,
                v.value,
                v.stale,
                v.received_us,
                None if v.limit is Severity.NORMAL else v.limit.label,
            )
            for name, v in self._station.assessor.latest.get(unit, {}).items()
        }

    def extremes(
        self, unit: UnitKey, parameter: str, start_us: int, end_us: int, size: int
    ) -> Sequence[tuple[int, float]]:
        """From the archive, start and end included."""
        return extremes(self._station.archive, unit, parameter, (start_us, end_us + 1), size)

    def newest(
        self, unit: UnitKey, parameter: str, start_us: int, end_us: int, size: int
    ) -> Sequence[tuple[int, float]]:
        """From the archive, start and end included."""
        return newest(self._station.archive, unit, parameter, (start_us, end_us + 1), size)

    def dropped(self, unit: UnitKey, start_us: int, end_us: int) -> Sequence[tuple[int, int]]:
        """By retention, start and end included."""
        return dropped_times(self._station.archive, unit, start_us, end_us)

    def completeness(self, unit: UnitKey, start_us: int, end_us: int) -> Sequence[Completeness]:
        """As counted since the archive's begin."""
        stream = self._station.streams.get(unit)
        return by_hour(stream, start_us, end_us) if stream else []

    def statuses(self) -> Sequence[VehicleStatus]:
        """Every vehicle."""
        return list(self._station.assessor.vehicles)

    def impacts(self) -> Sequence[Impact]:
        """All of the archive."""
        return list(self._station.assessor.impacts)

    def leaks(self) -> Sequence[Leak]:
        """All of the archive."""
        return list(self._station.assessor.leaks)

    def findings(self) -> Sequence[Finding]:
        """All of the archive."""
        return list(self._station.assessor.findings)

    def alarms(self) -> Sequence[Alarm]:
        """Every alarm of the archive, in the order in which they rose."""
        return list(self._station.assessor.alarms)

    def flood(self) -> FloodState:
        """As of the last tick or alarm."""
        return self._station.assessor.flood

    def inspections(self) -> Sequence[Inspection]:
        """In the order in which they were logged."""
        return list(self._station.inspections)

    def journal(self, limit: int) -> Callable[[], Sequence[JournalEntry]]:
        """The newest on disk, newest first."""
        return apart(self._station.archive, lambda archive: _entries(archive, limit))

    def report(self) -> Callable[[], Mapping[str, Any]]:
        """The report of `panewatch report`: as it is now, over what is on disk when it is made."""
        replay = self.replay()
        make = summary_later(self._station)
        return lambda: make() | ({"replay": replay} if replay else {})

    async def evidence(self, alarm: int, when: str) -> bytes:
        """Made from the archive by a process of its own, one at a time."""
        path = self._station.archive.path
        if path is None:
            raise Refused(
                "This station has no archive on disk: take evidence from the recording itself, "
                "with panewatch evidence and --archive."
            )
        if self._evidence.locked():
            raise Refused("Evidence of another alarm is being made; try again when it is.", 429)
        async with self._evidence:
            try:
                return await made_apart(path, alarm, when)
            except UnknownAlarmError as error:
                raise Refused(f"{error}.", 404) from None
            except EvidenceError as error:
                raise Refused(f"{error}.") from None

    def acknowledge(self, alarm: int, author: str, comment: str) -> None:
        """Someone has seen an alarm."""
        self._act(lambda: self._station.acknowledge(alarm, author, comment))

    def acknowledge_seen(
        self, seen: Mapping[int, Severity], author: str, comment: str
    ) -> Mapping[int, str]:
        """Each with a journal entry of its own, all in one commit."""
        left: dict[int, str] = {}

        def each() -> None:
            known = {alarm.id: alarm for alarm in self._station.assessor.alarms}
            for alarm, severity in seen.items():
                left[alarm] = unseen(known.get(alarm), severity)
                if not left[alarm]:
                    self._station.acknowledge(alarm, author, comment)

        self._act(each)
        return {alarm: why for alarm, why in left.items() if why}

    def note(self, alarm: int, author: str, words: str) -> None:
        """Write something beside an alarm."""
        self._act(lambda: self._station.act("note", author, {"alarm": alarm, "note": words}))

    def shelve(self, alarm: int, author: str, reason: str, for_s: float) -> None:
        """Put an alarm aside for a while; 0 s takes it back."""
        until_us = self._service.clock() + round(for_s * 1e6) if for_s else None
        self._act(lambda: self._station.shelve(alarm, author, reason, until_us))

    def limits(self) -> LimitSet:
        """Those that hold."""
        return self._station.assessor.limits

    def context(self, vehicle: str) -> str:
        """Flight context of a vehicle."""
        return self._station.assessor.context(vehicle)

    def set_limits(self, limits: LimitSet, author: str, reason: str) -> None:
        """Other limits hold from now on."""
        self._act(lambda: self._station.act("limits", author, limits_entry(reason, limits)))

    def enter(self, vehicle: str, context: str, author: str) -> None:
        """A vehicle comes into another flight context."""
        data = {"vehicle": vehicle, "context": context}
        self._act(lambda: self._station.act("context", author, data))

    def inspect(self, inspection: Inspection) -> None:
        """A person looked at a pane."""
        self._act(lambda: self._station.inspect(inspection))

    def commands(self, limit: int) -> Sequence[Request]:
        """Of the whole archive, newest first."""
        return self._orders.newest(limit)

    def command(self, number: int) -> Request:
        """By its number."""
        return self._orders.get(number)

    def order(
        self,
        unit: UnitKey,
        name: str,
        given: Mapping[str, Any],
        author: str,
        expires_s: float,
        request_id: str = "",
    ) -> Request:
        """It is sent at once, or as soon as the unit can be reached."""
        if self.replay():
            raise Refused(f"This is a replay of {self.replay()}: no unit is commanded from here.")
        return self._orders.place(unit, name, given, author, expires_s, request_id)

    def confirm(self, number: int, author: str, typed: str, operators: int) -> Request:
        """Then it is sent."""
        return self._orders.confirm(number, author, typed, operators=operators)

    def cancel(self, number: int, author: str) -> Request:
        """It is never sent."""
        return self._orders.cancel(number, author)

    def gauges(self) -> Gauges:
        """Since the start."""
        return gauges(self._service)

    def subscribe(
        self, listener: Callable[[Sequence[Sample], Iterable[str]], None]
    ) -> Callable[[], None]:
        """Call `listener` after each commit with what it made durable."""

        def on_commit(outcome: Outcome) -> None:
            listener([sample_of(packet) for packet in outcome.samples], outcome.changed)

        return self._service.subscribe(on_commit)

    def _act(self, action: Callable[[], None]) -> None:
        self._station.advance(self._service.clock())
        try:
            action()
        except AlarmRefusedError as error:
            raise Refused(f"Alarm {error.alarm_id}: {error.reason}.") from None
        self._service.commit()


def _entries(archive: Archive, limit: int) -> list[JournalEntry]:
    return [JournalEntry(r.time_us, r.kind, r.author, r.data) for r in archive.journal(limit)]
