"""Lone threshold crossings: a Poisson process for each acoustic channel.

White noise of 25 dB_AE rms passes a threshold 15 dB = 5.62 σ above it, in either direction, with a
probability of 2Q(5.62) = 1.87e-8 a sample: at 2.5 MS/s once in 21.4 s, 24,264 times a day on six.
"""

from firmware.world.fixed import decay_q32
from firmware.world.rng import Rng

FOREVER = 1 << 62
QUIET, NOISY, SILENT = range(3)
_STREAM = 8

_THRESHOLD_NV = 100000  # 40 dB_AE
# Mean interval at 40 dB_AE and half the square of threshold over noise there, in 1/1000: 25 dB_AE
# rms, and 28.
_LEVELS = ((21365147, 15811), (5830, 7924))


def interval_us(level, threshold_nv):
    """Mean interval of crossings at a threshold of 40 dB_AE or more.

    The Gaussian tail beyond x σ is e^(−x²/2)/(x·√(2π)) to within x^−2: beside the tail at 40 dB_AE
    (x0), x/x0·e^((x² − x0²)/2) times rarer.
    """
    if level == SILENT:
        return FOREVER
    base_us, half_square_milli = _LEVELS[level]
    square_q32 = (threshold_nv * threshold_nv << 32) // (_THRESHOLD_NV * _THRESHOLD_NV)
    rarer_q32 = decay_q32(max(0, square_q32 - (1 << 32)) * half_square_milli // 1000)
    if not rarer_q32:
        return FOREVER
    return min(FOREVER, (base_us * threshold_nv // _THRESHOLD_NV << 32) // rarer_q32)


class Crossings:
    """Running counts and the time of the next crossing."""

    def __init__(self, seed, apid):
        self.counts = [0] * 6
        self._rngs = [Rng(seed, apid, _STREAM + k) for k in range(6)]
        self._levels = [QUIET] * 6
        self._threshold_nv = _THRESHOLD_NV
        self.quiet_us = interval_us(QUIET, _THRESHOLD_NV)
        self._next_us = [rng.exponential(self.quiet_us) for rng in self._rngs]
        self.due_us = min(self._next_us)

    def set_level(self, channel, t_us, level):
        """From t on the channel has this noise: QUIET, NOISY or SILENT."""
        self._levels[channel] = level
        self._draw(channel, t_us)
        self.due_us = min(self._next_us)

    def set_threshold(self, t_us, threshold_nv):
        """From t on the comparators have this threshold, 40 dB_AE or more."""
        if threshold_nv == self._threshold_nv:
            return
        self._threshold_nv = threshold_nv
        self.quiet_us = interval_us(QUIET, threshold_nv)
        for channel in range(6):
            self._draw(channel, t_us)
        self.due_us = min(self._next_us)

    def advance(self, t_us):
        """Count what has crossed up to t."""
        while self.due_us <= t_us:
            channel = self._next_us.index(self.due_us)
            self.counts[channel] += 1
            self._draw(channel, self.due_us)
            self.due_us = min(self._next_us)

    def _draw(self, channel, t_us):
        mean_us = interval_us(self._levels[channel], self._threshold_nv)
        wait_us = FOREVER if mean_us == FOREVER else self._rngs[channel].exponential(mean_us)
        self._next_us[channel] = t_us + wait_us
