"""Temperature of gas that nobody measures: it follows the glass with an unknown lag.

Every lag in 30–120 s is a hypothesis, carried side by side.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

THERMOMETERS: Final = ("t_outer", "t_middle", "t_inner")
LAGS_S: Final[Floats] = np.geomspace(28.0, 130.0, 12)
HYPOTHESES: Final = len(THERMOMETERS) * len(LAGS_S)
BLOCK: Final = 8
"""Steps from one base."""
NOMINAL: Final = 5
"""Index of a lag in the middle."""
START_ERROR_K: Final = 0.7
"""Gas to glass at the first sample: the orbit's steepest 5.7 mK/s times 120 s."""


@dataclass(frozen=True, slots=True)
class GasLook:
    """The gas after each of many samples; `GasTemperature.take` makes it true."""

    time_s: Floats
    glass_k: Floats
    gas_k: Floats
    """Shape (samples, 3 thermometers × lags)."""
    bases: Floats
    factors: Floats
    addends: Floats
    """By block, and by block and place in it."""


class GasTemperature:
    """First-order lag behind three thermometers, for every lag hypothesis.

    Exact for dT/dt = (T_glass - T)/lag, the glass changing linearly between two samples: the new
    value is the old one times a factor, and more. Eight such steps are taken from one base, so that
    many samples need few steps one after the other, with the same roundings.
    """

    def __init__(self, time_s: float, glass_k: Floats) -> None:
        self._time_s = time_s
        self._glass_k = glass_k
        self._step_s = 0.0
        self._decay = self._per_step = np.ones(HYPOTHESES)
        """Of a step so long: what is left of a difference, and the lag in steps."""
        self.gas_k: Floats = np.repeat(glass_k, len(LAGS_S))
        """Shape (3 thermometers × lags)."""
        self._base = self.gas_k
        self._factor, self._addend = np.ones(HYPOTHESES), np.zeros(HYPOTHESES)
        self._place = 0
        """Steps from the base."""

    def follow(self, time_s: float, glass_k: Floats) -> Floats:
        """Move on to a later time; returns the new `gas_k`."""
        step_s = time_s - self._time_s
        if step_s != self._step_s:
            self._step_s = step_s
            self._decay = np.tile(np.exp(-step_s / LAGS_S), len(THERMOMETERS))
            self._per_step = np.tile(LAGS_S / step_s, len(THERMOMETERS))
        # All of one shape: NumPy takes three times as long to stretch so few numbers.
        glass, was = glass_k.repeat(len(LAGS_S)), self._glass_k.repeat(len(LAGS_S))
        behind = (glass - was) * self._per_step
        more = glass - behind + (behind - was) * self._decay
        self._addend = self._addend * self._decay + more
        self._factor = self._factor * self._decay
        self.gas_k = self._factor * self._base + self._addend
        self._place += 1
        if self._place == BLOCK:
            self._begin_block(self.gas_k)
        self._time_s, self._glass_k = time_s, glass_k
        return self.gas_k

    def restart(self, row: int) -> None:
        """Begin one thermometer anew at what it shows: it was not to be trusted before."""
        gas_k = self.gas_k.copy()
        gas_k[row * len(LAGS_S) : (row + 1) * len(LAGS_S)] = self._glass_k[row]
        self.gas_k = gas_k
        self._begin_block(gas_k)

    def look(self, time_s: Floats, glass_k: Floats) -> GasLook:
        """What `follow` would give for each of these samples, to the last bit; changes nothing."""
        step_s = np.diff(time_s, prepend=self._time_s)[:, None]
        decay = np.exp(-step_s / LAGS_S)[:, None, :]
        glass = glass_k[:, :, None]
        was = np.concatenate((self._glass_k[None, :, None], glass[:-1]))
        behind = (glass - was) * (LAGS_S / step_s)[:, None, :]
        count, here = len(time_s), self._place
        blocks = -(-(here + count) // BLOCK)
        factors: Floats = np.ones((blocks * BLOCK, HYPOTHESES))
        addends: Floats = np.zeros((blocks * BLOCK, HYPOTHESES))
        shape = (count, len(THERMOMETERS), len(LAGS_S))
        factors[here : here + count].reshape(shape)[...] = decay
        addends[here : here + count].reshape(shape)[...] = glass - behind + (behind - was) * decay
        by_block = (blocks, BLOCK, HYPOTHESES)
        factors, addends = factors.reshape(by_block), addends.reshape(by_block)
        factor, addend = np.ones((blocks, HYPOTHESES)), np.zeros((blocks, HYPOTHESES))
        for place in range(BLOCK):
            if place == here:
                factor[0], addend[0] = self._factor, self._addend
            addend = addend * factors[:, place] + addends[:, place]
            factor = factor * factors[:, place]
            factors[:, place], addends[:, place] = factor, addend
        bases = np.empty((blocks + 1, HYPOTHESES))
        bases[0] = self._base
        for base, made, kept, added in zip(
            bases, bases[1:], factors[:, -1], addends[:, -1], strict=False
        ):
            np.multiply(kept, base, made)
            np.add(made, added, made)
        gas_k = (factors * bases[:-1, None] + addends).reshape(-1, HYPOTHESES)
        return GasLook(time_s, glass_k, gas_k[here : here + count], bases, factors, addends)

    def take(self, seen: GasLook, count: int) -> None:
        """Take the first samples of a look."""
        last = count - 1
        self._time_s, self._glass_k = float(seen.time_s[last]), seen.glass_k[last].copy()
        self.gas_k = seen.gas_k[last].copy()
        block, place = divmod(self._place + count, BLOCK)
        self._begin_block(seen.bases[block].copy())
        self._place = place
        if place:
            self._factor = seen.factors[block, place - 1].copy()
            self._addend = seen.addends[block, place - 1].copy()

    def _begin_block(self, base: Floats) -> None:
        self._base, self._place = base, 0
        self._factor, self._addend = np.ones(HYPOTHESES), np.zeros(HYPOTHESES)


def start_drift_k_s(age_s: float) -> Floats:
    """Bound of the drift left from not knowing the gas at the first sample, per lag."""
    return START_ERROR_K / LAGS_S * np.exp(-age_s / LAGS_S)
