"""Where a pane was hit: arrival times at the ring to a position with its 95 % ellipse.

Unknowns are x, y and the time of the hit. The wave speed is calibrated, never fitted: on a ring
that would worsen the bound 6.5 times.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Mode:
    """A plate wave by which a sensor's arrival was picked."""

    speed: float
    """Of its group velocity, in that of A0."""
    uncertainty: float
    """Relative, of the group velocity within the pick band."""


A0: Final = Mode(1.0, 0.008)
S0: Final = Mode(5770 / 3690, 0.009)
EITHER: Final = Mode(1.22, 0.2)
"""A first crossing is S0's where that is strong enough, else A0's: the middle of their slownesses,
and what covers both (docs/assessment.md has the trial)."""
ELLIPSE_95: Final = 5.991
"""Quantile of χ² with 2 degrees of freedom."""
GATE: Final = {1: 10.83, 2: 13.82, 3: 16.27}
"""χ² at 1e-3 by degrees of freedom: one mixed-mode pick costs 10 µs in 100 mm, far beyond."""
UNKNOWNS: Final = 3
GRID: Final = 27
"""Points a side, 10 mm apart on a pane of 130 mm."""
OUTSIDE_MM: Final = 10.0
"""A fit farther beyond the pane's edge than this, or its ellipse, is none; of either mode, beyond
its ellipse."""

WAVEFORM_SIGMA_US: Final = 0.5
CROSSING_SIGMA_US: Final = 2.0
"""Of a first crossing, about the arrival of whichever mode it was."""
SLOWEST_RATE_HZ: Final = 50.0
"""Of a front end that does not tell its rate."""

WEAK_DB: Final = 60.0
"""Below this peak (35 dB over the noise) noise hides the onset."""
WEAK_SIGMA_US: Final = 2.0
STRETCH_SIGMA_US: Final = 1.0
"""Of an S0 pick, a crossing: later the weaker S0 is beside A0, and the more it is dispersed."""


class NotLocalisedError(Exception):
    """The picks give no position; `reason` says why."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Location:
    """A position on the pane in mm from its centre."""

    x_mm: float
    y_mm: float
    time_us: float
    """When it was hit, on the clock of the arrivals."""
    ellipse_mm: tuple[float, float, float]
    """95 % semi-axes, the larger first, and its angle from +x in degrees."""
    chi2: float


def pick_sigma_us(capability: str, sample_rate_hz: float) -> float:
    """Standard deviation of an arrival time by what the front end gives and its rate.

    An envelope tells no more than the sample: half of its period.
    """
    step_us = 1e6 / (sample_rate_hz if sample_rate_hz > 0 else SLOWEST_RATE_HZ)
    if capability == "waveform":
        return math.hypot(WAVEFORM_SIGMA_US, step_us / math.sqrt(12))
    if capability == "edges":
        return math.hypot(CROSSING_SIGMA_US, step_us / math.sqrt(12))
    return math.hypot(CROSSING_SIGMA_US, step_us / 2)


def localise(
    sensors_mm: Sequence[tuple[float, float]],
    arrivals_us: Sequence[float],
    *,
    velocity_m_s: float,
    sigma_us: float | Sequence[float],
    radius_mm: float,
    modes: Sequence[Mode] | None = None,
) -> Location:
    """Position of the source; raises NotLocalisedError.

    `velocity_m_s` is that of A0; `modes` says by which wave each arrival is, A0 unless given.
    `sigma_us` is that of all arrivals, or of each.
    Closed-form start, Levenberg–Marquardt, then a χ² gate on the residuals.
    """
    if len(arrivals_us) <= UNKNOWNS:
        raise NotLocalisedError(f"{len(arrivals_us)} sensors: nothing checks against mixed modes")
    sensors = np.asarray(sensors_mm, dtype=np.float64)
    speed = velocity_m_s * 1e-3  # mm/µs
    ranges = np.asarray(arrivals_us, dtype=np.float64) * speed
    offset = ranges.mean()
    modes = modes or [A0] * len(ranges)
    slow = np.array([1 / mode.speed for mode in modes])
    fit = _fit(sensors, ranges - offset, slow, _start(sensors, ranges - offset, slow, radius_mm))
    path, jacobian = _model(sensors, fit, slow)
    residual = ranges - offset - fit[2] - path
    sigmas = np.broadcast_to(np.asarray(sigma_us, dtype=np.float64), ranges.shape)
    noise = np.diag((speed * sigmas) ** 2)
    for mode in set(modes):  # arrivals of one wave share the error of its speed
        spread = np.where([m is mode for m in modes], mode.uncertainty * path, 0.0)
        noise += np.outer(spread, spread)
    chi2 = _gate(residual, jacobian, noise)
    ellipse = _ellipse(jacobian, noise)
    outside_mm = ellipse[0] if EITHER in modes else min(ellipse[0], OUTSIDE_MM)
    if not math.hypot(fit[0], fit[1]) <= radius_mm + outside_mm:
        raise NotLocalisedError("the picks point outside the pane")
    return Location(float(fit[0]), float(fit[1]), float((fit[2] + offset) / speed), ellipse, chi2)


def bound_mm(
    sensors_mm: Sequence[tuple[float, float]],
    position_mm: tuple[float, float],
    *,
    velocity_m_s: float,
    sigma_us: float,
) -> float:
    """Cramér–Rao bound of the position, rms in mm, for a known speed."""
    place = np.array([*position_mm, 0.0])
    sensors = np.asarray(sensors_mm, dtype=np.float64)
    _, jacobian = _model(sensors, place, np.ones(len(sensors)))
    covariance = np.linalg.inv(jacobian.T @ jacobian) * (velocity_m_s * 1e-3 * sigma_us) ** 2
    return float(math.sqrt(np.trace(covariance[:2, :2])))


def _model(sensors: Floats, place: Floats, slow: Floats) -> tuple[Floats, Floats]:
    """Paths = distances · slow, and the derivatives of range = path + b by x, y and b.

    `slow` is how much less of A0's way a sensor's wave takes for a distance.
    """
    away = place[:2] - sensors
    distance = np.hypot(away[:, 0], away[:, 1])
    unit = away / np.maximum(distance, 1e-9)[:, None]
    return distance * slow, np.column_stack([unit * slow[:, None], np.ones(len(distance))])


def _start(sensors: Floats, ranges: Floats, slow: Floats, radius_mm: float) -> Floats:
    """For one wave closed: |p - s|² = (range - b)² is linear in x, y, b and q = |p|² - b².

    For two the best point of a grid.
    """
    if np.ptp(slow) > 0:
        return _coarse(sensors, ranges, slow, radius_mm)
    ranges = ranges / slow
    rows = np.column_stack([2 * sensors, -2 * ranges, -np.ones(len(ranges))])
    known = (sensors**2).sum(axis=1) - ranges**2
    place = np.linalg.lstsq(rows, known, rcond=1e-9)[0][:2]
    far = float(np.hypot(*place))
    if far > radius_mm:
        place = place * (radius_mm / far)
    path, _ = _model(sensors, np.array([*place, 0.0]), slow)
    return np.array([*place, float((ranges * slow - path).mean())])


def _coarse(sensors: Floats, ranges: Floats, slow: Floats, radius_mm: float) -> Floats:
    """The point of a grid over the pane whose residuals are least."""
    line = np.linspace(-radius_mm, radius_mm, GRID)
    x, y = (axis.ravel() for axis in np.meshgrid(line, line))
    paths = np.hypot(x[:, None] - sensors[:, 0], y[:, None] - sensors[:, 1]) * slow
    left = ranges - paths
    best = int(left.var(axis=1).argmin())
    return np.array([x[best], y[best], left[best].mean()])


def _fit(sensors: Floats, ranges: Floats, slow: Floats, place: Floats) -> Floats:
    """Levenberg–Marquardt on the sum of squared residuals."""
    damping = 1e-3
    path, jacobian = _model(sensors, place, slow)
    residual = ranges - place[2] - path
    cost = float(residual @ residual)
    for _ in range(60):
        normal = jacobian.T @ jacobian
        step = np.linalg.solve(
            normal + damping * np.diag(normal.diagonal() + 1e-9), jacobian.T @ residual
        )
        moved = place + step
        path, trial = _model(sensors, moved, slow)
        left = ranges - moved[2] - path
        now = float(left @ left)
        if now <= cost:
            place, jacobian, residual, cost = moved, trial, left, now
            damping = max(damping / 10, 1e-12)
            if float(step @ step) < 1e-14:
                break
        else:
            damping *= 10
            if damping > 1e9:
                break
    return place


def _gate(residual: Floats, jacobian: Floats, noise: Floats) -> float:
    """χ² of what the fit cannot explain; raises NotLocalisedError beyond the gate."""
    free = len(residual) - UNKNOWNS
    outside = np.linalg.svd(jacobian)[0][:, UNKNOWNS:]
    rest: Any = outside.T @ residual
    chi2 = float(rest @ np.linalg.solve(outside.T @ noise @ outside, rest))
    if not chi2 <= GATE[free]:
        worst = float(np.abs(residual).max())
        raise NotLocalisedError(
            f"arrivals disagree (mixed modes): {worst:.0f} mm off, χ² {chi2:.0f}"
        )
    return chi2


def _ellipse(jacobian: Floats, noise: Floats) -> tuple[float, float, float]:
    inverse = np.linalg.pinv(jacobian)
    covariance = (inverse @ noise @ inverse.T)[:2, :2]
    values, vectors = np.linalg.eigh(covariance)
    minor, major = np.sqrt(ELLIPSE_95 * np.maximum(values, 0.0))
    angle = math.degrees(math.atan2(vectors[1, 1], vectors[0, 1]))
    angle = (angle + 90) % 180 - 90
    return float(major), float(minor), float(angle)
