"""Fits of a falling pressure: decay, hinge (flat, then decaying) and step.

All take the pressure reduced to one gas temperature. A decay is a line through its logarithm with
weights P², so that white noise in P stays white.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

FLOOR_PA: Final = 1.0
ONSET_STEP_S: Final = 0.25


@dataclass(frozen=True, slots=True)
class Hinge:
    """Flat until the onset, then decaying."""

    onset_s: float
    sigma_s: float
    level_pa: float
    """Pressure before the onset."""
    rate_per_s: float
    rate_sigma_per_s: float
    chi2: float


@dataclass(frozen=True, slots=True)
class Decay:
    """P(t) = level·e^(-rate·(t - t_last))."""

    rate_per_s: float
    """1/τ."""
    sigma_per_s: float
    level_pa: float
    """Fitted pressure at the newest sample."""


def noise_pa(pressure: Floats, nominal_pa: float) -> float:
    """White noise of a series by its differences, never less than the sensor's nominal."""
    if len(pressure) < 8:
        return nominal_pa
    steps = np.diff(pressure)
    spread = np.median(np.abs(steps - np.median(steps)))
    return max(nominal_pa, float(1.4826 * spread) / math.sqrt(2))


def slopes(time_s: Floats, columns: Floats) -> tuple[Floats, float]:
    """Least-squares slopes of columns, and √Σ(t - mean)²: σ_slope is σ over that."""
    centred = time_s - time_s.mean()
    square = float(centred @ centred)
    return centred @ columns / square, math.sqrt(square)


def decay(time_s: Floats, columns: Floats, sigma_pa: float) -> Decay:
    """The decay through that column of reduced pressures which is most like one."""
    value = np.maximum(columns, FLOOR_PA)
    log, weight = np.log(value), value**2
    total = weight.sum(axis=0)
    before = (time_s - time_s[-1])[:, None]
    middle, mean_log = (weight * before).sum(axis=0) / total, (weight * log).sum(axis=0) / total
    centred = before - middle
    square = (weight * centred**2).sum(axis=0)
    slope = (weight * centred * log).sum(axis=0) / square
    misfit = (weight * (log - mean_log - slope * centred) ** 2).sum(axis=0)
    best = int(misfit.argmin())
    level = math.exp(float(mean_log[best] - slope[best] * middle[best]))
    return Decay(-float(slope[best]), sigma_pa / math.sqrt(float(square[best])), level)


def hinge(time_s: Floats, reduced_pa: Floats, sigma_pa: float) -> Hinge:
    """Best onset on a grid of 0.25 s; σ from where χ² has risen by 1."""
    value = np.maximum(reduced_pa, FLOOR_PA)
    log, weight = np.log(value), (value / sigma_pa) ** 2
    onsets = np.arange(time_s[0], time_s[-2], ONSET_STEP_S)
    spent = np.maximum(0.0, time_s[None, :] - onsets[:, None])
    total = weight.sum()
    mean_spent, mean_log = spent @ weight / total, float(log @ weight / total)
    centred = spent - mean_spent[:, None]
    rate = -(centred @ (weight * (log - mean_log))) / (centred**2 @ weight)
    level = mean_log + rate * mean_spent
    chi2 = (log - level[:, None] + rate[:, None] * spent) ** 2 @ weight
    best = int(chi2.argmin())
    likely = onsets[chi2 <= chi2[best] + 1.0]
    sigma_s = max(ONSET_STEP_S, float(likely[-1] - likely[0]) / 2)
    return Hinge(
        float(onsets[best]),
        sigma_s,
        math.exp(float(level[best])),
        float(rate[best]),
        1 / math.sqrt(float(centred[best] ** 2 @ weight)),
        float(chi2[best]),
    )


def step(reduced_pa: Floats, sigma_pa: float) -> tuple[float, float]:
    """χ² of the best single step, and what it leaves of the pressure (after / before)."""
    count = np.arange(1, len(reduced_pa))
    sums = np.cumsum(reduced_pa)[:-1]
    before = sums / count
    after = (reduced_pa.sum() - sums) / (len(reduced_pa) - count)
    explained = before**2 * count + after**2 * (len(reduced_pa) - count)
    best = int(explained.argmax())
    chi2 = float((reduced_pa @ reduced_pa - explained[best]) / sigma_pa**2)
    return chi2, float(after[best] / max(before[best], FLOOR_PA))
