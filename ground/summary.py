"""The report of a whole station: its assessment over its archive."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from ground.archive.apart import apart
from ground.archive.archive import Archive
from ground.assessing import Assessing
from ground.model import Alarm, Finding, Impact, Leak, UnitKey, VehicleStatus
from ground.report import report
from ground.retention.record import told
from ground.station import Station
from ground.stream.completeness import as_rows, latest, total
from ground.stream.correlation import Correlation
from ground.stream.unit import UnitStream
from protocol.schema.timescale import iso

SCENARIO: Final = "scenario"
"""Where an archive keeps the name of the scenario that it was made with."""
UNITS: Final = "units"


def summary(station: Station) -> dict[str, Any]:
    """The report; packets and digest are those of a telemetry.bin of all that is on disk."""
    return _over(_shown(station.assessor), units(station), station.archive)


def summary_later(station: Station) -> Callable[[], dict[str, Any]]:
    """The same for another thread: what was concluded until now is taken at once."""
    shown, streams = _shown(station.assessor), units(station)
    return apart(station.archive, lambda archive: _over(shown, streams, archive))


@dataclass(frozen=True, slots=True)
class _Shown:
    """What an assessor had concluded; nobody changes it."""

    impacts: Sequence[Impact]
    leaks: Sequence[Leak]
    findings: Sequence[Finding]
    alarms: Sequence[Alarm]
    vehicles: Sequence[VehicleStatus]


def _shown(assessor: Assessing) -> _Shown:
    return _Shown(
        list(assessor.impacts),
        list(assessor.leaks),
        list(assessor.findings),
        list(assessor.alarms),
        list(assessor.vehicles),
    )


def _over(shown: _Shown, streams: list[dict[str, Any]], archive: Archive) -> dict[str, Any]:
    digest, packets = sha256(), 0
    for packet in archive.telemetry():
        digest.update(packet)
        packets += 1
    made = report(
        shown, scenario=archive.meta(SCENARIO), packets=packets, sha256=digest.hexdigest()
    )
    made[UNITS] = streams
    if drops := told(archive):
        made["dropped_by_retention"] = drops
    return made


def units(station: Station) -> list[dict[str, Any]]:
    """Of each unit, what is here of its telemetry by hour."""
    return [_unit(key, stream) for key, stream in sorted(station.streams.items())]


def _clock(fit: Correlation | None) -> dict[str, float | None] | None:
    """How the onboard clock stands to UTC; None: no packet came live."""
    if fit is None:
        return None
    values = (fit.offset_s, fit.accuracy_s, fit.drift_ppm, fit.drift_accuracy_ppm)
    names = ("offset_s", "accuracy_s", "drift_ppm", "drift_accuracy_ppm")
    return {n: None if v is None else round(v, 6) for n, v in zip(names, values, strict=True)}


def _unit(key: UnitKey, stream: UnitStream) -> dict[str, Any]:
    hours = latest(stream)
    return {
        "vehicle": key.vehicle,
        "window": key.unit,
        "clock": _clock(stream.correlation),
        "records": total(hours),
        "hours": as_rows(hours, "hour", iso),
    }
