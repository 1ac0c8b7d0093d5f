"""Every packet of one boot: made here, kept by the recorder, sent once on the live stream.

The live stream never waits: what the link does not take at once is counted and left to the
recorder, from which the ground asks for it again.
"""

from firmware.store.segment import EVENT, HOUSEKEEPING
from protocol.wire import cuc
from protocol.wire.frame import MAX_PACKET
from protocol.wire.tables import TM_KEEP, TM_SERVICE


class Downlink:
    """Makes packets and sends them.

    `send(packet) -> bool` is the link. With `epoch_us` (TAI since 2020 of scenario time 0) packets
    carry TAI, else µs since the boot, which was at scenario time `boot_us`.
    """

    def __init__(self, board, recorder, apid, send, boot_us, epoch_us):
        self.tick_us = boot_us
        self.dropped = 0
        self.disabled_events = 0  # bit i: event i is not reported (ST[05])
        self.boot_us = boot_us
        self._board = board
        self._recorder = recorder
        self._apid = apid
        self._send = send
        self._jumped_us = 0
        self._epoch_us = epoch_us
        self._status = cuc.STATUS_SINCE_BOOT if epoch_us is None else cuc.STATUS_TAI
        self._record = 0
        self._type_counts = [0] * len(TM_SERVICE)
        self._buffer = bytearray(MAX_PACKET)
        self._live = []

    def time_us(self, scenario_us):
        """Scenario time in the packets' time scale, µs; never before the boot."""
        if self._epoch_us is None:
            return max(0, scenario_us - self.boot_us + self._jumped_us)
        return max(0, self._epoch_us + scenario_us + self._jumped_us)

    def since_boot_us(self):
        """µs since this boot."""
        return max(0, self.tick_us - self.boot_us + self._jumped_us)

    def jump(self, by_us):
        """The clock that dates packets is suddenly another."""
        self._jumped_us += by_us

    def idle(self):
        """True while this step has made nothing that is to be sent."""
        return not self._live

    def make(self, kind, values):
        """Make the next packet (kind: tables.TM_*), record it, send it live; returns its bytes."""
        coarse, fine = cuc.from_us(self.time_us(self.tick_us))
        size = self._board.pack(
            self._buffer,
            kind,
            self._apid,
            self._status,
            coarse,
            fine,
            self._type_counts[kind],
            self._recorder.boot,
            self._record,
            values,
        )
        packet = bytes(memoryview(self._buffer)[:size])
        self._type_counts[kind] = (self._type_counts[kind] + 1) & 0xFFFF
        self._record += 1
        self._recorder.append(packet, EVENT if TM_KEEP[kind] else HOUSEKEEPING, self.tick_us)
        self._live.append(packet)
        return packet

    def resend(self, packet):
        """Send a packet that was made before once more."""
        self._live.append(packet)

    def deliver(self, backlog):
        """Hand the live packets to the link; when there are none, one packet of the backlog."""
        if self._live:
            for packet in self._live:
                if not self._send(packet):
                    self.dropped += 1
            self._live = []
            return
        packet = backlog.peek()
        if packet is not None and self._send(packet):
            backlog.advance()
