"""A part of an archive as a case: what a vehicle sent, what people did, what held before it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from ground.archive.archive import SCHEMA, Archive
from ground.archive.entries import JournalRow, StoredPacket, StoredRun
from ground.evidence.case import KINDS, MARK, OF_ALARM, Act, Case, Item
from ground.evidence.course import Course
from ground.evidence.fields import alarm_fields
from ground.model import UnitKey
from ground.monitor.limit_set import DEFAULT, LimitSet
from ground.rebuild import stored_fleet, stored_speed
from ground.software import software
from ground.summary import SCENARIO
from protocol.schema.timescale import iso

SECOND_US: Final = 1_000_000
MARK_US: Final = 1800 * SECOND_US
"""Where nothing is taken out for so long, something says that time went on."""
BOOT: Final = "boot"
"""Its packet tells what a unit's front end gives: the newest one before the part goes with it."""


@dataclass(slots=True)
class _Held:
    """What held before a part of the archive."""

    limits: LimitSet = DEFAULT
    contexts: dict[str, str] = field(default_factory=dict)
    boots: dict[UnitKey, StoredPacket] = field(default_factory=dict)

    def take(self, entry: StoredRun | JournalRow, vehicle: str | None) -> None:
        """Go on by one entry."""
        if isinstance(entry, StoredRun):
            if entry.block.kind.name == BOOT and vehicle in (None, entry.unit.vehicle):
                self.boots[entry.unit] = list(entry.packets())[-1]
        elif entry.kind == "limits":
            self.limits = LimitSet.from_dict(entry.data["limits"])
        elif entry.kind == "context":
            self.contexts[entry.data["vehicle"]] = entry.data["context"]


def part(archive: Archive, course: Course, before_s: int | None, *, alone: bool) -> Case | None:
    """From so many seconds before the alarm rose to its last change; None: from the begin on.

    `alone`: without other vehicles. None where the archive begins later than such a part.
    """
    begin_us = 0 if before_s is None else course.alarm.raised_us - before_s * SECOND_US
    vehicle = course.alarm.vehicle if alone else None
    held, items = _Held(), list[Item]()
    begun_us = last_us = 0
    before = False
    for entry in _up_to(archive, course.last_seq):
        time_us = _time_us(entry)
        if not begun_us and time_us < begin_us:
            before = True
            held.take(entry, vehicle)
            continue
        if not begun_us:
            if before_s is not None and not before:
                return None
            begun_us = last_us = time_us
            items += held.boots.values()
        taken = list(_taken(entry, course, vehicle))
        if not taken and time_us - last_us > MARK_US:
            taken = [Act(_mark(_first(entry), time_us))]
        if taken:
            last_us = time_us
            items += taken
    schemas = {i.schema for i in items if isinstance(i, StoredPacket)} | {SCHEMA}
    limits_version, raised_with = _at_rising(archive, course)
    return Case(
        alarm=alarm_fields(course.alarm),
        end_us=course.end_us,
        fleet=stored_fleet(archive),
        speed=stored_speed(archive) or 1.0,
        limits=held.limits,
        contexts=held.contexts,
        items=items,
        raw=[],
        dictionaries={k: d for k, d in archive.dictionaries().items() if k in schemas},
        schema=SCHEMA,
        software=software(),
        raised_with=raised_with,
        about={
            "alarm": course.alarm.id,
            "begin": iso(begun_us),
            "end": iso(course.end_us),
            "vehicles": "all" if vehicle is None else vehicle,
            "limits_version": limits_version,
            "scenario": archive.meta(SCENARIO),
        },
    )


def _at_rising(archive: Archive, course: Course) -> tuple[str, dict[str, str]]:
    """Version of the limits in force, and software that ran, when the alarm rose."""
    version, ran = DEFAULT.version, dict[str, str]()
    for row in archive.journal():
        if row.seq > course.last_seq or row.time_us > course.alarm.raised_us:
            break
        if row.kind == "limits":
            version = LimitSet.from_dict(row.data["limits"]).version
        elif row.kind == "start":
            ran = {str(k): str(v) for k, v in row.data.get("software", {}).items()}
    return version, ran


def _up_to(archive: Archive, last_seq: int) -> Iterator[StoredRun | JournalRow]:
    for entry in archive.runs():
        if _first(entry) > last_seq:
            return
        yield entry


def _taken(entry: StoredRun | JournalRow, course: Course, vehicle: str | None) -> Iterator[Item]:
    """What of an entry goes into a case."""
    if isinstance(entry, StoredRun):
        if vehicle in (None, entry.unit.vehicle):
            yield from (p for p in entry.packets() if p.seq <= course.last_seq)
    elif entry.kind in OF_ALARM:
        named = course.known.get(entry.data["alarm"])
        if named is not None and vehicle in (None, named.vehicle):
            yield Act(entry, (named.key, named.raised_us))
        else:
            yield Act(_mark(entry.seq, entry.time_us))
    elif entry.kind in KINDS and _concerns(entry, vehicle):
        yield Act(entry)
    else:
        yield Act(_mark(entry.seq, entry.time_us))


def _concerns(entry: JournalRow, vehicle: str | None) -> bool:
    unit = entry.data.get("unit")
    return vehicle is None or not isinstance(unit, list) or unit[0] == vehicle


def _mark(seq: int, time_us: int) -> JournalRow:
    return JournalRow(seq, time_us, "ground", MARK, {})


def _first(entry: StoredRun | JournalRow) -> int:
    return entry.seq if isinstance(entry, JournalRow) else int(entry.block.ident["seq"][0])


def _time_us(entry: StoredRun | JournalRow) -> int:
    return entry.time_us if isinstance(entry, JournalRow) else entry.taken_us
