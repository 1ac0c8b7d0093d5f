"""Which onboard times of which unit retention has dropped, for whoever asks for a history there."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Final

from ground.archive.archive import Archive
from ground.model import UnitKey
from ground.retention.evidence import Span
from ground.retention.record import pruned_us

_META: Final = "dropped"


def dropped_times(archive: Archive, unit: UnitKey, start_us: int, end_us: int) -> list[Span]:
    """Within start … end (µs UTC, both included), disjoint and in order, to a block.

    In an archive that a version without this has pruned: all until then.
    """
    spans = _noted(archive)
    known = spans.get(unit, []) if spans is not None else _before(archive)
    clipped = [(max(first, start_us), min(last, end_us)) for first, last in known]
    return [(first, last) for first, last in clipped if first <= last]


def note_times(archive: Archive, going: Mapping[UnitKey, Iterable[tuple[Span, bool]]]) -> None:
    """Of each unit the times of its blocks, and whether they go; kept with the next commit."""
    spans = _noted(archive)
    if spans is None:
        spans = {unit: _before(archive) for unit in archive.units()}
    for unit, blocks in going.items():
        gone = [(span, True) for span in spans.get(unit, [])]
        spans[unit] = runs([*gone, *blocks])
    told = [[*unit, found] for unit, found in spans.items() if found]
    archive.set_meta(_META, json.dumps(told))


def runs(blocks: Iterable[tuple[Span, bool]]) -> list[Span]:
    """Spans that go (True) as one where none that stays lies between them."""
    made: list[Span] = []
    apart = True
    for (first, last), goes in sorted(blocks):
        if not goes:
            apart = True
        elif made and (not apart or first <= made[-1][1]):
            made[-1] = (made[-1][0], max(made[-1][1], last))
            apart = False
        else:
            made.append((first, last))
            apart = False
    return made


def _noted(archive: Archive) -> dict[UnitKey, list[Span]] | None:
    """None: nothing was dropped, or nobody noted what, or it cannot be read."""
    text = archive.meta(_META)
    with suppress(ValueError, TypeError, RecursionError):
        return {
            UnitKey(str(vehicle), str(unit)): [(int(first), int(last)) for first, last in spans]
            for vehicle, unit, spans in json.loads(text or "")
        }
    return None


def _before(archive: Archive) -> list[Span]:
    """Everything until the last drop, where there was one."""
    until_us = pruned_us(archive)
    return [] if until_us is None else [(0, until_us)]
