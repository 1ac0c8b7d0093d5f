"""Lone threshold crossings: a Poisson process for each acoustic channel.

White noise of 25 dB_AE rms passes a threshold 15 dB = 5.62 σ above it, in either direction, with a
probability of 2Q(5.62) = 1.87e-8 a sample: at 2.5 MS/s once in 21.4 s, 24,264 times a day on six.
"""

from firmware.world.rng import Rng

QUIET_US = 21365147
NOISY_US = 5830  # the same with 28 dB_AE rms
FOREVER = 1 << 62
_STREAM = 8


class Crossings:
    """Running counts and the time of the next crossing."""

    def __init__(self, seed, apid):
        self.counts = [0] * 6
        self._rngs = [Rng(seed, apid, _STREAM + k) for k in range(6)]
        self._interval_us = [QUIET_US] * 6
        self._next_us = [rng.exponential(QUIET_US) for rng in self._rngs]
        self.due_us = min(self._next_us)

    def set_interval(self, channel, t_us, interval_us):
        """From t on the channel crosses at this mean interval; FOREVER silences it."""
        self._interval_us[channel] = interval_us
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
        interval_us = self._interval_us[channel]
        silent = interval_us == FOREVER
        wait_us = FOREVER if silent else self._rngs[channel].exponential(interval_us)
        self._next_us[channel] = t_us + wait_us
