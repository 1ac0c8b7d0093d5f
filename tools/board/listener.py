"""What a board says on its line by itself: a unit's frames of any schema, or text."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from ground.model import UnitKey
from ground.receive.receiver import Receiver
from ground.stream.identity import named_in
from protocol.schema.decode import Decoded, DecodeError, decode
from protocol.wire.frame import Deframer, encode
from protocol.wire.tables import SCHEMA_HASH

_TEXT_BYTES: Final = 4096
_READABLE: Final = re.compile(rb"[\t\r\n\x20-\x7e]{4,}")


class Listener:
    """Feed it what was read. `hears` is True as soon as there are frames."""

    def __init__(self) -> None:
        self.schema: int | None = None
        """Of the unit's frames; None while there are none."""
        self.boot: Decoded | None = None
        """The newest boot packet."""
        self.packets: list[Decoded] = []
        self._receiver = Receiver()
        self._foreign: Deframer | None = None
        self._raw = b""

    def feed(self, data: bytes) -> None:
        """Take bytes as they come."""
        self._raw = (self._raw + data)[-_TEXT_BYTES:]
        received = self._receiver.feed(data)
        packets = received.singly()
        if self._foreign:
            packets = [packet for packet, _ in self._foreign.feed(data) if packet]
        if received.foreign_schema is not None:
            self.schema = received.foreign_schema
            self._foreign = Deframer(self.schema)
        elif received.packets:
            self.schema, self._foreign = SCHEMA_HASH, None
        for packet in packets:
            with suppress(DecodeError):  # of another schema, which may have other packets
                decoded = decode(packet)
                self.packets.append(decoded)
                if decoded.name == "boot":
                    self.boot = decoded

    @property
    def hears(self) -> bool:
        """A unit is running there."""
        return self.schema is not None

    @property
    def unit(self) -> UnitKey | None:
        """Who it is, once it has told."""
        return named_in(self.boot) if self.boot else None

    @property
    def unique_id(self) -> str:
        """Of its board; empty while it has not told, or has none."""
        told = self.boot.raw["unique_id"] if self.boot else b""
        return told.hex() if isinstance(told, bytes) and any(told) else ""

    @property
    def text(self) -> str:
        """What is readable of the last bytes."""
        return b"\n".join(_READABLE.findall(self._raw)).decode("ascii")

    @property
    def prompts(self) -> bool:
        """It ends in a REPL's prompt."""
        return self.text.rstrip().endswith(">>>")

    def frame(self, packet: bytes) -> bytes:
        """A command as a frame that the unit there takes."""
        return encode(packet, SCHEMA_HASH if self.schema is None else self.schema)

    def until(
        self, read: Callable[[], bytes], done: Callable[[], object], expired: Callable[[], bool]
    ) -> bool:
        """Read until something is true, or the time is over: False."""
        while not done():
            if expired():
                return False
            self.feed(read())
        return True
