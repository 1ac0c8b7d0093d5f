"""Hit report TM[129,1]: the bursts of three or more sensors within 100 µs."""

from firmware.detector.hit import Detector
from firmware.sensors.capture import COINCIDENCE, NO_PULSE, WAVEFORM
from firmware.services import event
from firmware.services.limiter import Limiter
from protocol.wire import tables
from protocol.wire.events import WAVEFORM_MISSED

MISSED = 1  # bit of the flags
_EVENTS_US = 10_000_000


class HitReports:
    """Runs the detector over the window's captures."""

    def __init__(self, downlink, window, parameters, large_data, self_test):
        self.impacts = 0
        self._downlink = downlink
        self._window = window
        self._parameters = parameters
        self._large_data = large_data
        self._self_test = self_test
        self._detector = Detector()
        self._configured = -1  # changes of settings that are followed
        self._missed = 0
        self._events = Limiter(1, _EVENTS_US)

    def step(self):
        """Report every capture that is ready."""
        self._configure()
        while True:
            capture = self._window.capture()
            if capture is None:
                break
            sensors = self._detector.detect(capture)
            keep = False
            if capture.pulse != NO_PULSE:
                self._self_test.take(self._detector.hits, capture.pulse)
            elif sensors >= COINCIDENCE:
                keep = self._report(capture)
            self._window.release(keep)
        if self._missed and self._events.allow(self._downlink.tick_us):
            event.report(self._downlink, WAVEFORM_MISSED, self._missed)
            self._missed = 0

    def _configure(self):
        """Follow the settings."""
        if self._configured == self._parameters.changes:
            return
        self._configured = self._parameters.changes
        setting = self._parameters.get
        threshold_cdb = setting(tables.SETTING_AE_THRESHOLD)
        self._detector.configure(
            threshold_cdb, setting(tables.SETTING_PDT_US), setting(tables.SETTING_HDT_US)
        )
        self._window.configure(threshold_cdb, setting(tables.SETTING_HLT_US))

    def _report(self, capture):
        """Returns whether its waveforms are to be kept."""
        channels = picked = picked_s0 = saturated = truncated = 0
        features = []  # type: list[int]
        for k, hit in enumerate(self._detector.hits):
            if not hit.valid:
                features.extend((0, 0, 0, 0, 0, 0))
                continue
            channels |= 1 << k
            picked |= bool(hit.picked) << k
            picked_s0 |= bool(hit.picked_s0) << k
            saturated |= bool(hit.saturated) << k
            truncated |= bool(hit.truncated) << k
            features.extend((hit.arrival, hit.peak, hit.rise, hit.duration, hit.counts, hit.energy))
        self.impacts += 1
        transaction = self._large_data.begin(capture) if capture.kept else 0
        missed = capture.capability == WAVEFORM and not capture.kept
        self._missed += missed
        values = [self._downlink.time_us(capture.trigger_us), channels, picked]
        values.extend((picked_s0, saturated, truncated, MISSED if missed else 0))
        values.extend((capture.gain_db, transaction))
        values.extend(features)
        self._downlink.make(tables.TM_HIT, values)
        return transaction != 0
