"""The course of one alarm: the whole archive through the pipeline, and when the alarm changed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from ground.archive.archive import Archive
from ground.archive.entries import JournalRow
from ground.archive.layouts import bodies
from ground.evidence.errors import EvidenceError, NoSuchAlarmError
from ground.evidence.rerun import Tell, unrecorded
from ground.model import Alarm
from ground.rebuild import Entry, begin, moments, step, stored_fleet, stored_speed
from ground.station import Station
from ground.verdict.assessor import Assessor

RAISED, NOW = "raised", "now"
WHEN: Final = (NOW, RAISED)
"""An alarm as it is now, with all that became of it, or as it rose."""


@dataclass(slots=True)
class Course:
    """What the fold showed of an alarm."""

    alarm: Alarm
    last_seq: int
    """The archive's entries up to here led to it as it is."""
    end_us: int
    """Ground time at which it became so."""
    at_begin: bool = False
    """It was so where retention has dropped what was before: when it became so is not known."""
    known: dict[int, Alarm] = field(default_factory=dict)
    """Every alarm by its number."""


def course_of(archive: Archive, number: int, when: str, tell: Tell) -> Course:
    """Fold an archive and watch one alarm.

    Raises NoSuchAlarmError, EvidenceError, DamagedArchive.
    """
    station = unrecorded(stored_fleet(archive), stored_speed(archive) or 1.0, Assessor)
    schemas = {key: bodies(d) for key, d in archive.dictionaries().items()}
    done = begin(station, archive)
    station.assessor.changed.add("alarms")  # those that were known there
    found = _look(station, number, None, done, when)
    if found:
        found.at_begin = True
    if found and when == RAISED:
        raise EvidenceError(
            f"alarm {number} rose before the time that the archive keeps: how it was then is not "
            "known any more; --at now tells it as it is"
        )
    total = archive.last_seq
    for group in moments(archive.runs(done)):
        for _ in step(station, archive, group, schemas):
            found = _look(station, number, found, done, when)
        done = _last(group)
        found = _look(station, number, found, done, when)
        tell("search", done, total)
        if found and when == RAISED:
            break
    alarms = list(station.assessor.alarms)
    if found is None:
        raise NoSuchAlarmError(number, len(alarms))
    found.known = {a.id: a for a in alarms}
    return found


def _look(
    station: Station, number: int, before: Course | None, seq: int, when: str
) -> Course | None:
    """The course when the alarm is another one than before; cheap while no alarm changes."""
    changed = station.assessor.changed
    if "alarms" not in changed or (before is not None and when == RAISED):
        return before
    changed.discard("alarms")
    now = next((a for a in station.assessor.alarms if a.id == number), None)
    if now is None or (before is not None and before.alarm == now):
        return before
    return Course(now, seq, station.now_us)


def _last(group: list[Entry]) -> int:
    entry = group[-1]
    return entry.seq if isinstance(entry, JournalRow) else int(entry.block.ident["seq"][-1])
