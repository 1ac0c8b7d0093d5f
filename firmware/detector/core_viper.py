"""The detector's inner loops as machine code: core_plain.py in MicroPython's viper.

Everything fits in 32 bits, as on a board; hil_tests runs this source over integers that raise when
it does not. A literal from 2^30 on is no small integer of such a board, and does not compile.
`ptr16` and `ptr32` read without sign. Small functions are written out where they are used: a call
from viper costs more than they do.
"""

import micropython


@micropython.viper
def measure(samples: ptr16, block: ptr32):
    begin = int(block[0])
    end = int(block[1])
    code = int(block[2])
    pdt = int(block[3])
    hdt = int(block[4])
    first = begin
    while first < end:
        value = int(samples[first])
        if value > 32767:
            value -= 65536
        if value >= code or value <= 0 - code:
            break
        first += 1
    last = first
    peak_at = first
    peak = 0
    counts = 0
    low = 0  # the running energy, and that at the last crossing: high · 2^30 + low
    high = 0
    energy_low = 0
    energy_high = 0
    below = 1
    i = first
    while i < end:
        value = int(samples[i])
        if value > 32767:
            value -= 65536
        low += value * value
        high += low >> 30
        low &= 0x3FFFFFFF
        if value >= code:
            counts += below
            below = 0
            last = i
            energy_low = low
            energy_high = high
        else:
            below = 1
            if value <= 0 - code:
                last = i
                energy_low = low
                energy_high = high
                value = 0 - value
            elif i - last > hdt:
                break
        if value > peak and i - peak_at <= pdt:
            peak = value
            peak_at = i
        i += 1
    block[5] = first
    block[6] = peak
    block[7] = peak_at
    block[8] = last
    block[9] = counts
    block[10] = energy_high
    block[11] = energy_low


@micropython.viper
def band_pass(samples: ptr16, out: ptr16, taps: ptr16, block: ptr32):
    begin = int(block[0])
    end = int(block[1])
    count = int(block[2])
    i = begin
    while i < end:
        total = 0
        j = 0
        while j < count:
            value = int(samples[i - j])
            if value > 32767:
                value -= 65536
            tap = int(taps[j])
            if tap > 32767:
                tap -= 65536
            total += value * tap
            j += 1
        total >>= 12
        if total > 32767:
            total = 32767
        elif total < -32767:
            total = -32767
        out[i - begin] = total
        i += 1


@micropython.viper
def onset(wave: ptr16, logs: ptr32, block: ptr32) -> int:
    begin = int(block[0])
    end = int(block[1])
    shift = int(block[2])
    floor = int(block[3])
    n = end - begin
    total = 0
    i = begin
    while i < end:
        value = int(wave[i])
        if value > 32767:
            value -= 65536
        value >>= shift
        total += value * value
        i += 1
    least = 0x3FFFFFFF  # above any: 150 samples of 30 bits' log
    best = begin
    left = 0
    i = 1
    while i < n - 1:
        value = int(wave[begin + i - 1])
        if value > 32767:
            value -= 65536
        value >>= shift
        left += value * value
        aic = 0
        part = 0
        while part < 4:  # log2 of the sums before and after i, less that of their lengths
            length = i if part < 2 else n - i
            if part & 1:
                x = length
            else:
                x = (left if part < 2 else total - left) + floor * length
            log = 0
            if x >= 2:
                exponent = 29
                step = 16
                while step:
                    if x < 1 << (30 - step):
                        x <<= step
                        exponent -= step
                    step >>= 1
                at = (x >> 21) & 0xFF
                log = int(logs[at])
                log += (exponent << 16) + ((int(logs[at + 1]) - log) * ((x >> 6) & 0x7FFF) >> 15)
            aic += length * (0 - log if part & 1 else log)
            part += 1
        if aic < least:
            least = aic
            best = begin + i
        i += 1
    return best
