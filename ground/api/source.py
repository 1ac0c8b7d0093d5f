"""What the API asks of the ground station: one protocol, so that tests can play the ground.

All of it is called in the event loop's thread. Times are µs since 1970, UTC.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

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


@dataclass(frozen=True, slots=True)
class LinkState:
    """A link in words for people."""

    name: str
    state: str
    words: str


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
    lost: int = 0
    refilling: bool = False
    packets: int = 0
    offset_s: float | None = None
    accuracy_s: float | None = None


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


class Refused(Exception):  # noqa: N818 (an answer, not a failure)
    """The ground will not do this; `status` is the HTTP status, the words say why."""

    def __init__(self, words: str, status: int = 409) -> None:
        super().__init__(words)
        self.status = status


class Ground(Protocol):
    """The ground station as its operators see it."""

    def health(self) -> Health:
        """The station itself."""

    def fleet(self) -> Fleet:
        """The vehicles, with those that nobody configured but that were heard."""

    def units(self) -> Sequence[UnitState]:
        """Every unit that was configured or heard."""

    def latest(self, unit: UnitKey) -> Mapping[str, Value]:
        """Newest housekeeping values by parameter; empty before the first."""

    def history(
        self, unit: UnitKey, parameter: str, start_us: int, end_us: int
    ) -> Sequence[tuple[int, float]]:
        """All (onboard time, engineering value) from start to end, in order of time."""

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

    def inspections(self) -> Sequence[Inspection]:
        """In order of time."""

    def journal(self, limit: int) -> Sequence[JournalEntry]:
        """The newest `limit` entries, newest first."""

    def report(self) -> Mapping[str, Any]:
        """The report of `panewatch report`."""

    def acknowledge(self, alarm: int, author: str, comment: str) -> None:
        """Raise Refused when there is no such alarm, or nothing to acknowledge."""

    def shelve(self, alarm: int, author: str, reason: str, for_s: float) -> None:
        """Shelve for `for_s` seconds, 0 un-shelves; raises Refused."""

    def inspect(self, inspection: Inspection) -> None:
        """Log what a person saw; raises Refused."""

    def subscribe(self, listener: Callable[[Sequence[Sample]], None]) -> Callable[[], None]:
        """Call `listener` after each commit; returns what ends that."""
