"""Waveforms at the sensors: white noise and A0 bursts, A·e^(−t/200 µs)·sin(2π·150 kHz·t).

Here is the room for S0 and dispersion: a source is then more than one burst a channel.
"""

from array import array

from firmware.sensors.capture import FULL_CODE
from firmware.world.fixed import sine_q30

STEP = 3932  # 150 kHz · 0.4 µs, in 1/65536 turn
DECAY = 500  # 200 µs in samples: the envelope loses a 500th a sample
SUBSAMPLE = 256  # parts of a sample in which a burst's start counts
ENVELOPE_BITS = 12

_POOL = 1024
_POOL_BITS = 4
_SINE_BITS = 14
_SINE = array("h", (sine_q30(i << 22) >> (30 - _SINE_BITS) for i in range(1024)))


def noise_pool(rng, sigma):
    """1024 normal deviates in 1/16 code, as is `sigma`; picking at random makes white noise.

    None is above 4.9 sigma: the rarer peaks, those that cross the threshold, are the Poisson
    process of firmware/world/noise.py.
    """
    return array("h", (rng.normal(sigma) for _ in range(_POOL)))


def fill_noise(samples, start, end, pool, state, factor):
    """Set samples to noise of factor/128 times the pool's; returns the generator's new state.

    Marsaglia's multiply with carry, period 5e8: its state stays below 2^30, the small integers of
    a 32-bit MicroPython, and so needs no heap.
    """
    half = 1 << (_POOL_BITS + 6)
    for i in range(start, end):
        state = 16380 * (state & 0xFFFF) + (state >> 16)
        samples[i] = (pool[state & 0x3FF] * factor + half) >> (_POOL_BITS + 7)
    return state


def add_burst(samples, first, end, position, envelope):
    """Add a burst that starts at `position` (1/256 sample, counted from index 0 of the array).

    `envelope` is its amplitude A in 1/4096 code. The sum is clipped at ±32767.
    """
    i = -(-position // SUBSAMPLE)
    late = i * SUBSAMPLE - position
    phase = STEP * late // SUBSAMPLE
    envelope -= envelope * late // (DECAY * SUBSAMPLE)
    shift = ENVELOPE_BITS - 4 + _SINE_BITS
    half = 1 << (shift - 1)
    gone = 1 << (ENVELOPE_BITS - 1)
    while i < end and envelope >= gone:
        if i >= first:
            value = samples[i] + (((envelope >> 4) * _SINE[phase >> 6] + half) >> shift)
            if value > FULL_CODE:
                value = FULL_CODE
            elif value < -FULL_CODE:
                value = -FULL_CODE
            samples[i] = value
        phase = (phase + STEP) & 0xFFFF
        envelope -= envelope // DECAY
        i += 1
