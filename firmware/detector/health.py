"""Which sensors are plainly broken, seen from their readings alone.

A slow sensor has failed when it leaves its range or repeats itself to the last digit, which noise
never lets a live one do for long. An acoustic sensor has failed when its noise no longer crosses
the threshold. Noise and slow drift are for the ground to judge, which sees more.
"""

from firmware.sensors.capture import CHANNELS
from firmware.world.faults import FIRST_AE, SLOW

# A vented gap's sensor, which cannot read less, reads zero half of the time: 30 in a row is 2^-30.
STUCK_READINGS = 30
# A live channel crosses each 21.4 s on average: 400 s of silence is e^-19.
SILENT_S = 400
RECOVERY_READINGS = 10  # good ones in a row, so that a loose contact does not flood events

_LOW = (0, 0, 0, -150000, -150000, -150000)
_HIGH = (2000000, 2000000, 2000000, 200000, 200000, 200000)  # 200 kPa, 200 °C


class Health:
    """Fed once a second; bit i of `sensor_health` and bit k of `ae_health` are 1 while healthy."""

    def __init__(self):
        self.sensor_health = (1 << SLOW) - 1
        self.ae_health = (1 << CHANNELS) - 1
        self._last = [None] * SLOW
        self._repeats = [0] * SLOW
        self._good = [RECOVERY_READINGS] * SLOW
        self._counts = [0] * CHANNELS
        self._silent_s = [0] * CHANNELS

    def feed(self, slow, crossings):
        """Take a second's readings and running counts; returns [(sensor, healthy)] of changes.

        Sensors are numbered as in the event table: 0 p_gap1 … 5 t_inner, 8 ae1 … 13 ae6.
        """
        changes = []
        for i in range(SLOW):
            healthy = self._slow_healthy(i, slow[i])
            if healthy != bool(self.sensor_health >> i & 1):
                self.sensor_health ^= 1 << i
                changes.append((i, healthy))
        for k in range(CHANNELS):
            healthy = self._ae_healthy(k, crossings[k])
            if healthy != bool(self.ae_health >> k & 1):
                self.ae_health ^= 1 << k
                changes.append((FIRST_AE + k, healthy))
        return changes

    def _slow_healthy(self, i, value):
        self._repeats[i] = self._repeats[i] + 1 if value == self._last[i] else 0
        self._last[i] = value
        good = _LOW[i] <= value <= _HIGH[i] and self._repeats[i] < STUCK_READINGS
        self._good[i] = self._good[i] + 1 if good else 0
        return self._good[i] >= RECOVERY_READINGS

    def _ae_healthy(self, k, count):
        self._silent_s[k] = self._silent_s[k] + 1 if count == self._counts[k] else 0
        self._counts[k] = count
        return self._silent_s[k] < SILENT_S
