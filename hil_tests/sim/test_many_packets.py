"""70,000 packets of one boot over a lossy line: all arrive, each once, past the 14-bit wrap."""

import random

from hil_tests.support.bench import Bench
from protocol.schema.decode import decode
from protocol.wire import tables, tc
from protocol.wire.frame import Deframer, encode

PACKETS = 70_000
LOSS = 0.02


class Collector:
    """The ground's part: keeps each record once, asks for holes, acknowledges."""

    def __init__(self, bench):
        self.kept: dict[int, bytes] = {}
        self.below = 0
        self.newest = -1
        self._bench = bench
        self._deframer = Deframer()

    def receive(self, data):
        for packet, _ in self._deframer.feed(data):
            if packet is None:
                continue
            record = decode(packet).record
            if record in self.kept:
                assert self.kept[record] == packet, "a stored packet comes again byte for byte"
            self.kept[record] = packet
            self.newest = max(self.newest, record)
        while self.below in self.kept:
            self.below += 1

    def ask_and_acknowledge(self):
        holes = [r for r in range(self.below, self.newest) if r not in self.kept]
        for hole in holes[:12]:
            self._uplink(tables.TC_RETRIEVE, (1, hole, hole))
        bits = sum(1 << i for i in range(256) if self.below + i in self.kept)
        self._uplink(tables.TC_COMMIT, (1, self.below, bits.to_bytes(32, "little")))

    def _uplink(self, index, values):
        self._bench.command(index, values, ack=tc.ACK_NONE)


class LossyLine:
    """Flips a byte of some frames and swallows others."""

    def __init__(self, seed):
        self._random = random.Random(seed)
        self.damaged = 0

    def carry(self, frame):
        if self._random.random() >= LOSS:
            return frame
        self.damaged += 1
        if self._random.random() < 0.5:
            return b""
        at = self._random.randrange(len(frame))
        return frame[:at] + bytes([frame[at] ^ 1 << self._random.randrange(8)]) + frame[at + 1 :]


def test_every_packet_of_a_long_boot_arrives_exactly_once():
    bench = Bench(housekeeping_us=40_000)
    line = LossyLine(7)
    ground = Collector(bench)
    while ground.below < PACKETS:
        bench.run(1.0)
        for packet in bench.packets:
            ground.receive(line.carry(encode(packet)))
        bench.packets.clear()
        ground.ask_and_acknowledge()
        assert ground.newest < 1.1 * PACKETS, "the refill keeps up"
    assert sorted(ground.kept)[:PACKETS] == list(range(PACKETS))
    assert line.damaged > PACKETS * LOSS / 2
    sequence = [int.from_bytes(ground.kept[r][2:4], "big") & 0x3FFF for r in (16_383, 16_384)]
    assert sequence == [16_383, 0]
    assert sum(bench.files.size(name) for name in bench.files.names()) < 200_000
