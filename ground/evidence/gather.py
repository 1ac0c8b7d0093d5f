"""Takes out of an archive what one alarm rests on: as little as reaches the identical alarm.

Nobody says by rule how far back an alarm reaches: a trend, a time correlation, an association, the
return status of weeks. So ever longer parts of the archive are run again until the alarm comes out
as it was, field by field; the whole archive reaches it for certain.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from struct import error as StructError  # noqa: N812 (a class)
from typing import Any, Final

from ground.archive.archive import Archive
from ground.archive.errors import folding
from ground.evidence.bundle import write
from ground.evidence.case import Case
from ground.evidence.course import NOW, Course, course_of
from ground.evidence.errors import EvidenceError
from ground.evidence.fields import alarm_fields, differences
from ground.evidence.part import part
from ground.evidence.raw import without_raw
from ground.evidence.rerun import Tell, cut, reach
from ground.model import Chunk, UnitKey
from ground.retention.record import pruned_us
from protocol.schema.timescale import iso

BEFORE_S: Final = (900, 7200, 86_400)
"""Parts of the archive before the alarm rose, in s: windows of association and trends, two hours, a
day; after them all of it."""
FRAME_US: Final = 10_000_000
"""A frame's first bytes came at most so long before its last."""
_WRONG: Final = (LookupError, ValueError, TypeError, AttributeError, ArithmeticError, StructError)
"""What acts raise whose subject lies before the part."""


def gather(archive: Archive, number: int, when: str = NOW, tell: Tell = lambda *_: None) -> Case:
    """The case of an alarm; raises NoSuchAlarmError, EvidenceError, DamagedArchive."""
    with archive.still():
        course = course_of(archive, number, when, tell)
        expected = alarm_fields(course.alarm)
        for before_s, alone in _parts(course):
            case = part(archive, course, before_s, alone=alone)
            if case is not None and _reaches(case, course, expected, tell):
                case.raw = _raw(archive, case)
                lacking = len(without_raw(case.packets(), case.raw))
                case.about["packets_without_raw"] = lacking
                return case
    raise EvidenceError(_refusal(archive, number))


def bundle_of(path: Path, number: int, when: str = NOW, tell: Tell = lambda *_: None) -> bytes:
    """The bundle of an alarm in the archive at a path.

    Raises NoSuchAlarmError, EvidenceError, ArchiveError.
    """
    with (
        folding(path),
        closing(Archive(path, write=False)) as archive,
        folding(path),  # before it is closed, whatever was read halfway is let go
    ):
        return write(gather(archive, number, when, tell))


def _parts(course: Course) -> Iterator[tuple[int | None, bool]]:
    """(seconds before the alarm, None: all; only its vehicle) from small to large."""
    alone = course.alarm.vehicle != ""
    for before_s in (*BEFORE_S, None):
        yield before_s, alone
    if alone:
        yield None, False


def _refusal(archive: Archive, number: int) -> str:
    words = f"alarm {number} is not reached again from this archive"
    until_us = pruned_us(archive)
    if until_us is None:
        return f"{words}: it is damaged, or data that the alarm rests on was removed"
    return (
        f"{words}: retention has dropped part of what came until {iso(until_us)}, and what it left "
        "of that does not lead to the alarm as it stands; take its evidence from a backup made "
        "before"
    )


def _reaches(case: Case, course: Course, expected: dict[str, Any], tell: Tell) -> bool:
    """True when the case leads to the alarm; cut to there where nobody knows how long it takes.

    After what was kept for an alarm there may be a hole, in which a unit seems to be silent.
    """
    try:
        if course.at_begin:
            return cut(case, expected, tell)
        alarm = reach(case, tell)
    except _WRONG:
        return False
    return alarm is not None and not differences(expected, alarm_fields(alarm))


def _raw(archive: Archive, case: Case) -> list[Chunk]:
    """The bytes that hold the packets of a case; of a serial line also what came just before.

    Where a frame begins only its bytes tell.
    """
    units: set[UnitKey | None] = {None}
    came: dict[str, list[int]] = {}
    for packet in case.packets():
        units.add(packet.unit)
        came.setdefault(packet.link, []).append(packet.received_us)
    for times in came.values():
        times.sort()

    def holds(chunk: Chunk) -> bool:
        times = came.get(chunk.link)
        if times is None or chunk.unit not in units:
            return False
        at = bisect_left(times, chunk.received_us)
        reach_us = FRAME_US if chunk.framed else 0
        return at < len(times) and times[at] <= chunk.received_us + reach_us

    return [chunk for chunk in archive.raw() if holds(chunk)]
