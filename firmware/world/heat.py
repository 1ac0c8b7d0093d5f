"""Panes follow the orbit; the gas between them follows the panes.

Each pane's temperature is a sine over the orbit about its mean, plus ramps. The gas of a gap
follows the mean of its two panes, the cabin's air the inner pane, with a first-order lag that the
ground does not know.
"""

from firmware.world.fixed import cosine_q30, sine_q30

ORBIT_US = 5520 * 1000000
ZERO_CELSIUS_MK = 273150
MEAN_MC = (10000, 17000, 21000)  # outer, middle, inner, in m°C
SWING_MC = (30000, 8000, 2000)

_GRID_US = 1000000
_TURN = 1 << 32
_TAU_Q16 = 411775  # 2π
_FRACTION = 10  # bits below 1 mK, so that slow changes are not rounded away
_BEHIND = ((0, 1), (1, 2), (2, 2))  # panes on either side of gap 1, gap 2, cabin


class Heat:
    """Temperatures of the panes and of the gas behind them."""

    def __init__(self, rng):
        self._phase = rng.uniform(_TURN)
        self.lag_us = 30000000 + rng.uniform(90000000)
        self._ramps = []
        self._grid_us = 0
        self._gas = [self._steady(a, b) for a, b in _BEHIND]

    def add_ramp(self, t_us, pane, delta_mk, over_us):
        """The pane drifts by delta from t on, and stays there."""
        self._ramps.append((pane, t_us, delta_mk, over_us))

    def pane_mc(self, pane, t_us):
        """Temperature of a pane in m°C."""
        sine = sine_q30(self._phase + t_us * _TURN // ORBIT_US)
        value = MEAN_MC[pane] + (SWING_MC[pane] * sine >> 30)
        for ramped, start_us, delta_mk, over_us in self._ramps:
            if ramped == pane and t_us > start_us:
                spent_us = t_us - start_us
                value += delta_mk if spent_us >= over_us else delta_mk * spent_us // over_us
        return value

    def gas_mk(self, volume, t_us):
        """Temperature in mK of the gas of gap 1, gap 2 or the cabin; t never goes back."""
        while self._grid_us + _GRID_US <= t_us:
            self._grid_us += _GRID_US
            self._follow()
        return (self._gas[volume] >> _FRACTION) + ZERO_CELSIUS_MK

    def _follow(self):
        """One step of the lag: dT/dt = (T_glass − T)/lag."""
        panes = [self.pane_mc(pane, self._grid_us) for pane in range(3)]
        for volume in range(3):
            a, b = _BEHIND[volume]
            glass = (panes[a] + panes[b]) << (_FRACTION - 1)
            self._gas[volume] += (glass - self._gas[volume]) * _GRID_US // self.lag_us

    def _steady(self, a, b):
        """Where a lag that has followed the orbit for ever stands at t = 0.

        The response to M + S·sin φ is M + S·(sin φ − ωτ·cos φ)/(1 + (ωτ)²).
        """
        wt = _TAU_Q16 * self.lag_us // ORBIT_US
        turned = sine_q30(self._phase) - (wt * cosine_q30(self._phase) >> 16)
        swing = (SWING_MC[a] + SWING_MC[b]) * turned // ((1 << 16) + (wt * wt >> 16))
        return ((MEAN_MC[a] + MEAN_MC[b]) << (_FRACTION - 1)) + (swing >> (15 - _FRACTION))
