"""The report of a whole station: its assessment over its archive."""

from __future__ import annotations

from hashlib import sha256
from typing import Any, Final

from ground.report import report
from ground.station import Station

SCENARIO: Final = "scenario"
"""Where an archive keeps the name of the scenario that it was made with."""


def summary(station: Station) -> dict[str, Any]:
    """The report; packets and digest are those of a telemetry.bin of all that is on disk."""
    digest, packets = sha256(), 0
    for packet in station.archive.telemetry():
        digest.update(packet)
        packets += 1
    return report(
        station.assessor,
        scenario=station.archive.meta(SCENARIO),
        packets=packets,
        sha256=digest.hexdigest(),
    )
