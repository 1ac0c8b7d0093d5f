"""ST[13] large data: the waveforms of a hit in parts, when nothing else is to be sent.

The capture's buffer stays frozen until the last part is made. Parts are records as any others; when
the recorder overflows they go with the housekeeping.
"""

from struct import pack

from firmware.sensors.capture import CHANNELS, SAMPLES
from protocol.wire import tables

HEAD = ">QHBBLHH"  # trigger time, transaction, channels, gain, rate, pretrigger, samples a channel
HEAD_WORDS = 10
PART_WORDS = 100
LAST_TRANSACTION = 0xFFFF


class LargeData:
    """Sends what the window keeps."""

    def __init__(self, downlink, window, parameters):
        self._downlink = downlink
        self._window = window
        self._parameters = parameters
        self._transaction = 0
        self._part = 0
        self._parts = 0  # 0: nothing to send
        self._head = b""
        self._due_us = 0

    def begin(self, capture):
        """Take a hit's waveforms; returns its transaction, 0 when they are not sent."""
        if not self._parameters.get(tables.SETTING_WAVEFORMS):
            return 0
        self._transaction = self._transaction % LAST_TRANSACTION + 1
        self._part = 0
        self._parts = -(-(HEAD_WORDS + CHANNELS * SAMPLES) // PART_WORDS)
        self._head = pack(
            HEAD,
            self._downlink.time_us(capture.trigger_us),
            self._transaction,
            CHANNELS,
            capture.gain_db,
            self._window.sample_rate_hz,
            capture.pretrigger,
            SAMPLES,
        )
        return self._transaction

    def step(self):
        """Make the next part, when it is due and the line is idle."""
        if not self._parts or self._downlink.tick_us < self._due_us or not self._downlink.idle():
            return
        interval_ms = self._parameters.get(tables.SETTING_WAVEFORM_INTERVAL_MS)
        self._due_us = self._downlink.tick_us + interval_ms * 1000
        part, last = self._part, self._parts - 1
        kind = tables.TM_WAVEFORM_NEXT
        if part == 0:
            kind = tables.TM_WAVEFORM_FIRST
        elif part == last:
            kind = tables.TM_WAVEFORM_LAST
        data = self._bytes(part)
        self._downlink.make(kind, (self._transaction, part, self._parts, len(data), data))
        self._part += 1
        if part == last:
            self._parts = 0
            self._window.thaw()

    def _bytes(self, part):
        samples = self._window.kept.samples
        first = part * PART_WORDS - HEAD_WORDS
        end = min(first + PART_WORDS, CHANNELS * SAMPLES)
        words = samples[max(0, first) : end]
        data = pack(">%dh" % len(words), *words)
        return self._head + data if part == 0 else data
