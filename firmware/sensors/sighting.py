"""An impact of a front end that has no waveforms: when each channel crossed, perhaps how loud."""

from firmware.sensors.capture import CHANNELS, EDGES, NO_PULSE

NOT_HEARD = -1


class Sighting:
    """Stands where a Capture does; `arrivals` are 0.1 µs after `trigger_us`, or NOT_HEARD.

    `peaks` are 0.01 dB_AE, 0 where nobody measured them.
    """

    kept = False  # no waveform was ever there
    gain_db = 0
    pulse = NO_PULSE

    def __init__(self, capability=EDGES):
        self.capability = capability
        self.trigger_us = 0
        self.arrivals = [NOT_HEARD] * CHANNELS
        self.peaks = [0] * CHANNELS

    def clear(self):
        """Nobody heard anything."""
        for k in range(CHANNELS):
            self.arrivals[k] = NOT_HEARD
            self.peaks[k] = 0

    def fill(self, hits):
        """Write what is known into six Hits: an arrival is a first crossing, of A0 or S0."""
        for k in range(CHANNELS):
            hit = hits[k]
            hit.clear()
            if self.arrivals[k] != NOT_HEARD:
                hit.valid = True
                hit.arrival = self.arrivals[k]
                hit.peak = self.peaks[k]
