"""What a ground station knows, from its archive: the fold over packets and journal."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, Protocol

from ground.alarms.book import AlarmRefusedError
from ground.archive.archive import Archive, JournalRow
from ground.archive.layouts import bodies
from ground.clock import whole_seconds
from ground.fleet import Fleet
from ground.model import PacketId
from ground.stream.intake import Identified
from protocol.schema.decode import DecodeError, decode


class Foldable(Protocol):
    """A station (ground/station.py), as far as its archive is folded through it."""

    archive: Archive
    recording: bool
    deciding: bool
    now_us: int

    def advance(self, time_us: int) -> None:
        """Let time pass."""

    def act(self, kind: str, author: str, data: dict[str, Any]) -> None:
        """Do what a journal entry does."""

    def accept(self, identified: Identified) -> None:
        """Take in a packet."""

    def misread(self, packet: PacketId, error: Exception) -> None:
        """Tell that a packet cannot be read."""

    def resume(self) -> None:
        """Record from here on."""


def rebuild(station: Foldable) -> None:
    """Bring a new station to where the archive ends; raises DamagedArchive."""
    station.recording = False
    for _ in fold(station, station.archive):
        pass
    station.resume()


def fold(station: Foldable, archive: Archive) -> Iterator[int]:
    """Run what an archive holds through a station; raises DamagedArchive.

    Gives each ground time (µs) before what happens then: every whole second and every entry. So
    whoever iterates sets the pace and nothing else.
    """
    station.deciding = False
    schemas = {key: bodies(d) for key, d in archive.dictionaries().items()}
    for entry in archive.entries():
        time_us = entry.time_us if isinstance(entry, JournalRow) else entry.taken_us
        if isinstance(entry, JournalRow) and entry.kind == "start":
            yield time_us
            station.now_us = time_us
        for second_us in whole_seconds(station.now_us, time_us):
            yield second_us
            station.advance(second_us)
        yield time_us
        station.advance(time_us)
        if not isinstance(entry, JournalRow):
            try:
                decoded = decode(entry.data, schemas[entry.schema])
            except (DecodeError, KeyError) as error:
                station.misread(PacketId(*entry.unit, entry.boot, entry.record), error)
            else:
                station.accept(Identified(entry.unit, entry.link, decoded, entry.received_us))
        elif entry.kind != "alarm":  # of a transition only its time counts
            with suppress(AlarmRefusedError):  # who watches a replay has dealt with it
                station.act(entry.kind, entry.author, entry.data)


def stored_fleet(archive: Archive) -> Fleet:
    """The fleet that the archive was made for; empty when nobody gave one."""
    text = archive.meta("fleet")
    return Fleet.from_dict(json.loads(text)) if text else Fleet()


def stored_speed(archive: Archive) -> float | None:
    """How fast the units were said to run against the ground's clock; None in a new archive."""
    text = archive.meta("speed")
    return float(text) if text else None
