"""The detector's inner loops in plain integers: what core_viper.py does, for any Python.

`block` is an array of 32-bit integers: arguments first, then results (core.py).
"""

from firmware.detector.logs import log2_q16


def measure(samples, block):
    """Features of a burst in samples[begin:end] over a threshold; see core.py for `block`."""
    begin, end, code, pdt, hdt = block[0], block[1], block[2], block[3], block[4]
    first = begin
    while first < end and -code < samples[first] < code:
        first += 1
    block[5] = first
    last = peak_at = first
    peak = counts = total = energy = 0
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
            elif i - last > hdt:
                break
        if value > peak and i - peak_at <= pdt:
            peak, peak_at = value, i
    block[6], block[7], block[8], block[9] = peak, peak_at, last, counts
    block[10], block[11] = energy >> 30, energy & 0x3FFFFFFF


def band_pass(samples, out, taps, block):
    """out[i] = the filter's answer at samples[begin + i], for begin … end."""
    begin, end = block[0], block[1]
    for i in range(begin, end):
        total = 0
        j = i
        for tap in taps:
            total += samples[j] * tap
            j -= 1
        total >>= 12
        out[i - begin] = -32767 if total < -32767 else (32767 if total > 32767 else total)


def onset(wave, logs, block):
    """Index of the least AIC in wave[begin:end]; the variance has `floor` added, as in `block`."""
    begin, end, shift, floor = block[0], block[1], block[2], block[3]
    n = end - begin
    total = 0
    for i in range(begin, end):
        value = wave[i] >> shift
        total += value * value
    least = 0x3FFFFFFF
    best = begin
    left = 0
    for i in range(1, n - 1):
        value = wave[begin + i - 1] >> shift
        left += value * value
        before = log2_q16(left + floor * i, logs) - log2_q16(i, logs)
        after = log2_q16(total - left + floor * (n - i), logs) - log2_q16(n - i, logs)
        aic = i * before + (n - i) * after
        if aic < least:
            least, best = aic, begin + i
    return best
