"""Drops the beginning of an archive slice by slice, so that nothing else waits for it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from ground.archive.archive import Archive
from ground.model import UnitKey
from ground.retention.evidence import RAW_US, Kept, Span

BLOCKS: Final = 64
RAW_ROWS: Final = 512
ROLLUPS: Final = 512
PAGES: Final = 512
SPARE_PAGES: Final = 64
"""Free pages that stay for what comes next."""
_LAST: Final = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Going:
    """What goes of an archive's beginning."""

    blocks: list[Span]
    """Numbers of the first and last packet: a block that is joined meanwhile is another one."""
    packets: int
    kept: int
    """Packets that stay as evidence."""
    times: dict[UnitKey, list[tuple[Span, bool]]]
    """Of each unit: onboard times of its blocks, and whether they go."""


def going(archive: Archive, seq: int, kept: Kept) -> Going:
    """The blocks that hold nothing beyond a number, but for those that must stay."""
    blocks, packets, stay = [], 0, 0
    times: dict[UnitKey, list[tuple[Span, bool]]] = {}
    for first, last, count, vehicle, name, first_us, last_us in archive.maintain(
        "SELECT seq, last_seq, count, vehicle, unit.name, first_us, last_us"
        " FROM block JOIN unit ON unit.id = block.unit WHERE last_seq <= ?",
        seq,
    ):
        goes = first not in kept.blocks
        times.setdefault(UnitKey(vehicle, name), []).append(((first_us, last_us), goes))
        if goes:
            blocks.append((first, last))
            packets += count
        else:
            stay += count
    return Going(blocks, packets, stay, times)


def raw_rows(archive: Archive, until_us: int, kept: Kept) -> list[Span]:
    """Ids first … last of the raw rows that go: received before, but for what must stay."""
    edges = [edge for span in kept.received for edge in (span[0], span[1] + 1)]
    edges = [min(edge, until_us) for edge in edges]
    found = []
    for start_us, end_us in zip(
        [-_LAST, *edges[1::2]], [*edges[::2], until_us - RAW_US], strict=True
    ):
        first, end = _raw_at(archive, start_us), _raw_at(archive, end_us)
        if first < end:
            found.append((first, end - 1))
    return found


def drop(archive: Archive, blocks: list[Span], raw: list[Span], until_us: int) -> Iterator[None]:
    """Each step is one small transaction; raises ArchiveFull. Begun anew it goes on."""
    for at in range(0, len(blocks), BLOCKS):
        archive.drop_blocks(blocks[at : at + BLOCKS])
        yield
    for first, last in raw:
        for at in range(first, last + 1, RAW_ROWS):
            ends = (at, min(at + RAW_ROWS - 1, last))
            archive.maintain("DELETE FROM raw WHERE id BETWEEN ? AND ?", *ends)
            yield
    yield from _rollups(archive, until_us)
    yield from give_back(archive)


def give_back(archive: Archive) -> Iterator[None]:
    """Free pages go back to the disk, where the archive can (made by this version, or pruned)."""
    if archive.maintain("PRAGMA auto_vacuum") != [(2,)]:
        return
    free = _free(archive)
    while free > SPARE_PAGES:
        archive.maintain(f"PRAGMA incremental_vacuum({min(PAGES, free - SPARE_PAGES)})")
        yield
        before, free = free, _free(archive)
        if free >= before:
            return


def used_bytes(archive: Archive) -> int:
    """Of the file, without what is free in it."""
    pages = archive.maintain("PRAGMA page_count")[0][0] - _free(archive)
    return int(pages * archive.maintain("PRAGMA page_size")[0][0])


def _free(archive: Archive) -> int:
    return int(archive.maintain("PRAGMA freelist_count")[0][0])


def _rollups(archive: Archive, until_us: int) -> Iterator[None]:
    """Those of times of which no packet is left."""
    while archive.maintain(
        "DELETE FROM rollup WHERE (unit, name, width_s, bucket, schema) IN"
        " (SELECT unit, name, width_s, bucket, schema FROM rollup r"
        "  WHERE (bucket + 1) * width_s * 1000000 <= ? AND NOT EXISTS"
        "  (SELECT 1 FROM block b WHERE b.unit = r.unit AND b.name = r.name"
        "   AND b.hour BETWEEN r.bucket * r.width_s / 3600"
        "   AND ((r.bucket + 1) * r.width_s - 1) / 3600) LIMIT ?) RETURNING 1",
        until_us, ROLLUPS,
    ):  # fmt: skip
        yield


def _raw_at(archive: Archive, time_us: int) -> int:
    """The first id received at a time or later; ids rise with it, but for a few ms."""
    low, high = 0, int(archive.maintain("SELECT coalesce(max(id), 0) FROM raw")[0][0]) + 1
    while low < high:
        middle = (low + high) // 2
        row = archive.maintain(
            "SELECT id, received_us FROM raw WHERE id >= ? ORDER BY id LIMIT 1", middle
        )
        if not row or row[0][1] >= time_us:
            high = middle
        else:
            low = row[0][0] + 1
    return low
