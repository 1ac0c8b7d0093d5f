"""Comparator edges: no waveform, but when each channel crossed first, to parts of a microsecond."""

from firmware.detector.group import GROUP
from firmware.sensors.acoustic import Acoustic
from firmware.sensors.capture import AFTER_US, CHANNELS, COINCIDENCE, EDGES
from firmware.sensors.sighting import Sighting

_TENTHS = 10
_WAIT = AFTER_US * _TENTHS  # by then every edge of an impact is there


class EdgeInput(Acoustic):
    """Three channels within 100 µs are an impact, fewer are lone crossings.

    `source` has `rate_hz`, `arm(lockout_us)` and `collect(edges)` (pio_edges.py, pcnt_edges.py);
    `threshold` sets the comparators, or is None where they are fixed; `peaks` are six inputs of
    peak detectors in 0.01 dB_AE, or none.
    """

    capability = EDGES

    def __init__(self, source, threshold, peaks, quiet_s=0):
        Acoustic.__init__(self, quiet_s)
        self.sample_rate_hz = source.rate_hz
        self._source = source
        self._threshold = threshold
        self._peaks = peaks
        self._lockout_us = None
        self._edges = []  # (0.1 µs on the board's clock, channel), not yet judged
        self._impacts = []  # such lists
        self._sighting = Sighting(EDGES)
        self._busy = False

    def configure(self, threshold_cdb, hlt_us):
        if self._threshold:
            self._threshold.set(threshold_cdb)
        if hlt_us != self._lockout_us:
            self._lockout_us = hlt_us
            self._source.arm(hlt_us)

    def advance(self, now_us):
        """Take the edges; judge those that are old enough to be complete."""
        self._source.collect(self._edges)
        self._edges.sort()
        while self._edges and self._edges[0][0] + _WAIT <= now_us * _TENTHS:
            impact = self._impact()
            if impact:
                self._impacts.append(impact)
                last = impact[-1][0]
                while self._edges and self._edges[0][0] <= last:
                    self._edges.pop(0)
            else:
                self.crossings[self._edges.pop(0)[1]] += 1

    def capturing(self):
        return bool(self._edges)

    def capture(self):
        if self._busy or not self._impacts:
            return None
        impact = self._impacts.pop(0)
        first = impact[0][0]
        made = self._sighting
        made.clear()
        made.trigger_us = first // _TENTHS
        for at, k in impact:
            made.arrivals[k] = at - made.trigger_us * _TENTHS
            if self._peaks:
                made.peaks[k] = max(0, self._peaks[k].read())
        self._busy = True
        return made

    def release(self, keep):
        self._busy = False

    def _impact(self):
        """The first edge and what belongs to it, when it begins the fullest 100 µs."""
        first = self._edges[0][0]
        mine = self._within(first)
        if len(mine) < COINCIDENCE:
            return None
        for at, _ in mine[1:]:
            if len(self._within(at)) > len(mine):
                return None
        return mine

    def _within(self, first):
        """Edges of 100 µs, one a channel."""
        heard = [False] * CHANNELS
        found = []
        for at, k in self._edges:
            if first <= at <= first + GROUP and not heard[k]:
                heard[k] = True
                found.append((at, k))
        return found
