"""A unit in virtual time with a window and a ground in the test's hands."""

from __future__ import annotations

from types import SimpleNamespace

from firmware.boards.fixed import FixedBoard
from firmware.boards.this import this_board
from firmware.store.ram import RamFiles
from firmware.unit import STEP_US, Unit
from protocol.schema.decode import Decoded, decode
from protocol.wire import tc

KEY = bytes(range(32))
APID = 5


class FakeWindow:
    """Readings that change, and the captures that a test puts in."""

    capability = 3
    sample_rate_hz = 2_500_000

    def __init__(self):
        self.crossings = [0] * 6
        self.captures = []
        self.kept = None
        self.busy = False
        self.offsets = [0] * 6
        self.pulses = []
        self.slow = [1_013_250, 1_013_250, 1_013_250, 10_000, 17_000, 21_000]
        self._reading = 0

    def advance(self, t_us):
        self.now_us = t_us

    def read_slow(self, out):
        self._reading ^= 1
        out[:] = [value + self._reading for value in self.slow]

    def capturing(self):
        return self.busy

    def capture(self):
        return self.captures[0] if self.captures else None

    def release(self, keep=False):
        capture = self.captures.pop(0)
        self.kept = capture if keep else self.kept

    def thaw(self):
        self.kept = None

    def configure(self, threshold_cdb, hlt_us):
        self.threshold_cdb, self.hlt_us = threshold_cdb, hlt_us

    def crossing_interval_s(self):
        return 21

    def pulse(self, channel):
        self.pulses.append(channel)
        return False

    def reference(self, out):
        out[:] = self.offsets
        return True


class Bench:
    """Steps a Unit; keeps what it sent. `link_takes` False: the link takes nothing."""

    def __init__(self, files=None, store_bytes=1 << 23, **options):
        self.files = RamFiles() if files is None else files
        self.window = FakeWindow()
        self.packets: list[bytes] = []
        self.link_takes = True
        self.counter = 0
        self.tick_us = options.get("boot_us", 0)
        settings = SimpleNamespace(
            vehicle="sz20", unit="w1", apid=APID, key=KEY, store_bytes=store_bytes
        )
        self.unit = Unit(
            settings, FixedBoard(this_board()), self.window, self.files, self._send, **options
        )

    def run(self, seconds: float) -> list[Decoded]:
        """Step on; returns what was sent meanwhile."""
        before = len(self.packets)
        for _ in range(round(seconds * 1e6) // STEP_US):
            self.unit.step(self.tick_us)
            self.tick_us += STEP_US
        return [decode(packet) for packet in self.packets[before:]]

    def command(self, index, values=(), ack=tc.ACK_ALL, counter=None, key=KEY) -> bytes:
        """Give the unit a signed command; returns its bytes."""
        if counter is None:
            counter, self.counter = self.counter, self.counter + 1
        packet = tc.build(index, APID, counter, counter, key, values, ack)
        self.unit.receive(packet)
        return packet

    def _send(self, packet: bytes) -> bool:
        if self.link_takes:
            self.packets.append(packet)
        return self.link_takes


def named(packets: list[Decoded], *names: str) -> list[Decoded]:
    """The packets of these types."""
    return [packet for packet in packets if packet.name in names]
