"""The ground's end of a serial line, as a test holds it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import serial

from protocol.schema.decode import Decoded, decode
from protocol.wire import tc
from protocol.wire.frame import Deframer, encode

WITHIN_S = 15


class Peer:
    """Reads frames from any pyserial URL and sends commands; waits for a frame before it sends."""

    def __init__(self, url: str, key: bytes, apid: int = 1) -> None:
        self.packets: list[Decoded] = []
        self._key = key
        self._apid = apid
        self._port = serial.serial_for_url(url, timeout=0.1)
        self._deframer = Deframer()
        self._counter: int | None = None
        self._next = 0

    def wait_for(
        self, name: str, holds: Callable[[Decoded], bool] = lambda packet: True
    ) -> Decoded:
        """The next packet of a type, after the last one waited for, for which something holds."""
        end_s = time.monotonic() + WITHIN_S
        while True:
            for i in range(self._next, len(self.packets)):
                packet = self.packets[i]
                if packet.name == name and holds(packet):
                    self._next = i + 1
                    return packet
            names = [p.name for p in self.packets[self._next :]]
            assert time.monotonic() < end_s, f"no {name} within {WITHIN_S} s, but {names}"
            self._read()

    def _read(self) -> None:
        for packet, _ in self._deframer.feed(self._port.read(512)):
            if packet:
                self.packets.append(decode(packet))
                if self.packets[-1].name == "boot":
                    told = int(self.packets[-1].raw["next_counter"])
                    self._counter = max(self._counter or 0, told)

    def command(self, index: int, values: Sequence[int | bytes] = (), key: bytes = b"") -> int:
        """Send a command signed with the unit's key, or another; returns its counter."""
        assert self._counter is not None, "wait for the boot packet first: it tells the counter"
        counter = self._counter
        self._counter += 1
        packet = tc.build(index, self._apid, 0, counter, key or self._key, list(values))
        self._port.write(encode(packet))
        return counter

    def write(self, data: bytes) -> None:
        """Send raw bytes."""
        self._port.write(data)

    def close(self) -> None:
        """Hang up."""
        self._port.close()
