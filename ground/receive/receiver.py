"""Frames of one serial line to packets; tells a line to another schema from a bad line."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from ground.receive.frames import open_frames
from ground.receive.run import Run
from ground.receive.seed import seed_of
from protocol.wire import cobs
from protocol.wire.frame import MIN_PACKET, Deframer, whole

FRAMES_TO_TELL: Final = 3
"""So many frames running with one foreign seed are another schema; noise cannot do that."""
MANY: Final = 1024
"""So many bytes that come at once are worth a look at all their frames together."""


@dataclass(slots=True)
class Counters:
    """What came over one link."""

    frames: int = 0
    """Whole packets of this schema."""
    damaged: int = 0
    """Pieces between delimiters that are no frame."""
    noise_bytes: int = 0
    """Bytes of such pieces."""
    octets: int = 0
    """All bytes that came."""


@dataclass(frozen=True, slots=True)
class Received:
    """What a run of bytes amounts to, in the order in which it came."""

    packets: list[bytes | Run]
    foreign_schema: int | None = None
    """Hash of another schema, once for each time that the line turns to it."""

    def singly(self) -> list[bytes]:
        """Every packet on its own."""
        found: list[bytes] = []
        for packet in self.packets:
            found += packet.packets() if isinstance(packet, Run) else [packet]
        return found


@dataclass(slots=True)
class Receiver:
    """Never raises, whatever the line gives; bounded in memory."""

    counters: Counters = field(default_factory=Counters)
    _deframer: Deframer = field(default_factory=Deframer)
    _seed: int | None = None
    _running: int = 0

    def feed(self, data: bytes) -> Received:
        """Take bytes as they come."""
        packets: list[bytes | Run] = []
        if len(data) < MANY:
            return Received(packets, self._singly(data, packets))
        first, last = data.find(cobs.DELIMITER) + 1, data.rfind(cobs.DELIMITER) + 1
        foreign = self._singly(data[:first], packets)
        for found in open_frames(data[first:last]) if last > first else ():
            if isinstance(found, Run):
                self.counters.frames += len(found)
                self._running = 0
                packets.append(found)
            else:
                foreign = self._singly(found + cobs.DELIMITER, packets) or foreign
        return Received(packets, self._singly(data[last:], packets) or foreign)

    def _singly(self, data: bytes, packets: list[bytes | Run]) -> int | None:
        """Frame by frame; returns the hash of a foreign schema when that is news."""
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
        return foreign

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
