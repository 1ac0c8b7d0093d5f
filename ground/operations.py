"""The running ground station as its operators see it: what the API asks, and what people do."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ground.alarms.book import AlarmRefusedError
from ground.api.source import (
    Ground,
    Health,
    JournalEntry,
    LinkState,
    Refused,
    Sample,
    UnitState,
    Value,
)
from ground.archive.history import history
from ground.fleet import Fleet
from ground.model import Alarm, Finding, Impact, Inspection, Leak, Packet, UnitKey, VehicleStatus
from ground.service import Service
from ground.station import Outcome
from ground.stream.unit import UnitStream
from ground.summary import summary
from protocol.schema.decode import ENTRIES
from protocol.schema.severity import Severity

_HOUSEKEEPING = ENTRIES["housekeeping"]


class Operations(Ground):
    """A face of one service. What an operator does is on disk before the answer."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._station = service.station

    def health(self) -> Health:
        """The station itself."""
        station = self._station
        return Health(
            ok="archive:full" not in station.notices,
            started_us=station.started_us,
            now_us=self._service.clock(),
            first_packet_us=station.first_packet_us,
            packets=sum(s.packets for s in station.streams.values()),
            links=[LinkState(*told) for told in self._service.links_told()],
            archive=str(station.archive.path or "in memory"),
        )

    def fleet(self) -> Fleet:
        """The configured vehicles, and units that nobody configured but that were heard."""
        fleet = self._station.fleet
        for unit in self._station.streams:
            fleet = fleet.with_unit(unit)
        return fleet

    def units(self) -> Sequence[UnitState]:
        """Every unit, in the fleet's order."""
        streams = self._station.streams
        keys = [UnitKey(v.id, w.id) for v in self.fleet().vehicles for w in v.windows]
        return [
            _unit_state(streams[key]) if key in streams else UnitState(key, "never") for key in keys
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

    def history(
        self, unit: UnitKey, parameter: str, start_us: int, end_us: int
    ) -> Sequence[tuple[int, float]]:
        """From the archive, start and end included."""
        return history(self._station.archive, unit, parameter, start_us, end_us + 1)

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

    def inspections(self) -> Sequence[Inspection]:
        """In the order in which they were logged."""
        return list(self._station.inspections)

    def journal(self, limit: int) -> Sequence[JournalEntry]:
        """The newest, newest first."""
        return [
            JournalEntry(row.time_us, row.kind, row.author, row.data)
            for row in self._station.archive.journal(limit)
        ]

    def report(self) -> Mapping[str, Any]:
        """The report of `panewatch report`."""
        return summary(self._station)

    def acknowledge(self, alarm: int, author: str, comment: str) -> None:
        """Someone has seen an alarm."""
        self._act(lambda: self._station.acknowledge(alarm, author, comment))

    def shelve(self, alarm: int, author: str, reason: str, for_s: float) -> None:
        """Put an alarm aside for a while; 0 s takes it back."""
        until_us = self._service.clock() + round(for_s * 1e6) if for_s else None
        self._act(lambda: self._station.shelve(alarm, author, reason, until_us))

    def inspect(self, inspection: Inspection) -> None:
        """A person looked at a pane."""
        self._act(lambda: self._station.inspect(inspection))

    def subscribe(self, listener: Callable[[Sequence[Sample]], None]) -> Callable[[], None]:
        """Call `listener` after each commit with the housekeeping that it made durable."""

        def on_commit(outcome: Outcome) -> None:
            listener([_sample(packet) for packet in outcome.samples])

        return self._service.subscribe(on_commit)

    def _act(self, action: Callable[[], None]) -> None:
        self._station.advance(self._service.clock())
        try:
            action()
        except AlarmRefusedError as error:
            raise Refused(f"Alarm {error.alarm_id}: {error.reason}.") from None
        self._service.commit()


def _unit_state(stream: UnitStream) -> UnitState:
    fit = stream.correlation
    return UnitState(
        unit=stream.unit,
        state="silent" if stream.silent else "live",
        boot_id=stream.current,
        link=stream.link,
        last_received_us=stream.live_received_us or None,
        last_onboard_us=stream.live_onboard_us or None,
        missing=stream.count(lost=False),
        lost=stream.count(lost=True),
        refilling=stream.refill.request is not None,
        packets=stream.packets,
        offset_s=None if fit is None else fit.offset_s,
        accuracy_s=None if fit is None else fit.accuracy_s,
    )


def _sample(packet: Packet) -> Sample:
    values = {
        name: float(raw) * entry.scale + entry.offset
        for name, entry in _HOUSEKEEPING.items()
        if isinstance(raw := packet.decoded.raw.get(name), int)
    }
    return Sample(packet.unit, packet.onboard_us, packet.late, values)
