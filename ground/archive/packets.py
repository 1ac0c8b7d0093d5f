"""Reading packets: by time for histories, in the order of telemetry.bin, in that of the fold.

Histories go on around what is damaged, and tell `doubt` in words what they left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from heapq import merge
from itertools import chain
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ground.archive.block import COLUMNS, HOUR_US, Block, block_of
from ground.archive.errors import DamagedArchive
from ground.receive.checks import packet_checks

Rows = Callable[..., Iterator[tuple[Any, ...]]]
"""Runs a statement with values; what SQLite finds wrong is raised as DamagedArchive."""
Doubt = Callable[[str], None]
"""Takes what is damaged, in words."""

_ORDERED: Final = f"SELECT {COLUMNS} FROM block WHERE seq > 0 ORDER BY seq"  # noqa: S608 (constants)
_AFTER: Final = f"SELECT {COLUMNS} FROM block WHERE seq > ?1 OR last_seq > ?1 ORDER BY seq"  # noqa: S608
"""One statement, so of one moment: a ground station joins blocks meanwhile."""
_OF_HOUR: Final = f"SELECT {COLUMNS} FROM block WHERE hour = ?"  # noqa: S608
_RANGE: Final = (
    "FROM block WHERE unit = ? AND name = ? AND hour >= ? AND hour <= ?"
    " AND first_us < ? AND last_us >= ?"
)
_OF_RANGE: Final = f"SELECT seq, {COLUMNS} {_RANGE}"
_SEQS: Final = f"SELECT seq {_RANGE}"
"""By the index alone, which need not be damaged where the packets are."""
_BY_SEQ: Final = f"SELECT {COLUMNS} FROM block WHERE seq = ?"  # noqa: S608


def ordered(rows: Rows, doubt: Doubt, after: int = 0) -> Iterator[Block]:
    """Packets numbered above `after` in their blocks, by the first packet of each.

    Damaged ones too, for the fold tells those: each packet has its own CRC-16, and the fold asks
    for those anew that do not hold it.
    """
    if not after:
        return (_told(block_of(row), doubt) for row in rows(_ORDERED))
    whole = (_told(block_of(row), doubt) for row in rows(_AFTER, after))
    cut: list[Block] = []
    for block in whole:
        if _first(block) > after:
            return merge(sorted(cut, key=_first), chain([block], whole), key=_first)
        first = int(np.searchsorted(block.ident["seq"], after, "right"))
        if first < len(block.ident):
            cut.append(block.part(first, len(block.ident)))
    return iter(sorted(cut, key=_first))


def _told(block: Block, doubt: Doubt) -> Block:
    if not block.whole:
        doubt(_words(block))
    return block


def _first(block: Block) -> int:
    return int(block.ident["seq"][0])


def of_range(
    rows: Rows, unit: int, name: str, start_us: int, end_us: int, doubt: Doubt
) -> Iterator[Block]:
    """What blocks of one type hold of start ≤ onboard time < end, as far as it is not damaged."""
    hours = (start_us // HOUR_US, (end_us - 1) // HOUR_US)
    for row in _readable(rows, (unit, name, *hours, end_us, start_us)):
        block = _sound(block_of(row), doubt)
        if block is None:
            continue
        times = block.ident["onboard_us"]
        inside = (times >= start_us) & (times < end_us)
        if inside.all():
            yield block
        elif inside.any():
            yield block.without(block.ident["seq"][~inside])


def extent(rows: Rows, unit: int, name: str, start_us: int, end_us: int) -> tuple[int, int] | None:
    """Onboard time of the first and last packet of one type in start … end; None: there is none.

    To the hour's least and latest, at the edges a little beyond the range.
    """
    found = []
    for what, order in (("min(first_us)", "min"), ("max(last_us)", "max")):
        statement = (
            f"SELECT {what} FROM block WHERE unit = ? AND name = ? AND hour ="  # noqa: S608
            f" (SELECT {order}(hour) FROM block WHERE unit = ? AND name = ?"
            " AND hour >= ? AND hour <= ?)"
        )
        hours = (start_us // HOUR_US, (end_us - 1) // HOUR_US)
        found.append(next(rows(statement, unit, name, unit, name, *hours))[0])
    first_us, last_us = found
    if first_us is None or last_us is None:  # or retention has dropped it in between
        return None
    return max(first_us, start_us), min(last_us + 1, end_us)


def telemetry(rows: Rows) -> Iterator[bytes]:
    """Every packet once: by onboard time, APID and making. An hour of them is in memory."""
    for (hour,) in list(rows("SELECT DISTINCT hour FROM block ORDER BY hour")):
        blocks = [block_of(row) for row in rows(_OF_HOUR, hour)]
        if not blocks:  # retention has dropped it meanwhile
            continue
        keys = np.concatenate([b.ident["onboard_us"] for b in blocks])
        record = np.concatenate([b.ident["record"] for b in blocks])
        boot = np.concatenate([np.full(len(b.ident), b.kind.boot) for b in blocks])
        apid = np.concatenate([_packet_ids(b) for b in blocks])
        ends = np.cumsum([len(b.ident) for b in blocks])
        order = np.lexsort((record, boot, apid, keys))
        which = np.searchsorted(ends, order, side="right")
        place = order - np.concatenate(([0], ends))[which]
        for k, i in zip(which.tolist(), place.tolist(), strict=True):
            block = blocks[k]
            yield block.data[i * block.size : (i + 1) * block.size]


def _readable(rows: Rows, of: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    """Rows of a range, one by one where there is a damaged page among them."""
    read = set()
    try:
        for seq, *row in rows(_OF_RANGE, *of):
            read.add(seq)
            yield tuple(row)
    except DamagedArchive:
        for seq in [seq for (seq,) in rows(_SEQS, *of) if seq not in read]:
            with suppress(DamagedArchive):  # told once is enough
                yield from list(rows(_BY_SEQ, seq))


def _sound(block: Block, doubt: Doubt) -> Block | None:
    """The packets that hold their own CRC-16; none where their times are what is wrong."""
    if block.whole:
        return block
    doubt(_words(block))
    good = packet_checks(np.frombuffer(block.data, np.uint8).reshape(len(block.ident), -1)) == 0
    if good.all() or not good.any():
        return None
    return block.without(block.ident["seq"][~good])


def _words(block: Block) -> str:
    records = block.ident["record"]
    return (
        f"{block.kind.name} packets of boot {block.kind.boot}, some of records {records.min()} "
        f"to {records.max()}, are not as they were stored"
    )


def _packet_ids(block: Block) -> NDArray[np.int64]:
    rows = np.frombuffer(block.data, np.uint8).reshape(len(block.ident), -1)
    return rows[:, 0].astype(np.int64) << 8 | rows[:, 1]
