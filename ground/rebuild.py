"""What a ground station knows, from its archive: the fold over packets and journal."""

from __future__ import annotations

import json
from typing import Any, Protocol

from ground.archive.archive import Archive, JournalRow
from ground.archive.layouts import bodies
from ground.fleet import Fleet
from ground.stream.intake import Identified
from protocol.schema.decode import decode


class Foldable(Protocol):
    """A station (ground/station.py), as far as its archive is folded through it."""

    archive: Archive
    recording: bool
    now_us: int

    def advance(self, time_us: int) -> None:
        """Let time pass."""

    def act(self, kind: str, author: str, data: dict[str, Any]) -> None:
        """Do what a journal entry does."""

    def accept(self, identified: Identified) -> None:
        """Take in a packet."""

    def resume(self) -> None:
        """Record from here on."""


def rebuild(station: Foldable) -> None:
    """Bring a new station to where the archive ends; raises DamagedArchive."""
    schemas = {key: bodies(d) for key, d in station.archive.dictionaries().items()}
    station.recording = False
    for entry in station.archive.entries():
        if isinstance(entry, JournalRow):
            if entry.kind == "start":
                station.now_us = entry.time_us
            station.advance(entry.time_us)
            station.act(entry.kind, entry.author, entry.data)
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
