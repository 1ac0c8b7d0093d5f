"""Which sensors are broken, seen from their readings alone.

A slow sensor is dead when it leaves its range, stuck when it repeats itself to the last digit,
which noise never lets a live one do for long, noisy when its noise is four times what is due.
An acoustic sensor is dead when its noise no longer crosses the threshold, noisy when it crosses all
the time. What drifts only a self-test can tell (firmware/services/self_test.py).
"""

from array import array

from firmware.sensors.capture import CHANNELS
from firmware.sensors.slow import SIGMA
from firmware.world.faults import DEAD, DRIFT, FIRST_AE, NOISY, SLOW, STUCK
from firmware.world.fixed import isqrt

# A vented gap's sensor, which cannot read less, reads zero half of the time: 30 in a row is 2^-30.
STUCK_READINGS = 30
# A live channel crosses each 21.4 s on average: 400 s of silence is e^-19.
SILENT_S = 400
SILENT_INTERVALS = 19
NOISY_CROSSINGS = 20  # in a second, where one in 21 s is due
NOISY_SECONDS = 5
RECOVERY_READINGS = 10  # good ones in a row, so that a loose contact does not flood events
NOISE_FACTOR = 16  # of variances
_AVERAGE = 4  # bits: noise is averaged over 16 readings
_CLIP = 64  # one reading counts as no more than so many times the noise that is due

_LOW = (0, 0, 0, -150000, -150000, -150000)
_HIGH = (2000000, 2000000, 2000000, 200000, 200000, 200000)  # 200 kPa, 200 °C


class Health:
    """Fed once a second; bit i of `sensor_health` and bit k of `ae_health` are 1 while healthy."""

    def __init__(self):
        self.sensor_health = (1 << SLOW) - 1
        self.ae_health = (1 << CHANNELS) - 1
        self._failed = 0  # sensors that a self-test failed, as bits
        self._before = [None] * SLOW  # the last two readings
        self._last = [None] * SLOW
        self._bend = [0] * SLOW  # the last second difference
        self._noise = array("i", (0 for _ in range(SLOW)))  # Q4 of SIGMA²
        self._repeats = [0] * SLOW
        self._good = [RECOVERY_READINGS] * SLOW
        self._counts = [0] * CHANNELS
        self._silent_s = [0] * CHANNELS
        self._loud_s = [0] * CHANNELS

    def self_tested(self, failed):
        """A self-test's outcome: sensors that failed it, as bits, until the next one."""
        self._failed = failed

    def noise(self, i):
        """Noise of a slow sensor, rms, in its reading's unit."""
        return isqrt(max(0, self._noise[i]) * SIGMA[i] * SIGMA[i] >> _AVERAGE)

    def feed(self, slow, crossings, interval_s):
        """Take a second's readings and running counts; returns [(sensor, cause)] of changes.

        Sensors are numbered as in the event table: 0 p_gap1 … 5 t_inner, 8 ae1 … 13 ae6. The cause
        is STUCK, DRIFT, DEAD or NOISY; None: healthy again. A healthy channel crosses each
        `interval_s`.
        """
        changes = []
        for i in range(SLOW):
            cause = self._slow_cause(i, slow[i])
            self._good[i] = self._good[i] + 1 if cause is None else 0
            healthy = self._good[i] >= RECOVERY_READINGS
            if healthy != bool(self.sensor_health >> i & 1):
                self.sensor_health ^= 1 << i
                changes.append((i, cause))
        silent_s = max(SILENT_S, SILENT_INTERVALS * interval_s)
        for k in range(CHANNELS):
            cause = self._ae_cause(k, crossings[k], silent_s)
            if (cause is None) != bool(self.ae_health >> k & 1):
                self.ae_health ^= 1 << k
                changes.append((FIRST_AE + k, cause))
        return changes

    def _slow_cause(self, i, value):
        last, before = self._last[i], self._before[i]
        self._repeats[i] = self._repeats[i] + 1 if value == last else 0
        self._last[i], self._before[i] = value, last
        if last is not None and before is not None:
            self._hear(i, value - 2 * last + before)
        if not _LOW[i] <= value <= _HIGH[i]:
            return DEAD
        if self._repeats[i] >= STUCK_READINGS:
            return DEAD if value == _LOW[i] else STUCK
        if self._noise[i] > NOISE_FACTOR << _AVERAGE:
            return NOISY
        return DRIFT if self._failed >> i & 1 else None

    def _hear(self, i, bend):
        """White noise turns second differences back: −E[b·b'] = 4 σ². A leak's or ramp's do not."""
        turned = -bend * self._bend[i] // (SIGMA[i] * SIGMA[i]) >> 2
        self._bend[i] = bend
        turned = max(-_CLIP, min(_CLIP, turned)) << _AVERAGE
        self._noise[i] += (turned - self._noise[i]) >> _AVERAGE

    def _ae_cause(self, k, count, silent_s):
        new = count - self._counts[k]
        self._counts[k] = count
        self._silent_s[k] = 0 if new else self._silent_s[k] + 1
        self._loud_s[k] = self._loud_s[k] + 1 if new >= NOISY_CROSSINGS else 0
        if self._silent_s[k] >= silent_s:
            return DEAD
        if self._loud_s[k] >= NOISY_SECONDS:
            return NOISY
        return DRIFT if self._failed >> (FIRST_AE + k) & 1 else None
