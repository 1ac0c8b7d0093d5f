# ruff: noqa: D102 (their words stand in the class that flies)
"""What the station asks of the assessment (ground/verdict/assessor.py is the one that flies)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from ground.alarms.flood import FloodState
from ground.model import (
    Alarm,
    Aside,
    Finding,
    Hole,
    Impact,
    Inspection,
    Leak,
    Packet,
    UnitKey,
    VehicleStatus,
)
from ground.monitor.limit_set import LimitSet
from ground.receive.run import Run
from protocol.schema.severity import Severity


class Assessing(Protocol):
    """A deterministic fold: its state follows from the calls and their order alone."""

    changed: set[str]
    """Names of what changed, e.g. "alarms"; whoever reads it empties it."""

    def packet(self, p: Packet) -> None: ...
    def look(self, unit: UnitKey, run: Run) -> Any:
        """With how many packets of a run, all newer than any before, nothing changes for people.

        None, or what `take` needs, with `packets`, their number. It changes nothing; `take` does,
        and what it does is to the last bit what `packet` for each of so many, or fewer, would do.
        """

    def take(self, quiet: Any, packets: int, newest: Packet) -> None: ...
    def inspection(self, i: Inspection) -> None: ...
    def limit(self, limits: LimitSet) -> None: ...
    def context(self, vehicle_id: str) -> str: ...
    def enter(self, vehicle_id: str, context: str) -> None: ...
    def silence(self, unit: UnitKey, since_us: int | None) -> None: ...
    def holes(self, unit: UnitKey, holes: tuple[Hole, ...], aside: Aside) -> None: ...
    def doubt(self, unit: UnitKey, since_us: int | None) -> None:
        """Someone else sends in a unit's name, since then; None: not any more."""

    def tick(self, now_us: int) -> None: ...
    def acknowledge(self, alarm_id: int, author: str, comment: str, now_us: int) -> None: ...
    def note(self, alarm_id: int, author: str, words: str, now_us: int) -> None: ...
    def shelve(
        self, alarm_id: int, author: str, reason: str, until_us: int | None, now_us: int
    ) -> None: ...
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
        """An alarm that the station itself raises (active) or takes back.

        A latching one tells what has happened, and stays until acknowledged.
        """

    @property
    def limits(self) -> LimitSet: ...
    @property
    def impacts(self) -> Iterable[Impact]: ...
    @property
    def leaks(self) -> Iterable[Leak]: ...
    @property
    def findings(self) -> Iterable[Finding]: ...
    @property
    def alarms(self) -> Iterable[Alarm]: ...
    @property
    def flood(self) -> FloodState: ...
    @property
    def vehicles(self) -> Iterable[VehicleStatus]: ...
    @property
    def latest(self) -> Mapping[UnitKey, Mapping[str, Any]]: ...
