# ruff: noqa: D102 (their words stand in the class that flies)
"""What the station asks of the assessment (ground/verdict/assessor.py is the one that flies)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from ground.model import (
    Alarm,
    Finding,
    Hole,
    Impact,
    Inspection,
    Leak,
    Packet,
    UnitKey,
    VehicleStatus,
)
from protocol.schema.severity import Severity


class Assessing(Protocol):
    """A deterministic fold: its state follows from the calls and their order alone."""

    changed: set[str]
    """Names of what changed, e.g. "alarms"; whoever reads it empties it."""

    def packet(self, p: Packet) -> None: ...
    def inspection(self, i: Inspection) -> None: ...
    def silence(self, unit: UnitKey, since_us: int | None) -> None: ...
    def holes(self, unit: UnitKey, holes: tuple[Hole, ...]) -> None: ...
    def tick(self, now_us: int) -> None: ...
    def acknowledge(self, alarm_id: int, author: str, comment: str, now_us: int) -> None: ...
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
    def impacts(self) -> Iterable[Impact]: ...
    @property
    def leaks(self) -> Iterable[Leak]: ...
    @property
    def findings(self) -> Iterable[Finding]: ...
    @property
    def alarms(self) -> Iterable[Alarm]: ...
    @property
    def vehicles(self) -> Iterable[VehicleStatus]: ...
    @property
    def latest(self) -> Mapping[UnitKey, Mapping[str, Any]]: ...
