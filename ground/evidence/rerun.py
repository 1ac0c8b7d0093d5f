"""Runs a case through the station's own pipeline, and tells which alarm it reaches."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, Final

import numpy as np

from ground.alarms.book import Transition
from ground.archive.archive import Archive
from ground.archive.block import HOUR_US, IDENT, Block, Kind
from ground.archive.entries import JournalRow, StoredPacket, StoredRun
from ground.archive.layouts import bodies
from ground.evidence.case import Act, Case
from ground.evidence.fields import alarm_fields, differences
from ground.fleet import Fleet
from ground.model import Alarm
from ground.rebuild import Entry, moments, step
from ground.station import Station
from ground.verdict.assessor import Assessor
from protocol.schema.timescale import iso

Tell = Callable[[str, float, float], None]
"""(words, done, total), as tools.cli.progress has it."""
_SINGLY: Final = ""
"""A run without a name is taken in packet by packet."""


class _Unreadable:
    """Where packets come from that stand in no archive."""

    def unreadable(self, _: StoredPacket) -> None:
        """The station raises its alarm; nothing is to be replaced."""


def reach(case: Case, tell: Tell = lambda *_: None) -> Alarm | None:
    """The alarm of the case as the pipeline reaches it from the case's items; None: it does not."""
    station = _station(case)
    for _ in _run_again(station, case, tell):
        pass
    station.advance(case.end_us)
    return _alarm(station, case)


def cut(case: Case, expected: dict[str, Any], tell: Tell = lambda *_: None) -> bool:
    """Shorten a case to where its alarm is as expected for the first time; False: it never is."""
    station = _station(case)
    for done in _run_again(station, case, tell):
        if "alarms" not in station.assessor.changed:
            continue
        station.assessor.changed.discard("alarms")
        alarm = _alarm(station, case)
        if alarm is not None and not differences(expected, alarm_fields(alarm)):
            case.items, case.end_us = case.items[:done], station.now_us
            case.about["end"] = iso(case.end_us)
            return True
    return False


def _run_again(station: Station, case: Case, tell: Tell) -> Iterator[int]:
    """Take the items in; gives how many are in whenever time has passed or something was."""
    schemas = {key: bodies(d) for key, d in case.dictionaries.items()}
    acts = {item.row.seq: item for item in case.items if isinstance(item, Act)}
    done, total = 0, len(case.items)
    groups = moments(_entries(case))
    first = next(groups, None)
    if first is not None and not _is_start(first[0]):
        station.now_us = _time_us(first[0])
        station.act("start", "evidence", {})
    for group in _chain(first, groups):
        before, done = done, done + len(group)
        tell("run again", done, total)
        turn: list[Entry] = group
        if isinstance(group[0], JournalRow) and (named := acts[group[0].seq].alarm):
            number = _number(station, named)
            if number is None:
                continue  # of an alarm that began before the case
            turn = [replace(group[0], data=group[0].data | {"alarm": number})]
        for _ in step(station, _Unreadable(), turn, schemas):
            yield before
        yield done


def _alarm(station: Station, case: Case) -> Alarm | None:
    wanted = (case.alarm["key"], case.alarm["raised_us"])
    number = _number(station, wanted)
    return next((a for a in station.assessor.alarms if a.id == number), None)


def unrecorded(fleet: Fleet, speed: float, assess: Callable[..., Assessor]) -> Station:
    """A station that writes nothing down and decides nothing: all of it stands in the items."""
    station = Station(Archive(), fleet, assess, speed=speed)
    station.recording = station.deciding = False
    return station


def _station(case: Case) -> Station:
    def assess(fleet: Fleet, on_transition: Callable[[Transition], None]) -> Assessor:
        return Assessor(fleet, on_transition, case.limits)

    station = unrecorded(case.fleet, case.speed, assess)
    for vehicle, context in case.contexts.items():
        station.assessor.enter(vehicle, context)
    return station


def _entries(case: Case) -> Iterator[Entry]:
    for item in case.items:
        yield item.row if isinstance(item, Act) else _run(item)


def _run(packet: StoredPacket) -> StoredRun:
    hour = packet.received_us // HOUR_US
    kind = Kind(0, packet.boot, _SINGLY, packet.link, packet.schema, hour)
    ident = np.zeros(1, IDENT)
    ident["seq"], ident["record"] = packet.seq, packet.record
    ident["received_us"], ident["taken_us"] = packet.received_us, packet.taken_us
    block = Block(kind, ident, packet.data)
    return StoredRun(
        packet.unit, packet.link, packet.received_us, packet.taken_us, packet.schema, block
    )


def _chain(first: list[Entry] | None, rest: Iterator[list[Entry]]) -> Iterator[list[Entry]]:
    if first is not None:
        yield first
        yield from rest


def _is_start(entry: Entry) -> bool:
    return isinstance(entry, JournalRow) and entry.kind == "start"


def _time_us(entry: Entry) -> int:
    return entry.time_us if isinstance(entry, JournalRow) else entry.taken_us


def _number(station: Station, named: tuple[str, int]) -> int | None:
    for alarm in station.assessor.alarms:
        if (alarm.key, alarm.raised_us) == named:
            return alarm.id
    return None
