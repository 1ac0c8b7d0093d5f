"""When A0 arrives: the threshold finds the burst, Akaike's criterion (AIC) its onset.

A strong burst crosses the threshold with S0, a weak one with A0: the one is 9.7 µs ahead of the
other for each 100 mm. A0 is some 20 dB stronger. So the onset is looked for where the band-passed
wave comes within 8.5 dB of its peak, and with a variance floor 24 dB below the peak S0 makes no
onset. Where clipping hides which is stronger, there is no pick of A0.

AIC(k) = k·log var(x[:k]) + (n − k)·log var(x[k:]) is least at the onset (Maeda 1985); the means are
taken as zero, which a band-pass makes them.
"""

from array import array

from firmware.detector.core import BLOCK, LOGS, TAPS, band_pass, onset
from firmware.sensors.capture import FULL_CODE

NO_PICK = -1
OVERDRIVEN = -2  # and S0 may be picked (stretch.py)

_BEFORE = 150  # samples of the wave before the first crossing, 60 µs
_AFTER = 250
_PEAK_WITHIN = 200  # A0 is there 80 µs after the first crossing, wherever the source
_AHEAD, _BEHIND = 100, 50  # the window of the AIC around the level
_NOISE = 100  # samples from which the noise is taken
_BITS = 11
_STRONG = 64 * 64  # peak over noise, squared, from which S0 would show
_CLIP_WINDOW = 50
_CLIPPED = 24  # of 50 samples: A0 is 3 dB and more over full scale

_WAVE = array("h", (0 for _ in range(_BEFORE + _AFTER)))


def pick(samples, start, end, first):
    """Index of A0's onset in samples[start:end], whose first crossing is at `first`; or why not."""
    begin = first - _BEFORE
    size = min(first + _AFTER, end) - begin
    if begin - len(TAPS) < start or size < _BEFORE + _AHEAD:
        return NO_PICK
    BLOCK[0], BLOCK[1], BLOCK[2] = begin, begin + size, len(TAPS)
    band_pass(samples, _WAVE, TAPS, BLOCK)
    peak = max(_largest(_BEFORE, min(size, _BEFORE + _PEAK_WITHIN)), 1)
    level = max(1, peak * 3 >> 3)
    at = _BEFORE - 10
    while -level < _WAVE[at] < level:
        at += 1
    if _overdriven(samples, begin + at, end):
        return OVERDRIVEN
    shift = 0
    BLOCK[0], BLOCK[1] = max(0, at - _AHEAD), min(size, at + _BEHIND)
    highest = _largest(BLOCK[0], BLOCK[1])
    while highest >> shift >= 1 << _BITS:
        shift += 1
    noise = 0
    for i in range(_NOISE):
        noise += _WAVE[i] * _WAVE[i]
    floor = peak >> (4 + shift) if peak * peak > _STRONG * (noise // _NOISE) else 0
    BLOCK[2], BLOCK[3] = shift, floor * floor
    return begin + onset(_WAVE, LOGS, BLOCK)


def _largest(begin, end):
    largest = 0
    for i in range(begin, end):
        value = _WAVE[i]
        if value > largest:
            largest = value
        elif -value > largest:
            largest = -value
    return largest


def _overdriven(samples, begin, end):
    """True when in some 20 µs of the first 80 most samples clip."""
    for window in range(begin, min(begin + 4 * _CLIP_WINDOW, end), _CLIP_WINDOW):
        clipped = 0
        for i in range(window, min(window + _CLIP_WINDOW, end)):
            if not -FULL_CODE < samples[i] < FULL_CODE:
                clipped += 1
        if clipped > _CLIPPED:
            return True
    return False
