"""The sensors of a simulated window.

A comparator on each acoustic channel watches for the threshold; three of them within one impact
start a capture, fewer are lone crossings. Waveforms are made only then, and only when asked for.
"""

from firmware.sensors.burst import (
    ENVELOPE_BITS,
    SUBSAMPLE,
    add_burst,
    clips,
    fill_noise,
    noise_pool,
)
from firmware.sensors.capture import (
    AFTER_US,
    CHANNELS,
    COINCIDENCE,
    FULL_CODE,
    NO_PULSE,
    PRETRIGGER,
    SAMPLE_RATE_HZ,
    SAMPLES,
    WAVEFORM,
    Capture,
    Glimpse,
)
from firmware.sensors.slow import SlowSensors
from firmware.world.dispersion import MODES, S0
from firmware.world.faults import DEAD, FIRST_AE, NOISY, STUCK
from firmware.world.fixed import amplitude_nv
from firmware.world.impact import DELAY_PER_US, share_nv
from firmware.world.rng import Rng

HIT_LOCKOUT_US = 1000
THRESHOLD_CDB = 4000

_FULL_SCALE_NV = {0: 10000000000, 40: 100000000}
_NOISE_SIGMA = 93  # 25 dB_AE rms = 17.78 µV = 5.83 codes at 40 dB, in 1/16 code
_NORMAL_FACTOR, _NOISY_FACTOR = 128, 181  # of 128; noisy is 3 dB more
_POOL_STREAM, _WAVE_STREAM = 32, 33


class SimulatedWindow:
    """The interface of a window's sensors (docs/architecture.md, "Sensors"), over a World.

    Strikes that trigger while a capture is held wait. With `release(keep=True)` its waveforms stay
    in `kept` until `thaw()`; captures meanwhile are glimpses.
    """

    capability = WAVEFORM
    sample_rate_hz = SAMPLE_RATE_HZ

    def __init__(self, world):
        self._world = world
        self._slow = SlowSensors(world)
        self._capture = Capture()
        self._glimpse = Glimpse(self._make)
        self._held = self._capture  # type: Capture | Glimpse
        self._busy = False
        self.kept = None
        self._strikes = []  # of the capture that is held
        self._pending = []  # (trigger_us, strike), oldest first
        rng = Rng(world.seed, world.apid, _POOL_STREAM)
        self._pool = noise_pool(rng, _NOISE_SIGMA)
        self.crossings = world.noise.counts
        self.configure(THRESHOLD_CDB, HIT_LOCKOUT_US)

    def configure(self, threshold_cdb, hlt_us):
        """Set the comparators' threshold (0.01 dB_AE) and the hit lockout time."""
        self._threshold_nv = amplitude_nv(threshold_cdb)
        self._lockout_us = hlt_us
        self._world.set_threshold(self._threshold_nv)

    def crossing_interval_s(self):
        """How long a healthy acoustic channel is without a lone crossing, on average."""
        return self._world.noise.quiet_us // 1000000

    def advance(self, t_us):
        """Move the world on to t (scenario µs)."""
        self._world.advance(t_us)
        while self._world.strikes:
            self._watch(self._world.strikes.pop(0))

    def read_slow(self, out):
        """Six integers: p_gap1 p_gap2 p_cabin (0.1 Pa) t_outer t_middle t_inner (m°C)."""
        self._slow.read(out)

    def reference(self, out):
        """Each slow sensor's offset at its own reference, in the units of read_slow."""
        self._slow.reference(out)
        return True

    def stimulate(self, happening):
        """Let something of the event table's kinds happen: (t_us, kind, numbers …)."""
        self._world.add(happening)

    def pulse(self, channel):
        """Send a self-test pulse from an acoustic sensor; its capture tells by which one."""
        self._world.pulse(channel)
        return True

    def capturing(self):
        """True while a capture is being taken or waits for `capture`."""
        return bool(self._pending)

    def capture(self):
        """The next capture, its 800 µs after the trigger being over, or None."""
        if self._busy or not self._pending:
            return None
        trigger_us = self._pending[0][0]
        if trigger_us + AFTER_US > self._world.now_us:
            return None
        return self._take(trigger_us)

    def release(self, keep=False):
        """The detector is done with the capture; `keep` its waveforms, where it has them."""
        if keep and self._held.kept:
            self.kept = self._held
        self._busy = False

    def thaw(self):
        """The waveforms that were kept are not needed any more."""
        self.kept = None

    def _take(self, trigger_us):
        """The capture of all that strikes before the lockout is over."""
        strikes = []
        while self._pending and self._pending[0][0] < trigger_us + self._lockout_us:
            strikes.append(self._pending.pop(0)[1])
        made = self._capture if self.kept is None else self._glimpse
        made.trigger_us = trigger_us
        made.pulse = min([strike.pulse for strike in strikes])  # an impact beside it: none
        self._held, self._strikes, self._busy = made, strikes, True
        loudest_nv = max([sum([s.amplitude_nv[k] for s in strikes]) for k in range(CHANNELS)])
        made.gain_db = 40
        if loudest_nv >= _FULL_SCALE_NV[40] or self._clips(made):
            made.gain_db = 0
            self._clips(made)
        return made

    def _watch(self, strike):
        """The comparators: an impact waits for its capture, anything less is counted."""
        threshold_nv = self._threshold_nv
        crossing = [k for k in range(CHANNELS) if strike.amplitude_nv[k] >= threshold_nv]
        if len(crossing) < COINCIDENCE:
            for k in crossing:
                if strike.pulse == NO_PULSE:
                    self.crossings[k] += 1
            return
        first = min([strike.delay[k] for k in crossing])
        for k in crossing:
            if share_nv(strike.amplitude_nv[k], MODES[S0][2]) >= threshold_nv:
                first = min(first, strike.ahead[k])
        self._pending.append((strike.t_us + first // DELAY_PER_US, strike))
        self._pending.sort(key=lambda item: item[0])

    def _clips(self, made):
        """Make all channels; True when one clips."""
        clipped = False
        for k in range(CHANNELS):
            samples, start = made.channel(k)
            if made.kept:
                self._make(k, samples, start)
            clipped = clipped or clips(samples, start)
        return clipped

    def _make(self, k, samples, start):
        """The waveform of one channel."""
        held = self._held
        rng = Rng(self._world.seed, self._world.apid, _WAVE_STREAM, held.trigger_us, k)
        state = 1 + rng.uniform(1 << 29)
        end = start + SAMPLES
        fill_noise(samples, start, end, self._pool, state, self._noise_factor(k))
        for strike in self._strikes:
            since_trigger = (held.trigger_us - strike.t_us) * DELAY_PER_US
            for delay, weight, khz in strike.waves[k]:
                nv = share_nv(strike.amplitude_nv[k], weight)
                position = (start + PRETRIGGER) * SUBSAMPLE + delay - since_trigger
                add_burst(samples, start, end, position, _codes(nv, held.gain_db), khz)

    def _noise_factor(self, channel):
        if self._held.gain_db == 0:
            return 0  # a 17th of a code: it rounds to nothing
        kind, _ = self._world.faults[FIRST_AE + channel] or (None, 0)
        if kind in (DEAD, STUCK):
            return 0
        return _NOISY_FACTOR if kind == NOISY else _NORMAL_FACTOR


def _codes(nv, gain_db):
    """An amplitude in 1/4096 code of the converter."""
    return (nv * (FULL_CODE + 1) << ENVELOPE_BITS) // _FULL_SCALE_NV[gain_db]
