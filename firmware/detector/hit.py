"""Hits and impacts in a capture: burst features after EN 1330-9 / ASTM E1316, integers only.

Threshold 40 dB_AE, peak definition time 200 µs, hit definition time 400 µs; one hit a channel and
capture (its 1 ms is the hit lockout time). The picker is the threshold; a band-pass before it and a
refinement after it (AIC) fit between `_first_crossing` and `_measure`.
"""

from firmware.sensors.capture import CHANNELS, FULL_CODE, SAMPLES
from firmware.world.fixed import centi_db

GROUP = 1000  # 100 µs in 0.1 µs

_TICKS = 4  # 0.1 µs a sample
_PDT = 500  # samples
_HDT = 1000
_AHEAD = 5  # samples before the trigger in which its own burst may show
_STILL = 50  # samples, a period of 50 kHz: above threshold so near the end is not over
_MILLI = 1000
_THRESHOLD_MILLI = {40: 32768, 0: 328}  # 100 µV in 1/1000 code
_CODE_CDB = {40: 969, 0: 4969}  # 3.0518 µV and 305.18 µV in 0.01 dB_AE
_EU_NUM = {40: 400000, 0: 4000000000}  # code²·0.4 µs = 400000/2^30 eu at 40 dB
_EU_BITS = 30


class Hit:
    """Features of one sensor's burst, in the units of TM[129,1]."""

    def __init__(self):
        self.clear()

    def clear(self):
        """No hit."""
        self.valid = False  # part of the impact
        self.arrival = 0  # 0.1 µs after the trigger
        self.peak = 0  # 0.01 dB_AE
        self.rise = 0  # 0.1 µs
        self.duration = 0  # 0.1 µs
        self.counts = 0
        self.energy = 0  # 1e-14 V²s
        self.saturated = False
        self.truncated = False


def new_hits():
    """Six hits for `detect` to fill."""
    return [Hit() for _ in range(CHANNELS)]


def detect(capture, hits):
    """Fill `hits` from the capture; returns how many sensors hit within 100 µs.

    Three or more are an impact. `valid` marks those of the fullest 100 µs, the earliest of equals;
    a crossing outside it keeps its features.
    """
    gain_db = capture.gain_db
    code = -(-_THRESHOLD_MILLI[gain_db] // _MILLI)
    for k in range(CHANNELS):
        hit = hits[k]
        hit.clear()
        start, end = k * SAMPLES, (k + 1) * SAMPLES
        begin = start + max(1, capture.pretrigger - _AHEAD)
        first = _first_crossing(capture.samples, begin, end, code)
        if first < end:
            hit.valid = True
            hit.arrival = _arrival(capture.samples, first, gain_db) - _TICKS * (
                start + capture.pretrigger
            )
            _measure(capture.samples, first, end, code, gain_db, hit)
    return _group(hits)


def _first_crossing(samples, begin, end, code):
    for i in range(begin, end):
        if not -code < samples[i] < code:
            return i
    return end


def _arrival(samples, first, gain_db):
    """When the straight line from the sample before meets the threshold, in 0.1 µs from index 0."""
    after, before = samples[first], samples[first - 1]
    if after < 0:
        after, before = -after, -before
    rise = (after - before) * _MILLI
    short = after * _MILLI - _THRESHOLD_MILLI[gain_db]
    if short >= rise:
        return _TICKS * (first - 1)  # already above: the scan began within the burst
    return _TICKS * first - (_TICKS * short + (rise >> 1)) // rise


def _measure(samples, first, end, code, gain_db, hit):
    last = peak_at = first
    peak = counts = energy = total = 0
    below = True
    for i in range(first, end):
        value = samples[i]
        total += value * value
        if value >= code:
            if below:
                counts += 1
            below = False
            last, energy = i, total
        else:
            below = True
            if value <= -code:
                last, energy = i, total
                value = -value
            elif i - last > _HDT:
                break
        if value > peak and i - peak_at <= _PDT:
            peak, peak_at = value, i
    hit.peak = centi_db(peak) + _CODE_CDB[gain_db]
    hit.rise = _TICKS * (peak_at - first)
    hit.duration = _TICKS * (last - first)
    hit.counts = counts
    hit.energy = energy * _EU_NUM[gain_db] >> _EU_BITS
    hit.saturated = peak >= FULL_CODE
    hit.truncated = end - last <= _STILL


def _group(hits):
    """Keep valid only the fullest 100 µs; returns how many are in it."""
    most, since = 0, 0
    for hit in hits:
        if hit.valid:
            inside = sum([1 for h in hits if h.valid and 0 <= h.arrival - hit.arrival <= GROUP])
            if inside > most or (inside == most and hit.arrival < since):
                most, since = inside, hit.arrival
    for hit in hits:
        hit.valid = hit.valid and 0 <= hit.arrival - since <= GROUP
    return most
