"""Temperature of gas that nobody measures: it follows the glass with an unknown lag.

Every lag in 30–120 s is a hypothesis, carried side by side.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

LAGS_S: Final[Floats] = np.geomspace(28.0, 130.0, 12)
NOMINAL: Final = 5
"""Index of a lag in the middle."""
START_ERROR_K: Final = 0.7
"""Gas to glass at the first sample: the orbit's steepest 5.7 mK/s times 120 s."""


class GasTemperature:
    """First-order lag behind three thermometers, for every lag hypothesis."""

    def __init__(self, time_s: float, glass_k: Floats) -> None:
        self._time_s = time_s
        self._glass_k = glass_k[:, None]
        self._step_s = 0.0
        self._decay = np.ones_like(LAGS_S)
        self.gas_k: Floats = np.repeat(self._glass_k, len(LAGS_S), axis=1)
        """Shape (3, lags)."""

    def follow(self, time_s: float, glass_k: Floats) -> Floats:
        """Move on to a later time, the glass changing linearly; returns the new `gas_k`.

        Exact for dT/dt = (T_glass - T)/lag.
        """
        step_s = time_s - self._time_s
        if step_s != self._step_s:
            self._step_s, self._decay = step_s, np.exp(-step_s / LAGS_S)
        glass = glass_k[:, None]
        behind = (glass - self._glass_k) * (LAGS_S / step_s)
        self.gas_k = glass - behind + (self.gas_k - self._glass_k + behind) * self._decay
        self._time_s, self._glass_k = time_s, glass
        return self.gas_k


def start_drift_k_s(age_s: float) -> Floats:
    """Bound of the drift left from not knowing the gas at the first sample, per lag."""
    return START_ERROR_K / LAGS_S * np.exp(-age_s / LAGS_S)
