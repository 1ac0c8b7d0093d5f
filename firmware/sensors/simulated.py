"""The sensors of a simulated window.

A comparator on each acoustic channel watches for 40 dB_AE; three of them within one impact start a
capture, fewer are lone crossings. Waveforms are made only then, and only when asked for.
"""

from firmware.sensors.burst import ENVELOPE_BITS, SUBSAMPLE, add_burst, fill_noise, noise_pool
from firmware.sensors.capture import (
    AFTER_US,
    CHANNELS,
    COINCIDENCE,
    FULL_CODE,
    PRETRIGGER,
    SAMPLE_RATE_HZ,
    SAMPLES,
    WAVEFORM,
    Capture,
)
from firmware.sensors.slow import SlowSensors
from firmware.world.faults import DEAD, FIRST_AE, NOISY, STUCK
from firmware.world.impact import DELAY_PER_US
from firmware.world.rng import Rng

THRESHOLD_NV = 100000  # 40 dB_AE
HIT_LOCKOUT_US = 1000

_FULL_SCALE_NV = {0: 10000000000, 40: 100000000}
_NOISE_SIGMA = 93  # 25 dB_AE rms = 17.78 µV = 5.83 codes at 40 dB, in 1/16 code
_HEADROOM_NV = 300000  # noise and rounding over the bursts
_NORMAL_FACTOR, _NOISY_FACTOR = 128, 181  # of 128; noisy is 3 dB more
_POOL_STREAM, _WAVE_STREAM = 32, 33


class SimulatedWindow:
    """The one interface of a window's sensors, over a World.

    `crossings`: six running counts of lone threshold crossings. `capture()`: the next Capture
    that is complete, in a buffer that stays as it is until `release()`; what triggers meanwhile
    waits.
    """

    capability = WAVEFORM
    sample_rate_hz = SAMPLE_RATE_HZ

    def __init__(self, world):
        self._world = world
        self._slow = SlowSensors(world)
        self._capture = Capture()
        self._held = False
        self._pending = []  # (trigger_us, strike), oldest first
        rng = Rng(world.seed, world.apid, _POOL_STREAM)
        self._pool = noise_pool(rng, _NOISE_SIGMA)
        self.crossings = world.noise.counts

    def advance(self, t_us):
        """Move the world on to t (scenario µs)."""
        self._world.advance(t_us)
        while self._world.strikes:
            self._watch(self._world.strikes.pop(0))

    def read_slow(self, out):
        """Six integers: p_gap1 p_gap2 p_cabin (0.1 Pa) t_outer t_middle t_inner (m°C)."""
        self._slow.read(out)

    def capture(self):
        """The next capture, its 800 µs after the trigger being over, or None."""
        if self._held or not self._pending:
            return None
        trigger_us = self._pending[0][0]
        if trigger_us + AFTER_US > self._world.now_us:
            return None
        strikes = []
        while self._pending and self._pending[0][0] < trigger_us + HIT_LOCKOUT_US:
            strikes.append(self._pending.pop(0)[1])
        self._held = True
        self._synthesise(trigger_us, strikes)
        return self._capture

    def release(self):
        """The buffer may be used again."""
        self._held = False

    def _watch(self, strike):
        """The comparators: an impact waits for its capture, anything less is counted."""
        crossing = [k for k in range(CHANNELS) if strike.amplitude_nv[k] >= THRESHOLD_NV]
        if len(crossing) >= COINCIDENCE:
            first = min([strike.delay[k] for k in crossing])
            self._pending.append((strike.t_us + first // DELAY_PER_US, strike))
            self._pending.sort(key=lambda item: item[0])
        else:
            for k in crossing:
                self.crossings[k] += 1

    def _synthesise(self, trigger_us, strikes):
        capture = self._capture
        capture.trigger_us = trigger_us
        loudest_nv = max([sum([s.amplitude_nv[k] for s in strikes]) for k in range(CHANNELS)])
        capture.gain_db = 40 if loudest_nv + _HEADROOM_NV < _FULL_SCALE_NV[40] else 0
        rng = Rng(self._world.seed, self._world.apid, _WAVE_STREAM, trigger_us)
        state = 1 + rng.uniform(1 << 29)
        for k in range(CHANNELS):
            start = k * SAMPLES
            state = fill_noise(
                capture.samples, start, start + SAMPLES, self._pool, state, self._noise_factor(k)
            )
            for strike in strikes:
                since_trigger = strike.delay[k] - (trigger_us - strike.t_us) * DELAY_PER_US
                add_burst(
                    capture.samples,
                    start,
                    start + SAMPLES,
                    (start + PRETRIGGER) * SUBSAMPLE + since_trigger,
                    _codes(strike.amplitude_nv[k], capture.gain_db),
                )

    def _noise_factor(self, channel):
        if self._capture.gain_db == 0:
            return 0  # a 17th of a code: it rounds to nothing
        kind, _ = self._world.faults[FIRST_AE + channel] or (None, 0)
        if kind in (DEAD, STUCK):
            return 0
        return _NOISY_FACTOR if kind == NOISY else _NORMAL_FACTOR


def _codes(nv, gain_db):
    """An amplitude in 1/4096 code of the converter."""
    return (nv * (FULL_CODE + 1) << ENVELOPE_BITS) // _FULL_SCALE_NV[gain_db]
