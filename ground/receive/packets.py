"""Whole space packets end to end: an MQTT message, `telemetry.bin`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ground.receive.grouping import grouped
from ground.receive.run import LONGEST, Run, leading_run, like
from protocol.wire.frame import MAX_PACKET, MIN_PACKET, whole

FEW: Final = 2
"""So many single packets in a row, and the next ones are sorted by type."""


def split(data: bytes) -> tuple[list[bytes], bytes]:
    """The packets, and what is left from the first place on that holds none."""
    packets = []
    at = 0
    while packet := _packet(data, at):
        packets.append(packet)
        at += len(packet)
    return packets, data[at:]


def split_runs(data: bytes) -> tuple[list[bytes | Run], bytes]:
    """As `split`, like packets in a row as one."""
    found: list[bytes | Run] = []
    at = alone = 0
    while at < len(data):
        run = leading_run(data, at)
        alone = 0 if run else alone + 1
        more = [run] if run else _mixed(data, at) if alone > FEW else [_packet(data, at)]
        for item in more:
            if item is None:
                return found, data[at:]
            found.append(item)
            at += item.table.nbytes if isinstance(item, Run) else len(item)
    return found, b""


def pieces(data: bytes, most: int) -> Iterator[bytes]:
    """The same bytes in parts of at most so many (≥ MAX_PACKET), cut between packets.

    From the first place on that begins none, just in such parts.
    """
    begin = at = 0
    while at < len(data):
        end = _end(data, at)
        if end is None:
            break
        if end - begin > most:
            yield data[begin:at]
            begin = at
        at = end
    while begin < len(data):
        yield data[begin : begin + most]
        begin += most


def _end(data: bytes, at: int) -> int | None:
    """Where the packet that begins there ends by its header alone; None: it is none."""
    end = at + int.from_bytes(data[at + 4 : at + 6], "big") + 7
    return end if MIN_PACKET <= end - at <= MAX_PACKET and end <= len(data) else None


def _mixed(data: bytes, at: int) -> Iterator[Run | bytes | None]:
    """Packets of several types, those of each together; None where one is none."""
    spans = _spans(data, at)

    def opening(these: NDArray[np.int64], size: int) -> tuple[Run, NDArray[np.bool_]] | None:
        octets = np.frombuffer(data, np.uint8)
        return like(octets[spans[these, :1] + np.arange(size)])

    for item in grouped(data, spans, opening):
        yield item if isinstance(item, Run) or whole(item) else None
    if not len(spans):
        yield None


def _spans(data: bytes, at: int) -> NDArray[np.int64]:
    """Where the next packets begin and end by their headers alone."""
    spans: list[tuple[int, int]] = []
    while len(data) - at >= MIN_PACKET and len(spans) < LONGEST:
        end = at + (data[at + 4] << 8 | data[at + 5]) + 7
        if end > len(data) or end - at > MAX_PACKET:
            break
        spans.append((at, end))
        at = end
    return np.array(spans, np.int64).reshape(-1, 2)


def _packet(data: bytes, at: int) -> bytes | None:
    if len(data) - at < MIN_PACKET:
        return None
    end = at + int.from_bytes(data[at + 4 : at + 6], "big") + 7
    packet = data[at:end]
    return packet if end - at <= MAX_PACKET and whole(packet) else None
