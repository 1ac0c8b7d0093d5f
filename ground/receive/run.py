"""Like packets that came together: one NumPy table instead of as many objects."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from struct import Struct
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ground.receive.checks import packet_checks
from protocol.schema.decode import Bodies
from protocol.schema.layout import BODIES
from protocol.wire.frame import MAX_PACKET, MIN_PACKET
from protocol.wire.tm import HEADER_SIZE, PUS_VERSION

SHORTEST: Final = 8
"""Fewer packets are decoded sooner one by one."""
LONGEST: Final = 1024
"""More are cut, so that what is made of them stays in the processor's cache."""

_HEADER: Final = (
    ("packet_id", ">u2"),
    ("sequence", ">u2"),
    ("length", ">u2"),
    ("pus", "u1"),
    ("service", "u1"),
    ("subtype", "u1"),
    ("type_count", ">u2"),
    ("destination", ">u2"),
    ("coarse", ">u4"),
    ("fine_high", "u1"),
    ("fine_low", ">u2"),
    ("boot_id", ">u2"),
    ("record", ">u4"),
)
"""Fields of protocol.wire.tm.HEADER."""
_CODES: Final = {
    "B": "u1", "b": "i1", "H": ">u2", "h": ">i2", "L": ">u4", "l": ">i4", "Q": ">u8", "q": ">i8",
}  # fmt: skip
_SAME: Final = np.array([0, 1, 4, 5, 6, 7, 8, 20, 21])
"""Bytes in which like packets agree: APID, length, time status, type, boot."""

Table = NDArray[np.void]
"""One record a packet: header fields, then the body's as `body_<name>`, raw."""


@dataclass(frozen=True, slots=True)
class Run:
    """Whole packets of one type, unit, boot and time status, in the order in which they came."""

    name: str
    table: Table

    def __len__(self) -> int:
        return len(self.table)

    def part(self, first: int, end: int) -> Run:
        """Packets first … end - 1."""
        return Run(self.name, self.table[first:end])

    def packets(self) -> Iterator[bytes]:
        """One by one, as they came."""
        return (row.tobytes() for row in self.table)

    @property
    def time_us(self) -> NDArray[np.int64]:
        """µs since boot or since 2020 TAI (protocol.wire.cuc)."""
        coarse = self.table["coarse"].astype(np.int64)
        fine = self.table["fine_high"].astype(np.int64) << 16 | self.table["fine_low"]
        made: NDArray[np.int64] = coarse * 1_000_000 + ((fine * 1_000_000 + (1 << 23)) >> 24)
        return made

    def raw(self, parameter: str) -> NDArray[Any]:
        """Raw values of one parameter."""
        return self.table[f"body_{parameter}"]


def layout_of(body: Struct, names: tuple[str, ...]) -> np.dtype[np.void]:
    """The table of a packet type: its whole packet, CRC included."""
    codes = re.findall(r"(\d*)([a-zA-Z])", body.format.lstrip(">"))
    fields: list[tuple[str, str]] = [*_HEADER]
    for name, (size, code) in zip(names, codes, strict=True):
        fields.append((f"body_{name}", f"V{size or 1}" if code == "s" else _CODES[code]))
    return np.dtype([*fields, ("crc", ">u2")])


def tables_of(bodies: Bodies) -> dict[tuple[int, int], tuple[str, np.dtype[np.void]]]:
    """(service, subtype) to name and table of every packet type of a schema."""
    return {kind: (name, layout_of(body, fields)) for kind, (name, body, fields) in bodies.items()}


@lru_cache(maxsize=1)
def _ours() -> Mapping[tuple[int, int], tuple[str, np.dtype[np.void]]]:
    return tables_of(BODIES)


def like(rows: NDArray[np.uint8]) -> tuple[Run, NDArray[np.bool_]] | None:
    """Rows (packets, bytes) as a run, and which of them are whole and like the first.

    They are held to all that protocol.schema.decode asks of one. None: the first is no packet.
    """
    size, head = rows.shape[1], rows[0]
    if size < HEADER_SIZE + 2:
        return None
    kind = _ours().get((int(head[7]), int(head[8])))
    if kind is None or kind[1].itemsize != size or head[6] >> 4 != PUS_VERSION:
        return None
    if head[0] & 0xF8 != 0x08 or (int(head[4]) << 8 | int(head[5])) + 7 != size:
        return None
    table = np.ascontiguousarray(rows).view(kind[1])[:, 0]
    good = (rows[:, _SAME] == head[_SAME]).all(axis=1)
    good &= packet_checks(rows) == 0
    good &= table["sequence"] == (0xC000 | (table["record"] & 0x3FFF))
    return Run(kind[0], table), good


def run_of(rows: NDArray[np.uint8]) -> Run | None:
    """The like, whole packets with which rows begin; None: fewer than SHORTEST."""
    if len(rows) < SHORTEST or rows.shape[1] < HEADER_SIZE + 2:
        return None
    rows = rows[: _leading((rows[:, _SAME] == rows[0, _SAME]).all(axis=1))]
    found = like(rows) if len(rows) >= SHORTEST else None
    if found is None:
        return None
    count = _leading(found[1])
    return found[0].part(0, count) if count >= SHORTEST else None


def leading_run(data: bytes, at: int) -> Run | None:
    """The run of packets end to end that begins at a byte, or None."""
    if len(data) - at < MIN_PACKET:
        return None
    size = (data[at + 4] << 8 | data[at + 5]) + 7
    count = min((len(data) - at) // size, LONGEST)
    if count < SHORTEST or size > MAX_PACKET:
        return None
    later = at + (SHORTEST - 1) * size
    if data[at + 7 : at + 9] != data[later + 7 : later + 9]:  # a cheap look at the type first
        return None
    rows = np.frombuffer(data, np.uint8, count * size, at).reshape(count, size)
    return run_of(rows)


def _leading(good: NDArray[np.bool_]) -> int:
    return len(good) if good.all() else int(good.argmin())
