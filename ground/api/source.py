"""What the API asks of the ground station: one protocol, so that tests can play the ground.

All of it is called in the event loop's thread. Times are µs since 1970, UTC.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from ground.alarms.flood import FloodState
from ground.commanding.request import Request
from ground.fleet import Fleet
from ground.model import (
    Alarm,
    Finding,
    Impact,
    Inspection,
    Leak,
    UnitKey,
    VehicleStatus,
)
from ground.monitor.limit_set import LimitSet
from ground.receive.receiver import Counters
from ground.stream.completeness import Completeness
from protocol.schema.severity import Severity


@dataclass(frozen=True, slots=True)
class LinkState:
    """A link in words for people, and what came over it."""

    name: str
    state: str
    words: str
    frames: int = 0
    """Whole packets of this schema."""
    damaged: int = 0
    """Pieces that are none; the archive keeps them as they came."""
    noise_bytes: int = 0
    """Bytes of such pieces."""


@dataclass(frozen=True, slots=True)
class QueueState:
    """What links have read and the station has not taken in; while it is full links wait."""

    chunks: int = 0
    limit: int = 0
    most: int = 0
    """Most that ever waited."""
    waits: int = 0
    """How often a link had to wait."""


@dataclass(frozen=True, slots=True)
class Health:
    """The ground station itself."""

    ok: bool
    started_us: int
    now_us: int
    first_packet_us: int | None
    packets: int
    links: Sequence[LinkState]
    archive: str
    queue: QueueState = QueueState()


@dataclass(frozen=True, slots=True)
class UnitState:
    """What is known of one unit's telemetry stream."""

    unit: UnitKey
    state: str
    """live, silent or never."""
    boot_id: int | None = None
    link: str = ""
    last_received_us: int | None = None
    last_onboard_us: int | None = None
    missing: int = 0
    """Records not here and not known to be lost; given-up ones among them."""
    lost: int = 0
    """No longer on board."""
    refilling: bool = False
    packets: int = 0
    offset_s: float | None = None
    accuracy_s: float | None = None
    """None: not known yet."""
    drift_ppm: float | None = None
    drift_accuracy_ppm: float | None = None
    given_up: int = 0
    """Of those missing: not asked for any more."""


@dataclass(frozen=True, slots=True)
class Value:
    """Newest value of one housekeeping parameter, engineering unit."""

    utc_us: int
    value: float
    stale: bool
    received_us: int
    limit: str | None
    """The violated level (watch … severe), or None."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One housekeeping packet in engineering units."""

    unit: UnitKey
    utc_us: int
    late: bool
    values: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """Who did what when."""

    time_us: int
    kind: str
    author: str
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Gauges:
    """What is counted beside health and units, for `GET /api/metrics`."""

    links: Mapping[str, Counters]
    archive_bytes: int
    waiting: Mapping[UnitKey, int]
    """Commands that wait for each unit."""
    refused_units: int = 0
    """Units that nobody configured, beyond those that are taken in."""
    refused_packets: int = 0
    dropped: Mapping[str, int] = field(default_factory=dict)
    """Messages of each link for which there was no room."""
    refused: Mapping[str, int] = field(default_factory=dict)
    """Messages of each link that are kept but not read."""


class Refused(Exception):  # noqa: N818 (an answer, not a failure)
    """The ground will not do this; `status` is the HTTP status, the words say why."""

    def __init__(self, words: str, status: int = 409) -> None:
        super().__init__(words)
        self.status = status


class Ground(Protocol):
    """The ground station as its operators see it."""

    def health(self) -> Health:
        """The station itself."""

    def replay(self) -> str:
        """Name of the recording that is played here; empty where the station is live."""

    def fleet(self) -> Fleet:
        """The vehicles, with those that nobody configured but that were heard."""

    def units(self) -> Sequence[UnitState]:
        """Every unit that was configured or heard."""

    def latest(self, unit: UnitKey) -> Mapping[str, Value]:
        """Newest housekeeping values by parameter; empty before the first."""

    def extremes(
        self, unit: UnitKey, parameter: str, start_us: int, end_us: int, size: int
    ) -> Sequence[tuple[int, float]]:
        """(onboard time, engineering value) from start to end, in order of time.

        All, or where there are more than `size` the lowest and highest of size / 2 parts of it.
        """

    def newest(
        self, unit: UnitKey, parameter: str, start_us: int, end_us: int, size: int
    ) -> Sequence[tuple[int, float]]:
        """The last `size` from start to end, in order of time."""

    def dropped(self, unit: UnitKey, start_us: int, end_us: int) -> Sequence[tuple[int, int]]:
        """Onboard times from start to end of which retention has dropped the packets, in order."""

    def completeness(self, unit: UnitKey, start_us: int, end_us: int) -> Sequence[Completeness]:
        """Hours that touch start ≤ onboard time < end, in order; a boot each."""

    def statuses(self) -> Sequence[VehicleStatus]:
        """Every vehicle, in the fleet's order."""

    def impacts(self) -> Sequence[Impact]:
        """In order of onboard time."""

    def leaks(self) -> Sequence[Leak]:
        """In order of onset."""

    def findings(self) -> Sequence[Finding]:
        """In order of onboard time."""

    def alarms(self) -> Sequence[Alarm]:
        """Every alarm, in the order in which they rose; those that are over are `normal`."""

    def flood(self) -> FloodState:
        """How many alarms asked for attention in the last ten minutes."""

    def inspections(self) -> Sequence[Inspection]:
        """In order of time."""

    def journal(self, limit: int) -> Callable[[], Sequence[JournalEntry]]:
        """What reads the newest `limit` entries, newest first; to be called in another thread."""

    def report(self) -> Callable[[], Mapping[str, Any]]:
        """What makes the report of `panewatch report`; to be called in another thread."""

    async def evidence(self, alarm: int, when: str) -> bytes:
        """The bundle of an alarm as it is `now` or as it `raised`; raises Refused."""

    def acknowledge(self, alarm: int, author: str, comment: str) -> None:
        """Raise Refused when there is no such alarm, or nothing to acknowledge."""

    def acknowledge_seen(
        self, seen: Mapping[int, Severity], author: str, comment: str
    ) -> Mapping[int, str]:
        """Acknowledge each that waits and is no graver than it was seen; why each other is left."""

    def note(self, alarm: int, author: str, words: str) -> None:
        """Raise Refused when there is no such alarm."""

    def shelve(self, alarm: int, author: str, reason: str, for_s: float) -> None:
        """Shelve for `for_s` seconds, 0 un-shelves; raises Refused."""

    def limits(self) -> LimitSet:
        """Those that hold."""

    def context(self, vehicle: str) -> str:
        """Flight context of a vehicle (ground/monitor/limit_set.py)."""

    def set_limits(self, limits: LimitSet, author: str, reason: str) -> None:
        """Other limits hold from now on."""

    def enter(self, vehicle: str, context: str, author: str) -> None:
        """A vehicle comes into another flight context."""

    def inspect(self, inspection: Inspection) -> None:
        """Log what a person saw; raises Refused."""

    def commands(self, limit: int) -> Sequence[Request]:
        """The newest `limit` commands that people asked for, newest first."""

    def command(self, number: int) -> Request:
        """One of them; raises Refused."""

    def order(
        self,
        unit: UnitKey,
        name: str,
        given: Mapping[str, Any],
        author: str,
        expires_s: float,
        request_id: str = "",
    ) -> Request:
        """Ask for a command; raises Refused, or CommandError for what the dictionary forbids.

        The same `request_id` of the same author again gives the command that there is.
        """

    def confirm(self, number: int, author: str, typed: str, operators: int) -> Request:
        """Confirm a hazardous one; `operators` is how many people may. Raises Refused."""

    def cancel(self, number: int, author: str) -> Request:
        """Take one back that was not sent; raises Refused."""

    def gauges(self) -> Gauges:
        """Counters of links, archive and queues."""

    def subscribe(
        self, listener: Callable[[Sequence[Sample], Iterable[str]], None]
    ) -> Callable[[], None]:
        """Call `listener` after each commit with new housekeeping and topics; gives what ends it.

        The topics are named that have changed.
        """
