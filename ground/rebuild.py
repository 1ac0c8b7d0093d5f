"""What a ground station knows, from its archive: the fold over packets and journal."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import groupby
from typing import Any, Protocol

import numpy as np

from ground.alarms.book import AlarmRefusedError
from ground.archive.archive import SCHEMA, Archive
from ground.archive.entries import JournalRow, StoredPacket, StoredRun
from ground.archive.layouts import bodies
from ground.archive.rollup import ROLLED
from ground.clock import whole_seconds
from ground.fleet import Fleet
from ground.model import PacketId
from ground.receive.run import SHORTEST, Run, like
from ground.retention.record import damaged, dropped_through, of_others
from ground.retention.rooms import GraphError, OtherClassesError
from ground.retention.state import Remembering, restore
from ground.stream.intake import Identified, IdentifiedRun
from protocol.schema.decode import Bodies, DecodeError, decode

Entry = StoredRun | JournalRow


class Source(Protocol):
    """Where what is folded comes from: an archive, or evidence taken out of one."""

    def unreadable(self, packet: StoredPacket) -> None:
        """This packet could not be read."""


Passed = Callable[[int, int], None]
"""Gets the number of the last entry that was folded, and the bytes of packets since the one before.

Between two calls the station knows just what stands up to that number.
"""


class Foldable(Remembering, Protocol):
    """A station (ground/station.py), as far as its archive is folded through it."""

    recording: bool
    deciding: bool

    def begin(self, now_us: int) -> None:
        """A run begins, with a clock of its own."""

    def advance(self, time_us: int) -> None:
        """Let time pass."""

    def act(self, kind: str, author: str, data: dict[str, Any]) -> None:
        """Do what a journal entry does."""

    def accept(self, identified: Identified) -> None:
        """Take in a packet."""

    def accept_all(self, items: Sequence[Identified | IdentifiedRun]) -> None:
        """Take in packets that came together."""

    def misread(self, packet: PacketId, error: Exception) -> None:
        """Tell that a packet cannot be read."""

    def resume(self) -> None:
        """Record from here on."""


def rebuild(station: Foldable, passed: Passed | None = None) -> None:
    """Bring a new station to where the archive ends; raises DamagedArchive."""
    station.recording = False
    for _ in fold(station, station.archive, passed):
        pass
    station.resume()


def fold(station: Foldable, archive: Archive, passed: Passed | None = None) -> Iterator[int]:
    """Run what an archive holds through a station; raises DamagedArchive.

    Where retention has dropped something it begins with what was known then.
    Gives each ground time (µs) before what happens then: every whole second and every entry. So
    whoever iterates sets the pace and nothing else.
    """
    station.deciding = False
    after = begin(station, archive)
    schemas: dict[int, Bodies] = {}
    for group in moments(archive.runs(after)):
        if not schemas:  # only now: a ground station may have begun to write here meanwhile
            schemas = {key: bodies(d) for key, d in archive.dictionaries().items()}
        yield from step(station, archive, group, schemas)
        if passed:
            passed(_last(group[-1]), sum(map(_octets, group)))


def begin(station: Remembering, archive: Archive) -> int:
    """Give a new station what was known where the archive begins; returns the last entry of that.

    Raises ForeignArchive or DamagedArchive.
    """
    dropped = dropped_through(archive)
    if dropped is None:
        return 0
    try:
        restore(station, dropped.state)
    except OtherClassesError as error:
        raise of_others(archive, str(error)) from None
    except GraphError as error:
        raise damaged(archive, str(error)) from None
    return dropped.seq


def moments(entries: Iterable[Entry]) -> Iterator[list[Entry]]:
    """What was taken in together, and each entry of the journal: one turn of the fold each."""
    for _, group in groupby(entries, _moment):
        yield list(group)


def step(
    station: Foldable, source: Source, group: Sequence[Entry], schemas: dict[int, Bodies]
) -> Iterator[int]:
    """One turn; gives what `fold` gives."""
    entry = group[0]
    time_us = entry.time_us if isinstance(entry, JournalRow) else entry.taken_us
    if isinstance(entry, JournalRow) and entry.kind == "start":
        yield time_us
        station.begin(time_us)
    for second_us in whole_seconds(station.now_us, time_us):
        yield second_us
        station.advance(second_us)
    yield time_us
    station.advance(time_us)
    if isinstance(entry, StoredRun):
        _take(station, source, group, schemas)
    elif entry.kind != "alarm":  # of a transition only its time counts
        with suppress(AlarmRefusedError):  # who watches a replay has dealt with it
            station.act(entry.kind, entry.author, entry.data)


def _last(entry: Entry) -> int:
    return entry.seq if isinstance(entry, JournalRow) else int(entry.block.ident["seq"][-1])


def _octets(entry: Entry) -> int:
    return 0 if isinstance(entry, JournalRow) else len(entry.block.data)


def _moment(entry: Entry) -> tuple[int, int]:
    """Packets that were taken in together have one, each entry of the journal its own."""
    return (entry.seq, 0) if isinstance(entry, JournalRow) else (-1, entry.taken_us)


def _take(
    station: Foldable,
    source: Source,
    stored: Iterable[Entry],
    schemas: dict[int, Bodies],
) -> None:
    """Like packets together where they are whole and of our schema, as when they came."""
    items: list[Identified | IdentifiedRun] = []
    for one in stored:
        assert isinstance(one, StoredRun)
        run = _run(one)
        if run is not None:
            items.append(IdentifiedRun(one.unit, one.link, run, one.received_us))
            continue
        for packet in one.packets():
            try:
                decoded = decode(packet.data, schemas[packet.schema])
            except (DecodeError, KeyError) as error:
                station.accept_all(items)
                items = []
                source.unreadable(packet)
                station.misread(PacketId(*packet.unit, packet.boot, packet.record), error)
            else:
                items.append(Identified(one.unit, one.link, decoded, one.received_us))
    station.accept_all(items)


def _run(stored: StoredRun) -> Run | None:
    """Its packets as one where all of them are whole, and where that is worth it."""
    block = stored.block
    few = len(block.ident) < SHORTEST and block.kind.name != ROLLED
    if few or stored.schema != SCHEMA:
        return None
    rows = np.frombuffer(block.data, np.uint8).reshape(len(block.ident), -1)
    found = like(rows)
    return found[0] if found is not None and found[1].all() else None


def stored_fleet(archive: Archive) -> Fleet:
    """The fleet that the archive was made for; empty when nobody gave one."""
    text = archive.meta("fleet")
    return Fleet.from_dict(json.loads(text)) if text else Fleet()


def stored_speed(archive: Archive) -> float | None:
    """How fast the units were said to run against the ground's clock; None in a new archive."""
    text = archive.meta("speed")
    return float(text) if text else None
