"""Peak detectors read by a slow ADC: how loud each channel was, and in which sample."""

from firmware.sensors.acoustic import Acoustic
from firmware.sensors.capture import CHANNELS, COINCIDENCE, ENVELOPE
from firmware.sensors.sighting import NOT_HEARD, Sighting

RATE_HZ = 50  # once a step


class EnvelopeInput(Acoustic):
    """`inputs` are six Analogs in 0.01 dB_AE, whose detectors hold a peak for some samples.

    A burst may begin between the readings of two channels, so what rises in two samples running is
    one event: of three channels an impact, of fewer lone crossings. Arrivals are all zero: within a
    sample nothing is known.
    """

    capability = ENVELOPE
    sample_rate_hz = RATE_HZ

    def __init__(self, inputs, quiet_s=0):
        Acoustic.__init__(self, quiet_s)
        self._inputs = inputs
        self._threshold_cdb = 0
        self._lockout_us = 0
        self._above = [False] * CHANNELS
        self._quiet_from_us = 0
        self._since_us = None  # type: int | None # the sample before the first rise of what is gathered
        self._last_us = 0
        self._gathered = Sighting(ENVELOPE)
        self._ready = False
        self._busy = False

    def configure(self, threshold_cdb, hlt_us):
        self._threshold_cdb = threshold_cdb
        self._lockout_us = hlt_us

    def advance(self, now_us):
        """Read every channel once."""
        if self._ready:
            return  # the detector has not looked yet
        gathered = self._gathered
        second = self._since_us is not None
        for k in range(CHANNELS):
            level_cdb = self._inputs[k].read()
            above = level_cdb >= self._threshold_cdb
            rises = above and not self._above[k] and now_us >= self._quiet_from_us
            self._above[k] = above
            if rises:
                if self._since_us is None:
                    gathered.clear()
                    self._since_us = gathered.trigger_us = self._last_us or now_us
                gathered.arrivals[k] = 0
            if gathered.arrivals[k] != NOT_HEARD:
                gathered.peaks[k] = max(gathered.peaks[k], level_cdb)
        self._last_us = now_us
        if second:
            self._judge(now_us)

    def capturing(self):
        return self._since_us is not None

    def capture(self):
        if self._busy or not self._ready:
            return None
        self._ready, self._busy = False, True
        return self._gathered

    def release(self, keep):
        self._busy = False
        self._gathered.clear()

    def _judge(self, now_us):
        gathered = self._gathered
        self._since_us = None
        heard = [k for k in range(CHANNELS) if gathered.arrivals[k] != NOT_HEARD]
        if len(heard) >= COINCIDENCE:
            self._ready = True
            self._quiet_from_us = now_us + self._lockout_us
            return
        for k in heard:
            self.crossings[k] += 1
        gathered.clear()
