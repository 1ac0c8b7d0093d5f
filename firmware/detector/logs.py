"""log2 by a table, for 30-bit integers: within 2 of 65536 parts."""

from array import array

from firmware.world.fixed import log2_q16 as _exact

_TOP = 8  # bits of the table's index


def table():
    """log2(1 + i/256) in Q16 for i = 0 … 256."""
    return array("i", (_exact(256 + i) - (_TOP << 16) for i in range(257)))


def log2_q16(n, logs):
    """log2(n) in Q16 for 1 <= n < 2^30; 0 for 0."""
    if n < 2:
        return 0
    exponent = 29
    for step in (16, 8, 4, 2, 1):
        if n < 1 << (30 - step):
            n <<= step
            exponent -= step
    i = n >> 21 & 0xFF
    low = logs[i]
    return (exponent << 16) + low + ((logs[i + 1] - low) * (n >> 6 & 0x7FFF) >> 15)
