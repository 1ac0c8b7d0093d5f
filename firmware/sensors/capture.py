"""A capture: six acoustic channels around a trigger, as every maker of sensors delivers it."""

from array import array

from firmware.world.impact import NO_PULSE

CHANNELS = 6
COINCIDENCE = 3  # sensors that make an impact
SAMPLE_RATE_HZ = 2500000
SAMPLES = 2500  # a channel: 1 ms at 0.4 µs
PRETRIGGER = 500  # 200 µs
AFTER_US = 800
FULL_CODE = 32767

NONE, EDGES, ENVELOPE, WAVEFORM = 0, 1, 2, 3  # what an acoustic front end can give


def _zeros(n):
    return array("h", (0 for _ in range(n)))  # array(bytes) would need it twice


# The first capture's buffer, made while a small heap is still in one piece (firmware/heap.py).
_MADE = [_zeros(CHANNELS * SAMPLES)]


def spare():
    """Give the first buffer back: this window has no waveforms."""
    _MADE.clear()


class Capture:
    """One trigger with the waveforms of all channels, in a buffer that is allocated once.

    Full scale (code 32768) is 10 V at `gain_db` 0 and 100 mV at 40. Sample `pretrigger` of a
    channel is taken at `trigger_us`. `pulse` is the sensor that sent a pulse for a self-test, or
    NO_PULSE.
    """

    capability = WAVEFORM
    kept = True  # all channels stay in `samples` until the window is told otherwise

    def __init__(self):
        self.samples = _MADE.pop() if _MADE else _zeros(CHANNELS * SAMPLES)
        self.pretrigger = PRETRIGGER
        self.trigger_us = 0
        self.gain_db = 0
        self.pulse = NO_PULSE

    def channel(self, k):
        """(samples, index of the first) of channel k: 2500 of them."""
        return self.samples, k * SAMPLES


class Glimpse:
    """A trigger while the buffer is frozen: one channel at a time, for its features.

    `make(k, samples)` fills `samples` with channel k.
    """

    capability = WAVEFORM
    kept = False

    def __init__(self, make):
        self.samples = _zeros(SAMPLES)
        self.pretrigger = PRETRIGGER
        self.trigger_us = 0
        self.gain_db = 0
        self.pulse = NO_PULSE
        self._make = make

    def channel(self, k):
        """(samples, index of the first) of channel k, until the next call."""
        self._make(k, self.samples, 0)
        return self.samples, 0
