"""The line model in real time: between the line of any unit under test and the ground's port."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from hil_tests.faults.line import Line
from hil_tests.support.logs import Log, Trace
from hil_tests.support.uut.base import Uut
from hil_tests.support.uut.pace import Pace
from hil_tests.support.uut.port import HostPort
from protocol.schema.decode import Decoded, decode
from protocol.wire import cobs, frame, tc
from tools.run.lines import PtyLine

READ_BYTES = 4096


class Wire(threading.Thread):
    """Carries frames between a unit and `front`, what the ground opens; `down` and `up` harm them.

    It hears the unit before any harm: what came over its line is what the ground must end up with.
    """

    def __init__(self, uut: Uut, front: Path, seed: int) -> None:
        super().__init__(daemon=True)
        self.front = front
        self.down, self.up = Line(seed), Line(seed + 1)
        self.foreign: int | None = None
        """Schema hash with which the unit's frames go on, instead of their own."""
        self.sent: dict[tuple[int, int], bytes] = {}
        """Every packet that the unit sent, by boot and record."""
        self.packets: list[Decoded] = []
        """The same and every repeat, in the order in which they came."""
        self.given = bytearray()
        """Every byte that went on to the ground's port."""
        self.pace = Pace(uut.time_scale, uut.first_scale)
        self.log = Log()
        self._uut = uut
        self._trace = Trace(self.log, uut.log)
        self._port = HostPort(uut.url, (lambda: self.pace.scale) if uut.paced else None)
        self._line: PtyLine | None = None
        self._lock = threading.RLock()
        self._ended = threading.Event()
        self._from_unit, self._from_ground = frame.Deframer(), frame.Deframer()
        self._apid = 0
        self._next_counter = 0
        self._used = -1
        """The last counter that `command` used: what the ground sends with it would be a replay."""
        self.plug()

    def plug(self) -> None:
        """Have the ground's port exist."""
        with self._lock:
            self._line = PtyLine()
            self.front.symlink_to(self._line.ground_link)

    def unplug(self) -> None:
        """The ground's port is gone, as a USB adapter that is pulled out."""
        with self._lock:
            self.front.unlink()
            self._line.close()
            self._line = None

    def harm(self, **faults: object) -> None:
        """Parameters of Line for both directions."""
        for line in (self.down, self.up):
            for name, value in faults.items():
                setattr(line, name, value)

    def heal(self) -> None:
        """No fault from here on."""
        self.down.heal()
        self.up.heal()
        self.foreign = None
        if self._line is None:
            self.plug()

    def command(self, index: int, values: Sequence[int] = ()) -> int:
        """Command the unit from beside the line; returns the counter.

        The ground does not know of it: its commands with counters up to this one end here, so
        that the unit sees no replay. It repeats what is not answered.
        """
        with self._lock:
            counter = self._used = self._next_counter
            self._next_counter += 1
            packet = tc.build(index, self._apid, 0, counter, self._uut.key, list(values))
            self._to_unit(frame.encode(packet), "bench -> unit")
        return counter

    def close(self) -> None:
        """End the thread and hang up."""
        self._ended.set()
        self.join()
        self._port.close()
        if self._line:
            self.unplug()

    def run(self) -> None:
        """Carry until closed."""
        while not self._ended.is_set():
            data = self._port.read()
            with self._lock:
                self._carry_down(data)
                self._carry_up()

    def _carry_down(self, data: bytes) -> None:
        now_us = self._now_us()
        self._trace.note("unit -> line", data)
        for packet, raw in self._from_unit.feed(data):
            piece = cobs.DELIMITER + raw + cobs.DELIMITER
            if packet is not None:
                self._hear(packet)
                if self.foreign is not None:
                    piece = frame.encode(packet, self.foreign)
            self.down.send(now_us, piece)
        out = self.down.arrivals(now_us)
        if out and self._line:
            self._trace.note("line -> ground", out)
            with suppress(BlockingIOError):  # nobody reads: lost, as on a wire
                self.given += out[: os.write(self._line.master, out)]

    def _hear(self, packet: bytes) -> None:
        known = decode(packet)
        self.packets.append(known)
        self.sent[known.boot_id, known.record] = packet
        self.pace.heard(known.boot_id, known.record, known.time_us)
        if known.name == "boot":
            self._apid = known.apid
            self._next_counter = max(self._next_counter, int(known.raw["next_counter"]))

    def _carry_up(self) -> None:
        now_us = self._now_us()
        data = b""
        if self._line:
            with suppress(BlockingIOError):
                data = os.read(self._line.master, READ_BYTES)
        self._trace.note("ground -> line", data)
        for packet, _ in self._from_ground.feed(data):
            if packet is not None:
                counter = int.from_bytes(packet[-tc.TRAILER_SIZE - 2 :][:4], "big")
                if counter > self._used:
                    self._next_counter = max(self._next_counter, counter + 1)
                    self.up.send(now_us, frame.encode(packet))
        if out := self.up.arrivals(now_us):
            self._to_unit(out, "line -> unit")

    def _to_unit(self, data: bytes, way: str) -> None:
        self._trace.note(way, data)
        with suppress(OSError):  # the reader sees it too, and opens the port again
            self._port.write(data)

    def _now_us(self) -> int:
        return time.monotonic_ns() // 1000
