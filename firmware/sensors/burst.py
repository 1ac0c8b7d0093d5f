"""Waveforms at the sensors: white noise and bursts, A·e^(−t/200 µs)·sin(2π·f·t)."""

from array import array

from firmware.sensors.capture import FULL_CODE, SAMPLES
from firmware.world.fixed import sine_q30

TURN_PER_KHZ = 26214  # 1 kHz · 0.4 µs, in 1/65536 turn, times 1000
DECAY = 500  # 200 µs in samples: the envelope loses a 500th a sample
SUBSAMPLE = 256  # parts of a sample in which a burst's start counts
ENVELOPE_BITS = 12

_POOL = 1024
_POOL_BITS = 4
_SINE_BITS = 14
_SINE = array("h", (sine_q30(i << 22) >> (30 - _SINE_BITS) for i in range(1024)))
_LOUDEST_BITS = 28  # of an envelope in the loop: what is louder is scaled


def noise_pool(rng, sigma):
    """1024 normal deviates in 1/16 code, as is `sigma`; picking at random makes white noise.

    None is above 4.9 sigma: the rarer peaks, those that cross the threshold, are the Poisson
    process of firmware/world/noise.py.
    """
    return array("h", (rng.normal(sigma) for _ in range(_POOL)))


def fill_noise(samples, start, end, pool, state, factor):
    """Set samples to noise of factor/128 times the pool's; `state` (1 … 2^29) begins the sequence.

    Marsaglia's multiply with carry, period 5e8: its state stays below 2^30, the small integers of
    a 32-bit MicroPython, and so needs no heap.
    """
    half = 1 << (_POOL_BITS + 6)
    for i in range(start, end):
        state = 16380 * (state & 0xFFFF) + (state >> 16)
        samples[i] = (pool[state & 0x3FF] * factor + half) >> (_POOL_BITS + 7)


def add_burst(samples, first, end, position, envelope, khz=150):
    """Add a burst that starts at `position` (1/256 sample, counted from index 0 of the array).

    `envelope` is its amplitude A in 1/4096 code. The sum is clipped at ±32767.
    """
    i = -(-position // SUBSAMPLE)
    late = i * SUBSAMPLE - position
    step = TURN_PER_KHZ * khz // 1000
    phase = step * late // SUBSAMPLE
    envelope -= envelope * late // (DECAY * SUBSAMPLE)
    loud = 0
    while envelope >> loud >= 1 << _LOUDEST_BITS:
        loud += 1
    envelope >>= loud
    shift = ENVELOPE_BITS - 4 + _SINE_BITS - loud
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
        phase = (phase + step) & 0xFFFF
        envelope -= envelope // DECAY
        i += 1


def clips(samples, start):
    """True when a channel is at full scale somewhere."""
    for i in range(start, start + SAMPLES):
        if not -FULL_CODE < samples[i] < FULL_CODE:
            return True
    return False
