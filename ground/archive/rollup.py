"""Roll-ups: the extremes of each parameter over 30 s … a day, kept as packets are stored.

Merging is the same in any order, so late packets need no care. Of equal values the earlier counts.
"""

from __future__ import annotations

from collections.abc import Iterable
from json import dumps
from typing import Final, NamedTuple
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from ground.archive.block import Block
from ground.receive.run import Table

ROLLED: Final = "housekeeping"
"""The type that plots ask of over days; what the others hold is rare enough to be decoded."""
WIDTHS_S: Final = (30, 300, 3_600, 86_400)
"""Each divides the next."""
SECOND_US: Final = 1_000_000

EXTREMES: Final = np.dtype([("low", "<f8"), ("low_us", "<i8"), ("high", "<f8"), ("high_us", "<i8")])
"""Raw lowest and highest value of a parameter, and the first onboard time of each."""
Extremes = NDArray[np.void]

READ: Final = (
    "SELECT bucket, count, data, crc FROM rollup WHERE unit = ? AND name = ? AND schema = ?"
    " AND width_s = ? AND bucket >= ? AND bucket <= ?"
)
SPAN: Final = (
    "SELECT bucket, schema, count, data, crc FROM rollup WHERE unit = ? AND name = ?"
    " AND width_s = ? AND bucket >= ? AND bucket < ?"
)
"""For plots: of every schema."""
WRITE: Final = (
    "INSERT OR REPLACE INTO rollup (unit, name, width_s, bucket, schema, count, data, crc)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
)


class Rolled(NamedTuple):
    """Of some buckets, rising: how many packets, and the extremes (buckets, parameters)."""

    buckets: NDArray[np.int64]
    counts: NDArray[np.int64]
    extremes: Extremes


def numeric(layout: np.dtype[np.void]) -> tuple[str, ...]:
    """Fields of a packet's table that have a roll-up."""
    return tuple(
        name
        for name in layout.names or ()
        if name.startswith("body_") and layout[name].kind in "iu"
    )


def of_packets(blocks: list[Block], layout: np.dtype[np.void]) -> Rolled:
    """Packets of one schema, each as a bucket of its own: they begin at its time in µs."""
    times = np.concatenate([b.ident["onboard_us"] for b in blocks])
    table: Table = np.frombuffer(b"".join(b.data for b in blocks), layout)
    if (times[1:] < times[:-1]).any():
        order = np.argsort(times, kind="stable")
        times, table = times[order], table[order]
    names = numeric(layout)
    made = np.empty((len(times), len(names)), EXTREMES)
    for k, name in enumerate(names):
        made["low"][:, k] = made["high"][:, k] = table[name]
    made["low_us"] = made["high_us"] = times[:, None]
    return Rolled(times, np.ones(len(times), np.int64), made)


def rolled(fine: Rolled, factor: int) -> Rolled:
    """Into wider buckets; of equal values the earlier counts."""
    buckets = fine.buckets // factor
    begins = np.concatenate(([0], np.flatnonzero(buckets[1:] != buckets[:-1]) + 1))
    if len(begins) == len(buckets):
        return Rolled(buckets, fine.counts, fine.extremes)
    sizes = np.diff(begins, append=len(buckets))
    made = np.empty((len(begins), fine.extremes.shape[1]), EXTREMES)
    for value, at, best in (("low", "low_us", np.minimum), ("high", "high_us", np.maximum)):
        values = np.ascontiguousarray(fine.extremes[value])
        made[value] = best.reduceat(values, begins, axis=0)
        first = values == np.repeat(made[value], sizes, axis=0)
        times = np.where(first, fine.extremes[at], np.iinfo(np.int64).max)
        made[at] = np.minimum.reduceat(times, begins, axis=0)
    return Rolled(buckets[begins], np.add.reduceat(fine.counts, begins), made)


def together(a: Rolled, b: Rolled) -> Rolled:
    """Both, each bucket once."""
    buckets = np.concatenate((a.buckets, b.buckets))
    order = np.argsort(buckets, kind="stable")
    counts = np.concatenate((a.counts, b.counts))[order]
    extremes = np.concatenate((a.extremes, b.extremes))[order]
    return rolled(Rolled(buckets[order], counts, extremes), 1)


def stored(rows: list[tuple[int, int, bytes, int]]) -> Rolled:
    """From READ's."""
    data = np.frombuffer(b"".join(row[2] for row in rows), EXTREMES)
    buckets = np.array([row[0] for row in rows], np.int64)
    return Rolled(
        buckets, np.array([row[1] for row in rows], np.int64), data.reshape(len(rows), -1)
    )


def damaged(
    rows: list[tuple[int, int, int, bytes, int | None]], unit: int, name: str, width_s: int
) -> set[int]:
    """Buckets of SPAN's rows whose checksum does not hold; an older format has none (None)."""
    head = checksum_head(unit, name, width_s)
    return {
        bucket
        for bucket, schema, count, data, crc in rows
        if crc is not None
        and (not isinstance(data, bytes) or crc != checksum(head, bucket, schema, count, data))
    }


def checksum_head(unit: int, name: str, width_s: int) -> str:
    """What `checksum` begins with for rows of one roll-up."""
    return f"[{unit},{dumps(name)},{width_s},"


def checksum(head: str, bucket: int, schema: int, count: int, data: bytes) -> int:
    """The same as ground.archive.digest.of_row, made for thousands of rows."""
    return crc32(data, crc32(f"{head}{bucket},{schema},{count}]".encode()))


def by_schema(blocks: Iterable[Block]) -> dict[tuple[int, int], list[Block]]:
    """Blocks that have roll-ups, by unit and schema."""
    found: dict[tuple[int, int], list[Block]] = {}
    for block in blocks:
        if block.kind.name == ROLLED:
            found.setdefault((block.kind.unit, block.kind.schema), []).append(block)
    return found
