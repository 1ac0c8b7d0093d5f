"""Seeded random numbers: Marsaglia's xorshift32, one generator for each use.

A generator's key (seed, apid, what for) is hashed into its state, so one more event, sensor or
reading shifts no other sequence.
"""

from firmware.world.fixed import log2_q16

_MASK = 0xFFFFFFFF
_LN2_Q16 = 45426


def _mix(h):
    """The finaliser of MurmurHash3: every input bit changes every output bit."""
    h ^= h >> 16
    h = h * 0x85EBCA6B & _MASK
    h ^= h >> 13
    h = h * 0xC2B2AE35 & _MASK
    return h ^ (h >> 16)


class Rng:
    """Uniform, normal and exponential integers from one 32-bit state."""

    def __init__(self, *key):
        h = 0
        for word in key:
            for half in (word & _MASK, word >> 32 & _MASK):
                h = _mix((h + 0x9E3779B9 ^ half) & _MASK)
        self._state = h or 1

    def next32(self):
        """1 … 2^32 − 1, each equally often."""
        x = self._state
        x ^= x << 13 & _MASK
        x ^= x >> 17
        x ^= x << 5 & _MASK
        self._state = x
        return x

    def uniform(self, n):
        """0 … n − 1."""
        return self.next32() * n >> 32

    def normal(self, sigma):
        """Normal deviate of mean 0: the sum of eight 16-bit uniforms, within ±4.9 sigma."""
        total = 4 - 8 * 0x8000
        for _ in range(4):
            x = self.next32()
            total += (x & 0xFFFF) + (x >> 16)
        # 53510 is the standard deviation of that sum: sqrt(8 / 12) * 2^16
        return (2 * total * sigma + 53510) // 107020

    def exponential(self, mean):
        """Interval of a Poisson process with this mean interval."""
        return mean * (((32 << 16) - log2_q16(self.next32())) * _LN2_Q16 >> 16) >> 16
