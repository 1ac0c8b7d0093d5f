"""The bytes as links gave them, against the packets: does each packet stand in them?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ground.archive.entries import StoredPacket
from ground.model import Chunk
from ground.receive.packets import split
from protocol.wire.frame import Deframer

Found = tuple[str, int, bytes]
"""Link, time of receiving (µs), packet."""


def without_raw(packets: Iterable[StoredPacket], raw: Iterable[Chunk]) -> list[StoredPacket]:
    """Packets that no whole frame among the raw bytes holds."""
    wanted = list(packets)
    held = set(_packets(raw, {p.schema for p in wanted}))
    return [p for p in wanted if (p.link, p.received_us, p.data) not in held]


def _packets(raw: Iterable[Chunk], schemas: set[int]) -> Iterator[Found]:
    """Whole packets of frames of any of these schemas, each CRC held."""
    lines: dict[tuple[str, int], Deframer] = {}
    for chunk in raw:
        if not chunk.framed:
            for packet in split(chunk.data)[0]:
                yield chunk.link, chunk.received_us, packet
            continue
        for schema in schemas:
            line = lines.setdefault((chunk.link, schema), Deframer(schema))
            for framed, _ in line.feed(chunk.data):
                if framed is not None:
                    yield chunk.link, chunk.received_us, framed
