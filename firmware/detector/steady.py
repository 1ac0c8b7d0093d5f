"""Whether the glass around a volume keeps its temperature, so that P/T means what it says.

The gas follows the glass only after 30–120 s; meanwhile P/T is off by 346 Pa for each kelvin.
"""

from array import array

_VOLUMES = 3
_GRID_S = 10
_CHANGE = 6  # points: a minute
_HOLD_S = 300  # five minutes without a change, some lags of the gas
# A minute's change of the glass that is still the orbit's, in m°C: 0.34 K at gap 2, 0.14 K at the
# cabin, 1.3 K at gap 1; with six sigma of the sensors.
_LIMIT_MC = (1800, 700, 700)


class Steady:
    """Fed each second for each volume with the temperature of its glass in m°C."""

    def __init__(self):
        self._past = array("i", (0 for _ in range(_VOLUMES * _CHANGE)))
        self._seconds = [0] * _VOLUMES
        self._quiet_from = [0] * _VOLUMES  # the second from which it counts as steady

    def feed(self, volume, glass_mc):
        """1 when it has kept its temperature for five minutes, or since the start; else 0."""
        second = self._seconds[volume]
        self._seconds[volume] = second + 1
        point, within = divmod(second, _GRID_S)
        first = volume * _CHANGE
        for at in range(first, first + min(point, _CHANGE)):
            if abs(glass_mc - self._past[at]) > _LIMIT_MC[volume]:
                self._quiet_from[volume] = second + _HOLD_S
        if within == 0:
            self._past[first + point % _CHANGE] = glass_mc
        return int(point >= _CHANGE and second >= self._quiet_from[volume])
