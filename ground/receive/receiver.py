"""Frames of one serial line to packets; tells a line to another schema from a bad line."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from ground.receive.seed import seed_of
from protocol.wire import cobs
from protocol.wire.frame import MIN_PACKET, Deframer, whole

FRAMES_TO_TELL: Final = 3
"""So many frames running with one foreign seed are another schema; noise cannot do that."""


@dataclass(slots=True)
class Counters:
    """What came over one link."""

    frames: int = 0
    """Whole packets of this schema."""
    damaged: int = 0
    """Pieces between delimiters that are no frame."""
    noise_bytes: int = 0
    """Bytes of such pieces."""


@dataclass(frozen=True, slots=True)
class Received:
    """What a run of bytes amounts to."""

    packets: list[bytes]
    foreign_schema: int | None = None
    """Hash of another schema, once for each time that the line turns to it."""


@dataclass(slots=True)
class Receiver:
    """Never raises, whatever the line gives; bounded in memory."""

    counters: Counters = field(default_factory=Counters)
    _deframer: Deframer = field(default_factory=Deframer)
    _seed: int | None = None
    _running: int = 0

    def feed(self, data: bytes) -> Received:
        """Take bytes as they come."""
        packets = []
        foreign = None
        for packet, raw in self._deframer.feed(data):
            if packet is not None:
                self.counters.frames += 1
                self._running = 0
                packets.append(packet)
            else:
                self.counters.damaged += 1
                self.counters.noise_bytes += len(raw)
                foreign = self._suspect(raw) or foreign
        return Received(packets, foreign)

    def _suspect(self, raw: bytes) -> int | None:
        seed = _foreign_seed(raw)
        if seed is None or seed != self._seed:
            self._running = 0
        self._seed = seed
        if seed is None:
            return None
        self._running += 1
        return seed if self._running == FRAMES_TO_TELL else None


def _foreign_seed(raw: bytes) -> int | None:
    """The seed of an otherwise whole frame, or None."""
    try:
        data = cobs.decode(raw)
    except cobs.CobsError:
        return None
    if len(data) < MIN_PACKET + 4 or not whole(data[:-4]):
        return None
    return seed_of(data[:-4], int.from_bytes(data[-4:], "big"))
