"""What an archive gives back, in the order in which it was added: what the fold goes through.

Blocks of one time overlap, since what several units send comes interleaved.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import pairwise
from typing import Any

import numpy as np

from ground.archive.block import Block
from ground.model import UnitKey


@dataclass(frozen=True, slots=True)
class StoredPacket:
    """A packet as the archive gives it back."""

    seq: int
    unit: UnitKey
    boot: int
    record: int
    link: str
    received_us: int
    taken_us: int
    """Ground time at which it was accepted."""
    schema: int
    data: bytes


@dataclass(frozen=True, slots=True)
class StoredRun:
    """Packets of one type that were received and taken in together, one after the other."""

    unit: UnitKey
    link: str
    received_us: int
    taken_us: int
    schema: int
    block: Block

    def packets(self) -> Iterator[StoredPacket]:
        """One by one."""
        size = self.block.size
        for k, (seq, _, received_us, taken_us, record, _) in enumerate(self.block.ident.tolist()):
            yield StoredPacket(
                seq, self.unit, self.block.kind.boot, record, self.link, received_us, taken_us,
                self.schema, self.block.data[k * size : (k + 1) * size],
            )  # fmt: skip


@dataclass(frozen=True, slots=True)
class JournalRow:
    """Who did what when: operators, the station's starts, alarm transitions."""

    seq: int
    time_us: int
    author: str
    kind: str
    data: dict[str, Any]


def in_order(
    blocks: Iterator[Block], journal: Iterator[JournalRow], unit_of: Callable[[int], UnitKey]
) -> Iterator[StoredRun | JournalRow]:
    """Blocks by their first packet and the journal, merged by `seq`.

    `unit_of` gives the unit of a number, and raises KeyError where there is none.
    """
    begun: list[tuple[int, Block]] = []
    """Heap by the next packet's seq; no two are equal."""
    block, row = next(blocks, None), next(journal, None)
    while block or row or begun:
        if block and (not begun or _first(block) < begun[0][0]):
            heappush(begun, (_first(block), block))
            block = next(blocks, None)
            continue
        limits = [_first(block)] if block else []
        if row:
            if not begun or row.seq < begun[0][0]:
                yield row
                row = next(journal, None)
                continue
            limits.append(row.seq)
        _, now = heappop(begun)
        limits += [begun[0][0]] if begun else []
        seqs = now.ident["seq"]
        end = int(np.searchsorted(seqs, min(limits))) if limits else len(seqs)
        yield from _runs(now.part(0, end) if end < len(seqs) else now, unit_of(now.kind.unit))
        if end < len(seqs):
            heappush(begun, (int(seqs[end]), now.part(end, len(seqs))))


def _first(block: Block) -> int:
    return int(block.ident["seq"][0])


def _runs(block: Block, unit: UnitKey) -> Iterator[StoredRun]:
    """Cut where the time of receiving or taking changes."""
    received, taken = block.ident["received_us"], block.ident["taken_us"]
    cuts: list[int] = []
    if len(received) > 1:
        changes = (received[1:] != received[:-1]) | (taken[1:] != taken[:-1])
        cuts = (np.flatnonzero(changes) + 1).tolist()
    edges = [0, *cuts, len(received)]
    for first, end in pairwise(edges):
        yield StoredRun(
            unit, block.kind.link, int(received[first]), int(taken[first]), block.kind.schema,
            block.part(first, end) if cuts else block,
        )  # fmt: skip
