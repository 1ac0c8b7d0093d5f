"""Blocks: like packets in one row, with what the ground adds to each beside them.

A row a packet costs more than all else that the ground does with it. Blocks are made anew at each
commit from what has come; small ones of one hour are joined once there are many.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ground.archive.digest import of_row

HOUR_US: Final = 3_600_000_000
"""No block holds packets of two hours of onboard time: so an index finds those of a range."""
LARGEST: Final = 1024
"""Packets of a block: so many are decoded to read one of them."""
FULL: Final = 256
"""Smaller blocks are joined until they are this large."""

IDENT: Final = np.dtype(
    [
        ("seq", "<i8"),
        ("onboard_us", "<i8"),
        ("received_us", "<i8"),
        ("taken_us", "<i8"),
        ("record", "<u4"),
        ("late", "u1"),
    ]
)
"""What a block's `ident` holds of each packet."""

Ident = NDArray[np.void]
Row = tuple[Any, ...]
INSERT: Final = "INSERT INTO block VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"


class Kind(NamedTuple):
    """What all packets of a block have in common."""

    unit: int
    boot: int
    name: str
    link: str
    schema: int
    hour: int


@dataclass(frozen=True, slots=True)
class Block:
    """Packets of equal size in the order in which they were taken in."""

    kind: Kind
    ident: Ident
    data: bytes
    whole: bool = True
    """False when it was read with another checksum than it was written with."""

    @property
    def size(self) -> int:
        """Bytes of a packet."""
        return len(self.data) // len(self.ident)

    def part(self, first: int, end: int) -> Block:
        """Packets first … end - 1."""
        data = self.data[first * self.size : end * self.size]
        return Block(self.kind, self.ident[first:end], data, self.whole)

    def without(self, seqs: Iterable[int]) -> Block:
        """The same but for these packets."""
        kept = ~np.isin(self.ident["seq"], list(seqs))
        rows = np.frombuffer(self.data, np.uint8).reshape(len(self.ident), -1)
        return Block(self.kind, self.ident[kept], rows[kept].tobytes(), self.whole)

    def row(self) -> Row:
        """For INSERT; one that was not whole gets no checksum that would say so."""
        k, seqs, times = self.kind, self.ident["seq"], self.ident["onboard_us"]
        ident = self.ident.tobytes()
        crc = of_row(*k, ident, self.data)
        return (
            int(seqs[0]), int(seqs[-1]), k.unit, k.boot, k.name, k.link, k.schema, k.hour,
            int(times.min()), int(times.max()), len(seqs), ident, self.data,
            crc if self.whole else crc ^ 1,
        )  # fmt: skip


COLUMNS: Final = "unit, boot, name, link, schema, hour, ident, data, crc"


def block_of(row: Row) -> Block:
    """From COLUMNS; raises ValueError when the row contradicts itself."""
    *covered, crc = row
    *kind, ident, data = covered
    whole = crc is None or crc == of_row(*covered)
    made = Block(Kind(*kind), np.frombuffer(ident, IDENT), data, whole)
    if len(made.ident) == 0 or len(data) % len(made.ident):
        raise ValueError(f"block of {len(made.ident)} packets has {len(data)} bytes")
    return made


def joined(blocks: list[Block]) -> list[Block]:
    """Blocks of one kind and size as few large ones, in the order of taking."""
    ident = np.concatenate([b.ident for b in blocks])
    data = b"".join(b.data for b in blocks)
    every = Block(blocks[0].kind, ident, data, all(b.whole for b in blocks))
    return [every.part(at, min(at + LARGEST, len(ident))) for at in range(0, len(ident), LARGEST)]


def mended(block: Block, crc: int, anew: Iterable[Block]) -> bool:
    """True when a block is wrong in nothing but packets that have come anew: its checksum tells."""
    size, data = block.size, bytearray(block.data)
    records = block.ident["record"].tolist()
    for other in anew:
        if other.size != size or other.kind[:3] != block.kind[:3]:
            continue
        for k, record in enumerate(other.ident["record"].tolist()):
            if record in records:
                at = records.index(record) * size
                data[at : at + size] = other.data[k * size : (k + 1) * size]
    return crc == of_row(*block.kind, block.ident.tobytes(), bytes(data))


class Gathering:
    """Packets that wait for the next commit; they come out as blocks."""

    def __init__(self) -> None:
        self._parts: dict[tuple[Kind, int], list[Block | tuple[Any, ...]]] = {}

    def __bool__(self) -> bool:
        return bool(self._parts)

    def add(self, kind: Kind, ident: tuple[int, int, int, int, int, bool], data: bytes) -> None:
        """One packet; `ident` as in IDENT."""
        self._parts.setdefault((kind, len(data)), []).append((ident, data))

    def add_many(self, kind: Kind, ident: Ident, data: bytes) -> None:
        """Packets of one hour and size."""
        block = Block(kind, ident, data)
        self._parts.setdefault((kind, block.size), []).append(block)

    def blocks(self) -> Iterator[Block]:
        """All of them."""
        for (kind, _), parts in self._parts.items():
            singles = [part for part in parts if isinstance(part, tuple)]
            if len(singles) == len(parts):
                ident = np.array([part[0] for part in singles], IDENT)
                yield from joined([Block(kind, ident, b"".join(part[1] for part in singles))])
            else:
                yield from joined([_block(kind, part) for part in parts])


def _block(kind: Kind, part: Block | tuple[Any, ...]) -> Block:
    if isinstance(part, Block):
        return part
    return Block(kind, np.array([part[0]], IDENT), part[1])
