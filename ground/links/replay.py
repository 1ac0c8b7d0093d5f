"""Recorded telemetry: `telemetry.bin` (packets end to end) or an archive."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from ground.archive.archive import Archive
from ground.archive.errors import ArchiveError
from ground.links.link import Link, LinkState, Sink
from ground.model import Chunk
from ground.receive.packets import split
from protocol.schema.decode import DecodeError, decode
from protocol.schema.timescale import tai_us_to_unix_us
from protocol.wire import cuc

_SQLITE: Final = b"SQLite format 3\0"


class RecordingError(Exception):
    """A file that holds no recorded telemetry; `path` is it."""

    def __init__(self, path: Path, words: str) -> None:
        super().__init__(f"{path}: {words}")
        self.path = path


def recording(path: Path) -> Iterator[Chunk]:
    """What a file holds, in the order in which it came, each with the time at which it came.

    Packets of `telemetry.bin` came when they were made. Raises RecordingError or ArchiveError.
    """
    try:
        with path.open("rb") as file:
            is_archive = file.read(len(_SQLITE)) == _SQLITE
        data = b"" if is_archive else path.read_bytes()
    except OSError as error:
        raise RecordingError(path, f"cannot be read ({error.strerror})") from None
    if is_archive:
        archive = Archive(path, write=False)
        try:
            yield from archive.raw()
        finally:
            archive.close()
        return
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


class ReplayLink(Link):
    """Plays a recording at `speed` times its own pace; its clock is the recording's time."""

    def __init__(self, name: str, chunks: Iterable[Chunk], speed: float = 1.0) -> None:
        self._chunks = iter(chunks)
        self._first = next(self._chunks, None)
        self._start_us = self._first.received_us if self._first else 0
        self._begun_ns: int | None = None
        self._ended_us: int | None = None
        self._speed = speed
        super().__init__(name, self.time_us)

    def time_us(self) -> int:
        """Ground time at which the recording is now; it stands still before and after."""
        if self._begun_ns is None:
            return self._start_us
        if self._ended_us is not None:
            return self._ended_us
        elapsed_us = (time.monotonic_ns() - self._begun_ns) // 1000
        return self._start_us + round(elapsed_us * self._speed)

    async def run(self, sink: Sink) -> None:
        """Play it once."""
        self._begun_ns = time.monotonic_ns()
        self._say(LinkState.OPEN, f"playing at {self._speed:g} times its pace")
        try:
            if self._first:
                await sink(self._first)
            for chunk in self._chunks:
                ahead_us = chunk.received_us - self.time_us()
                if ahead_us > 0:
                    await asyncio.sleep(ahead_us / 1e6 / self._speed)
                await sink(chunk)
            words = "played to its end"
        except (RecordingError, ArchiveError) as error:
            words = str(error)
        self._ended_us = self.time_us()
        self._say(LinkState.ENDED, words)
