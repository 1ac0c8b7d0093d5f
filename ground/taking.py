"""Like packets that came together, through the whole station at once as far as they only go on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol

import numpy as np

from ground.archive.archive import Archive
from ground.assessing import Assessing
from ground.model import Packet, UnitKey
from ground.receive.run import SHORTEST, Run
from ground.stream.intake import Identified, IdentifiedRun
from ground.stream.together import goes_on, take
from ground.stream.unit import UnitStream
from protocol.schema.decode import decode

BETWEEN: Final = ("time", "storage", "boot")
"""What units send at their dates between housekeeping; the assessment draws nothing from it that
hangs on the housekeeping before."""
SAME: Final = ("packet_id", "pus", "boot_id")
SHOWN: Final = 8
"""Of packets that came together consoles are shown so many at once; the archive has all."""


class Taking(Protocol):
    """A station (ground/station.py), as far as packets are taken in by it."""

    archive: Archive
    streams: dict[UnitKey, UnitStream]
    assessor: Assessing
    recording: bool
    now_us: int

    def accept(self, identified: Identified) -> None:
        """Take in a packet."""

    def awaits(self, unit: UnitKey, name: str) -> bool:
        """True while each packet of this type must be looked at."""

    def show(self, packets: Sequence[Packet]) -> None:
        """Consoles may see these."""


def take_all(station: Taking, items: Sequence[Identified | IdentifiedRun]) -> None:
    """Take in what came together, in its order."""
    at = 0
    while at < len(items):
        item = items[at]
        taken = _stretch(station, items, at) if isinstance(item, IdentifiedRun) else 0
        if not taken:
            if isinstance(item, IdentifiedRun):
                take_run(station, item)
            else:
                station.accept(item)
        at += taken or 1


def take_run(station: Taking, identified: IdentifiedRun) -> None:
    """Take a run in: the same as its packets one by one, to the last bit."""
    at, count = 0, len(identified.run)
    while at < count:
        rest = identified.part(at, count)
        together = take_together(station, [rest])[1]
        if not together:
            together = min(SHORTEST, count - at)
            for one in rest.part(0, together).singly():
                station.accept(one)
        at += together


def _stretch(station: Taking, items: Sequence[Identified | IdentifiedRun], at: int) -> int:
    """Take in runs of one type with what a unit sends between them; how many items."""
    first = items[at]
    assert isinstance(first, IdentifiedRun)
    end, runs = at, 0
    boot_id = int(first.run.table["boot_id"][0])
    for item in items[at:]:
        if item.unit != first.unit or item.link != first.link:
            break
        if item.received_us != first.received_us:
            break
        if isinstance(item, IdentifiedRun):
            if not _alike(item.run, first.run):
                break
            runs += 1
        elif item.decoded.name not in BETWEEN or item.decoded.boot_id != boot_id:
            break
        end += 1
    if runs < 2:
        return 0
    items = items[at:end]
    whole, taken = take_together(station, items)
    if whole == len(items) or not taken:
        return whole
    item = items[whole]
    if isinstance(item, IdentifiedRun):
        before = sum(len(i.run) for i in items[:whole] if isinstance(i, IdentifiedRun))
        take_run(station, item.part(taken - before, len(item.run)))
        return whole + 1
    return whole


def _alike(run: Run, other: Run) -> bool:
    """Of one type, unit, time status and boot."""
    heads = [tuple(int(r.table[name][0]) for name in SAME) for r in (run, other)]
    return run.name == other.name and heads[0] == heads[1]


def take_together(station: Taking, items: Sequence[Identified | IdentifiedRun]) -> tuple[int, int]:
    """Take in runs as far as they change nothing that people see, and what stands between them.

    Returns how many items were taken in whole, and how many packets of runs.
    """
    first = items[0]
    assert isinstance(first, IdentifiedRun)
    unit, link, received_us = first.unit, first.link, first.received_us
    stream = station.streams.get(unit)
    tables = [item.run.table for item in items if isinstance(item, IdentifiedRun)]
    octets = b"".join(table.tobytes() for table in tables)
    run = Run(first.run.name, np.frombuffer(octets, tables[0].dtype))
    if (
        stream is None
        or len(run) < SHORTEST
        or not goes_on(stream, run.part(0, 1), link, received_us)
    ):
        return 0, 0
    if station.awaits(unit, run.name):
        return 0, 0
    quiet = station.assessor.look(unit, run)
    if quiet is None:
        return 0, 0
    taken = whole = 0
    newest_us = 0
    for item in items:
        if taken == quiet.packets:
            break
        if not isinstance(item, IdentifiedRun):
            station.accept(item)
            whole += 1
            continue
        part = item.run.part(0, quiet.packets - taken)
        part = part.part(0, goes_on(stream, part, link, received_us))
        if len(part):
            onboard_us = take(stream, part, link, received_us)
            if station.recording:
                station.archive.add_run(unit, link, part, (onboard_us, received_us, station.now_us))
            step = max(len(run) // SHOWN, 1)
            shown = range(-(taken + 1) % step, len(part), step)
            station.show([_packet(item, k, int(onboard_us[k])) for k in shown])
            taken, newest_us = taken + len(part), int(onboard_us[-1])
        if len(part) < len(item.run):
            break
        whole += 1
    if taken:
        newest = _packet(first._replace(run=run), taken - 1, newest_us)
        station.assessor.take(quiet, taken, newest)
    return whole, taken


def _packet(identified: IdentifiedRun, at: int, onboard_us: int) -> Packet:
    decoded = decode(identified.run.table[at].tobytes())
    return Packet(
        identified.unit, decoded, identified.link, identified.received_us, onboard_us, False
    )
