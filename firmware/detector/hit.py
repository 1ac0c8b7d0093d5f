"""Hits and impacts in a capture: burst features after EN 1330-9 / ASTM E1316, integers only.

One hit a channel and capture (its 1 ms is the least hit lockout time). Features are of the raw
waveform, from the first crossing of the threshold; the arrival is A0's onset where that can be
told, S0's where clipping hides A0's, else the first crossing.
"""

from firmware.detector.core import BLOCK, measure
from firmware.detector.group import group, new_hits
from firmware.detector.onset import NO_PICK, OVERDRIVEN, pick
from firmware.detector.stretch import pick_stretch
from firmware.sensors.capture import CHANNELS, FULL_CODE, SAMPLES, WAVEFORM
from firmware.world.fixed import amplitude_nv, centi_db

_TICKS = 4  # 0.1 µs a sample
_DELAY = (
    16  # 0.1 µs from A0's true arrival to where AIC sees it, on average (docs/firmware-world.md)
)
_DELAY_S0 = 3  # the same of S0 and its crossing
_AHEAD = 5  # samples before the trigger in which its own burst may show
_STILL = 50  # samples, a period of 50 kHz: above threshold so near the end is not over
_PICO = 1000
_CODE_PV = {40: 3051758, 0: 305175781}  # 100 mV and 10 V over 32768
_CODE_CDB = {40: 969, 0: 4969}  # the same in 0.01 dB_AE
_EU_NUM = {40: 400000, 0: 4000000000}  # code²·0.4 µs = 400000/2^30 eu at 40 dB
_EU_BITS = 30
_MICROS = 10  # 0.1 µs

__all__ = ["Detector", "new_hits"]


class Detector:
    """`hits` holds what the last capture had, one of each sensor."""

    def __init__(self, threshold_cdb=4000, pdt_us=200, hdt_us=400):
        self.hits = new_hits()
        self.configure(threshold_cdb, pdt_us, hdt_us)

    def configure(self, threshold_cdb, pdt_us, hdt_us):
        """Threshold in 0.01 dB_AE, peak and hit definition time."""
        threshold_pv = amplitude_nv(threshold_cdb) * _PICO
        self._code = {gain: -(-threshold_pv // pv) for gain, pv in _CODE_PV.items()}
        self._pdt = pdt_us * _MICROS // _TICKS
        self._hdt = hdt_us * _MICROS // _TICKS

    def detect(self, capture):
        """Fill `hits`; returns how many sensors hit within 100 µs. Three or more are an impact.

        `valid` marks those of the fullest 100 µs; a crossing outside it keeps its features. Where
        there are no waveforms the sighting has all that is known.
        """
        if capture.capability != WAVEFORM:
            capture.fill(self.hits)
            return group(self.hits)
        for k in range(CHANNELS):
            hit = self.hits[k]
            hit.clear()
            if k != capture.pulse:
                samples, start = capture.channel(k)
                self._measure(capture, samples, start, hit)
        return group(self.hits)

    def _measure(self, capture, samples, start, hit):
        end = start + SAMPLES
        zero = start + capture.pretrigger
        gain_db = capture.gain_db
        BLOCK[0], BLOCK[1], BLOCK[2] = max(start + 1, zero - _AHEAD), end, self._code[gain_db]
        BLOCK[3], BLOCK[4] = self._pdt, self._hdt
        measure(samples, BLOCK)
        first, peak, peak_at, last, counts = BLOCK[5], BLOCK[6], BLOCK[7], BLOCK[8], BLOCK[9]
        energy = (BLOCK[10] << 30) + BLOCK[11]
        if first == end:
            return
        hit.valid = True
        hit.peak = centi_db(peak) + _CODE_CDB[gain_db]
        hit.rise = _TICKS * (peak_at - first)
        hit.duration = _TICKS * (last - first)
        hit.counts = counts
        hit.energy = energy * _EU_NUM[gain_db] >> _EU_BITS
        hit.saturated = peak >= FULL_CODE
        hit.truncated = end - last <= _STILL
        at = pick(samples, start, end, first)
        if at == OVERDRIVEN:
            at = pick_stretch(samples, first, end)
            hit.picked_s0 = at >= 0
        elif at != NO_PICK:
            hit.picked = True
            hit.arrival = _TICKS * (at - zero) - _DELAY
            return
        if hit.picked_s0:
            hit.arrival = _TICKS * (at - zero) - _DELAY_S0
        else:
            hit.arrival = _TICKS * (first - zero)
