"""Recorded telemetry: `telemetry.bin`, packets end to end."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ground.model import Chunk
from ground.receive.packets import split
from protocol.schema.decode import DecodeError, decode
from protocol.schema.timescale import tai_us_to_unix_us
from protocol.wire import cuc


class RecordingError(Exception):
    """A file that holds no recorded telemetry; `path` is it."""

    def __init__(self, path: Path, words: str) -> None:
        super().__init__(f"{path}: {words}")
        self.path = path


def recording(path: Path) -> Iterator[Chunk]:
    """What a file holds; its packets came when they were made. Raises RecordingError."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise RecordingError(path, f"cannot be read ({error.strerror})") from None
    packets, rest = split(data)
    if not packets:
        raise RecordingError(path, "holds no telemetry packets; give a telemetry.bin or an archive")
    for packet in packets:
        yield Chunk("recording", _made_us(packet), packet, framed=False)
    if rest:
        raise RecordingError(
            path, f"is damaged after {len(packets)} packets; {len(rest)} bytes were not read"
        )


def _made_us(packet: bytes) -> int:
    try:
        decoded = decode(packet)
    except DecodeError:
        return 0
    tai = decoded.time_status == cuc.STATUS_TAI
    return tai_us_to_unix_us(decoded.time_us) if tai else decoded.time_us
