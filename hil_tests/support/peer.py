"""The ground's end of a serial line, as a test holds it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from hil_tests.support.logs import Trace
from hil_tests.support.uut.pace import Pace
from hil_tests.support.uut.port import HostPort
from protocol.schema.decode import Decoded, decode
from protocol.wire import tc
from protocol.wire.frame import Deframer, encode

WITHIN_S = 15


class Peer:
    """Reads frames from any pyserial URL and sends commands; waits for a frame before it sends.

    Time-outs follow the unit's clock (`pace`). `paced`: what is written waits for a slow board.
    """

    def __init__(
        self,
        url: str,
        key: bytes,
        apid: int = 1,
        *,
        pace: Pace | None = None,
        paced: bool = False,
        trace: Trace | None = None,
    ) -> None:
        self.packets: list[Decoded] = []
        self.pace = pace or Pace()
        self.port = HostPort(url, (lambda: self.pace.scale) if paced else None)
        self._key = key
        self._apid = apid
        self._trace = trace
        self._deframer = Deframer()
        self._counter: int | None = None
        self._next = 0

    def wait_for(
        self,
        name: str,
        holds: Callable[[Decoded], bool] = lambda packet: True,
        within_s: float = WITHIN_S,
    ) -> Decoded:
        """The next packet of a type, after the last one waited for, for which something holds."""
        start_s = time.monotonic()
        while True:
            for i in range(self._next, len(self.packets)):
                packet = self.packets[i]
                if packet.name == name and holds(packet):
                    self._next = i + 1
                    return packet
            names = [p.name for p in self.packets[self._next :]]
            limit_s = within_s * self.pace.scale
            words = f"no {name} in {limit_s:.0f} s, but {names} {self.port.trouble}"
            assert time.monotonic() < start_s + limit_s, words
            self.read()

    def read(self) -> None:
        """Take what has come, or comes within a moment."""
        data = self.port.read()
        self._note("unit -> host", data)
        for packet, _ in self._deframer.feed(data):
            if packet:
                known = decode(packet)
                self.packets.append(known)
                self.pace.heard(known.boot_id, known.record, known.time_us)
                if known.name == "boot":
                    self._apid = known.apid
                    told = int(known.raw["next_counter"])
                    self._counter = max(self._counter or 0, told)

    def command(self, index: int, values: Sequence[int | bytes] = (), key: bytes = b"") -> int:
        """Send a command signed with the unit's key, or another; returns its counter."""
        assert self._counter is not None, "wait for the boot packet first: it tells the counter"
        counter = self._counter
        self._counter += 1
        packet = tc.build(index, self._apid, 0, counter, key or self._key, list(values))
        self.write(encode(packet))
        return counter

    def write(self, data: bytes) -> None:
        """Send raw bytes."""
        assert self.packets, "wait for a frame first: before it 0x03 and 0x04 are for the REPL"
        self._note("host -> unit", data)
        self.port.write(data)

    def close(self) -> None:
        """Hang up."""
        self.port.close()

    def _note(self, way: str, data: bytes) -> None:
        if self._trace:
            self._trace.note(way, data)
