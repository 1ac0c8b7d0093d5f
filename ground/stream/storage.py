"""What a unit tells of its recorder: what it keeps of which boot, what it had to drop."""

from __future__ import annotations

from typing import Final

from ground.stream.boot import Boot
from ground.stream.boots import Boots
from ground.stream.records import CLAIM_RECORDS, Records
from protocol.schema.bodies.storage import KEPT_BOOTS
from protocol.schema.decode import Decoded

DROPPED_ATTEMPTS: Final = 2
"""Unanswered requests after which records of a dropped range are lost: others there may be kept."""
DROPPED_KEPT: Final = 256
"""Dropped ranges of a boot that are still to be asked for; a recorder has fewer segments."""


def named(report: Decoded) -> dict[int, tuple[int, int]]:
    """Of each boot that a storage report names: its oldest and its newest record."""
    raw = report.raw
    found = {}
    for i in range(min(int(raw["kept_boots"]), KEPT_BOOTS)):
        number, oldest, newest = (int(raw[f"boot{i}_{x}"]) for x in ("id", "oldest", "newest"))
        found[number] = (oldest, newest)
    return found


def stored(boots: Boots, report: Decoded, onboard_us: int) -> bool:
    """Take in a live storage report, made then; True when something else is missing than before."""
    kept = named(report)
    news = False
    alone = len(boots) == 1 and not boots[boots.current].on_board
    for number, (oldest, newest) in kept.items():
        if number not in boots:
            now = boots[boots.current]
            start_us = now.first_us if alone else now.start_us
            made = Boot(Records(start_us, True), now.first_us, start_us, newest + 1 if alone else 0)
            boots.add(number, made)
        boot = boots[number]
        news |= not boot.on_board
        if oldest != boot.oldest:  # acknowledgements arrive again, or it has more
            news |= boot.records.ask_again()
        boot.on_board, boot.oldest = True, oldest
        running = number == boots.current
        end_us = onboard_us if running else boots.next_begins(number, onboard_us)
        news |= boot.records.extend(newest, end_us)
        if boot.records.absurd is None and oldest > newest + 1:
            boot.records.absurd = oldest - 1
        if boot.records.absurd is None:  # else nothing of it is believed
            news |= boot.lose(0, oldest - 1)
        if boot.acknowledged and oldest < boot.acknowledged[0]:
            boot.acknowledged = None  # the acknowledgement was lost on its way
    if int(report.raw["kept_boots"]) <= KEPT_BOOTS:
        for number, boot in boots.near.items():
            if number not in kept and number != boots.current:
                boot.on_board, boot.records.absurd = False, None
                news |= boot.lose(0, boot.records.newest)
        news |= boots.lose_aside()
    return news


def dropped(boots: Boots, report: Decoded) -> None:
    """The recorder dropped something of these records; others between may be kept."""
    number, first, last, _ = (int(value) for value in report.raw.values())
    boot = boots.get(number)
    if boot is None or (first, last) in boot.dropped or not any(boot.records.open(first, last)):
        return
    if len(boot.dropped) >= DROPPED_KEPT:
        return  # given up in the end, which is no less true
    if last - boot.records.newest > CLAIM_RECORDS:
        boot.records.absurd = last
    else:
        boot.dropped.append((first, last))


def gone(boots: Boots) -> list[tuple[int, int, int]]:
    """(boot, first, last) of dropped records that were asked for in vain."""
    for boot in boots.near.values():
        boot.dropped = [r for r in boot.dropped if any(boot.records.open(*r))]
    return [
        (number, max(gap.first, first), min(gap.last, last))
        for number, boot in boots.near.items()
        for first, last in boot.dropped
        for gap in boot.records.open(first, last)
        if gap.attempts >= DROPPED_ATTEMPTS
    ]


def reached(boot: Boot, next_counter: int) -> bool:
    """The ground commands all the time: whoever takes none is heard, but not reached.

    True when the boot takes commands again.
    """
    again = False
    if boot.next_counter is not None:
        took = next_counter != boot.next_counter
        again = took and boot.deaf
        boot.deaf = not took
    boot.next_counter = next_counter
    return again
