"""History of one parameter, decoded when read: all of it, or few points with every extreme."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from ground.archive.archive import Archive
from ground.archive.block import HOUR_US, Block
from ground.archive.decimate import Floats, Point, Series, Times, minmax, of_bins, together
from ground.archive.errors import DamagedArchive
from ground.archive.layouts import Field, fields
from ground.archive.rollup import EXTREMES, ROLLED, SECOND_US, WIDTHS_S, numeric
from ground.archive.spans import spans
from ground.model import UnitKey


def history(
    archive: Archive, unit: UnitKey, parameter: str, start_us: int, end_us: int
) -> list[Point]:
    """(onboard time µs UTC, engineering value), start ≤ time < end, in time order.

    Packets of an older schema are read through the dictionary that the archive kept of it.
    """
    return _series(archive, unit, _readers(archive, parameter), start_us, end_us).points()


def extremes(
    archive: Archive, unit: UnitKey, parameter: str, span_us: tuple[int, int], size: int
) -> list[Point]:
    """At most `size` points: the lowest and highest of each of size / 2 bins, in time order.

    All of them where there are no more; over long spans from roll-ups, and the bins are then of one
    length; over short ones bins hold equally many.
    """
    bins = max(size // 2, 1)
    readers = _readers(archive, parameter)
    reach = _reach(archive, unit, readers, span_us)
    if reach is None:
        return []
    start_us, end_us = reach
    fit_us = -(-(end_us - start_us) // bins)
    width_s = max((w for w in WIDTHS_S if w * SECOND_US <= fit_us), default=0)
    if width_s == 0:
        return minmax(_series(archive, unit, readers, start_us, end_us), size).points()
    step_us = width_s * SECOND_US
    count = -(-fit_us // step_us)
    while (end_us - 1) // (count * step_us) - start_us // (count * step_us) >= bins:
        count += 1
    try:
        lows, highs, packets = _binned(archive, unit, readers, (start_us, end_us), width_s)
    except DamagedArchive:  # the roll-ups', for packets are read around damage
        return minmax(_series(archive, unit, readers, start_us, end_us), size).points()
    if packets <= 2 * bins:
        return _series(archive, unit, readers, start_us, end_us).points()
    return of_bins(lows, highs, count * step_us).points()


def newest(
    archive: Archive, unit: UnitKey, parameter: str, span_us: tuple[int, int], size: int
) -> list[Point]:
    """The last `size` points of a range, in time order: read from its end on backwards."""
    readers = _readers(archive, parameter)
    reach = _reach(archive, unit, readers, span_us)
    if reach is None:
        return []
    begin_us, wide_us = reach[1], HOUR_US // 4
    found = Series.of([])
    while begin_us > reach[0] and len(found.times_us) < size:
        begin_us = max(reach[1] - wide_us, reach[0])
        wide_us *= 2
        found = _series(archive, unit, readers, begin_us, reach[1])
    return found.points()[-size:]


Readers = dict[tuple[int, str], tuple[Field, int]]
"""(schema, packet type) to where the parameter stands there, and its place among roll-ups."""


def _readers(archive: Archive, parameter: str) -> Readers:
    found: Readers = {}
    for schema, dictionary in archive.dictionaries().items():
        for field in fields(dictionary, parameter):
            layout = archive.table_of(schema, field.packet)
            assert layout is not None
            found[schema, field.packet] = (field, numeric(layout).index(field.column))
    return found


def _reach(
    archive: Archive, unit: UnitKey, readers: Readers, span_us: tuple[int, int]
) -> tuple[int, int] | None:
    """The part of a range that has packets with the parameter."""
    found = [
        part
        for name in {name for _, name in readers}
        if (part := archive.extent(unit, name, *span_us))
    ]
    return (min(a for a, _ in found), max(b for _, b in found)) if found else None


def _series(
    archive: Archive, unit: UnitKey, readers: Readers, start_us: int, end_us: int
) -> Series:
    blocks = (
        block
        for name in sorted({name for _, name in readers})
        for block in archive.blocks_of(unit, name, start_us, end_us)
    )
    return _decoded(archive, blocks, readers)


def _decoded(archive: Archive, blocks: Iterable[Block], readers: Readers) -> Series:
    alike: dict[tuple[int, str], list[Block]] = {}
    for block in blocks:
        alike.setdefault((block.kind.schema, block.kind.name), []).append(block)
    times: list[Times] = [np.empty(0, np.int64)]
    values: list[Floats] = [np.empty(0)]
    seqs: list[Times] = [np.empty(0, np.int64)]
    for key, these in alike.items():
        layout = archive.table_of(*key)
        if key not in readers or layout is None:
            continue
        whole = [block for block in these if block.size == layout.itemsize]
        ident = np.frombuffer(b"".join(b.ident.tobytes() for b in whole), these[0].ident.dtype)
        table = np.frombuffer(b"".join(b.data for b in whole), layout)
        times.append(ident["onboard_us"])
        seqs.append(ident["seq"])
        values.append(readers[key][0].read(table))
    when = np.concatenate(times)
    order = np.lexsort((np.concatenate(seqs), when))
    return Series(when[order], np.concatenate(values)[order])


def _binned(
    archive: Archive, unit: UnitKey, readers: Readers, span_us: tuple[int, int], width_s: int
) -> tuple[Series, Series, int]:
    """Lows, highs and how many packets: whole buckets from roll-ups, the rest decoded."""
    start_us, end_us = span_us
    step_us = width_s * SECOND_US
    first, last = -(-start_us // step_us), end_us // step_us
    edges = ((start_us, min(first * step_us, end_us)), (max(last * step_us, start_us), end_us))
    loose: list[Series] = []
    lows: list[Series] = []
    highs: list[Series] = []
    packets = 0
    for name in sorted({name for _, name in readers}):
        here = {key: reader for key, reader in readers.items() if key[1] == name}
        if name != ROLLED:
            loose.append(_series(archive, unit, here, start_us, end_us))
            continue
        loose += [_series(archive, unit, here, *edge) for edge in edges if edge[0] < edge[1]]
        damaged: set[int] = set()
        for low, high, count in _rolled(archive, unit, here, width_s, (first, last), damaged):
            lows.append(low)
            highs.append(high)
            packets += count
        for low_bucket, high_bucket in spans(np.array(sorted(damaged), np.int64)):
            span = (low_bucket * step_us, (high_bucket + 1) * step_us)
            loose.append(_series(archive, unit, here, *span))
    packets += sum(len(s.times_us) for s in loose)
    return together(lows + loose), together(highs + loose), packets


def _rolled(
    archive: Archive, unit: UnitKey, readers: Readers, width_s: int, buckets: tuple[int, int],
    damaged: set[int],
) -> Iterator[tuple[Series, Series, int]]:  # fmt: skip
    """Lows, highs and packets, schema by schema, but for buckets that it puts into `damaged`."""
    places = {place for _, place in readers.values()}
    found = {place: archive.rollups_of(unit, ROLLED, width_s, buckets, place) for place in places}
    damaged.update(*(wrong for _, wrong in found.values()))
    for (schema, _), (field, place) in readers.items():
        mine = [row for row in found[place][0] if row[1] == schema]
        if mine:
            made: Any = np.frombuffer(b"".join(row[3] for row in mine), EXTREMES)
            low = Series(made["low_us"], field.engineering(made["low"]))
            high = Series(made["high_us"], field.engineering(made["high"]))
            yield low, high, sum(row[2] for row in mine)
