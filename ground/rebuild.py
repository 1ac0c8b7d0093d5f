"""What a ground station knows, from its archive: the fold over packets and journal."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from ground.acts import ACTS
from ground.archive.archive import Archive, JournalRow
from ground.archive.layouts import bodies
from ground.fleet import Fleet
from ground.stream.intake import Identified
from protocol.schema.decode import decode

if TYPE_CHECKING:
    from ground.station import Station


def rebuild(station: Station) -> None:
    """Bring a new station to where the archive ends; raises DamagedArchive."""
    schemas = {key: bodies(d) for key, d in station.archive.dictionaries().items()}
    station.recording = False
    for entry in station.archive.entries():
        if isinstance(entry, JournalRow):
            if entry.kind == "start":
                station.now_us = entry.time_us
            station.advance(entry.time_us)
            ACTS[entry.kind](station, entry.author, entry.data)
        else:
            station.advance(entry.taken_us)
            decoded = decode(entry.data, schemas[entry.schema])
            station.accept(Identified(entry.unit, entry.link, decoded, entry.received_us))
    station.resume()


def stored_fleet(archive: Archive) -> Fleet:
    """The fleet that the archive was made for; empty when nobody gave one."""
    text = archive.meta("fleet")
    return Fleet.from_dict(json.loads(text)) if text else Fleet()


def stored_speed(archive: Archive) -> float | None:
    """How fast the units were said to run against the ground's clock; None in a new archive."""
    text = archive.meta("speed")
    return float(text) if text else None
