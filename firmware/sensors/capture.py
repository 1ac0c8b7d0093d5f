"""A capture: six acoustic channels around a trigger, as every maker of sensors delivers it."""

from array import array

CHANNELS = 6
COINCIDENCE = 3  # sensors that make an impact
SAMPLE_RATE_HZ = 2500000
SAMPLES = 2500  # a channel: 1 ms at 0.4 µs
PRETRIGGER = 500  # 200 µs
AFTER_US = 800
FULL_CODE = 32767

EDGES, ENVELOPE, WAVEFORM = 1, 2, 3  # what an acoustic front end can give


class Capture:
    """One trigger; the buffer is allocated once and used again.

    Channel k is `samples[k * 2500:(k + 1) * 2500]`; its sample `pretrigger` is taken at
    `trigger_us`. Full scale (code 32768) is 10 V at `gain_db` 0 and 100 mV at 40.
    """

    def __init__(self):
        # from a generator: array(bytes) would need the 30 KB twice
        self.samples = array("h", (0 for _ in range(CHANNELS * SAMPLES)))
        self.pretrigger = PRETRIGGER
        self.trigger_us = 0
        self.gain_db = 0
