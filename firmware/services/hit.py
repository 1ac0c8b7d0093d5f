"""Hit report TM[129,1]: the bursts of three or more sensors within 100 µs."""

from firmware.detector.hit import Detector
from firmware.sensors.capture import COINCIDENCE
from protocol.wire.tables import TM_HIT

NO_FLAGS = 0


class HitReports:
    """Runs the detector over the window's captures."""

    def __init__(self, downlink, window):
        self.impacts = 0
        self._downlink = downlink
        self._window = window
        self._detector = Detector()

    def step(self):
        """Report every capture that is ready."""
        while True:
            capture = self._window.capture()
            if capture is None:
                return
            if self._detector.detect(capture) >= COINCIDENCE:
                self._report(capture)
            self._window.release()

    def _report(self, capture):
        channels = picked = saturated = truncated = 0
        features = []  # type: list[int]
        for k, hit in enumerate(self._detector.hits):
            if not hit.valid:
                features.extend((0, 0, 0, 0, 0, 0))
                continue
            channels |= 1 << k
            picked |= bool(hit.picked) << k
            saturated |= bool(hit.saturated) << k
            truncated |= bool(hit.truncated) << k
            features.extend((hit.arrival, hit.peak, hit.rise, hit.duration, hit.counts, hit.energy))
        self.impacts += 1
        values = [self._downlink.time_us(capture.trigger_us), channels, picked]
        values.extend((saturated, truncated, NO_FLAGS, capture.gain_db, 0))
        values.extend(features)
        self._downlink.make(TM_HIT, values)
