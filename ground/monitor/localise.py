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

SPEED_UNCERTAINTY: Final = 0.008
"""Relative, of the A0 group velocity within the pick band."""
ELLIPSE_95: Final = 5.991
"""Quantile of χ² with 2 degrees of freedom."""
GATE: Final = {1: 10.83, 2: 13.82, 3: 16.27}
"""χ² at 1e-3 by degrees of freedom: one mixed-mode pick costs 10 µs in 100 mm, far beyond."""
UNKNOWNS: Final = 3
OUTSIDE_MM: Final = 10.0
"""A fit farther beyond the pane's edge than this, or its ellipse, is none."""

WAVEFORM_SIGMA_US: Final = 0.5
_CAPABILITY_SIGMA_US: Final = {"waveform": WAVEFORM_SIGMA_US, "envelope": 5.0, "edges": 3.0}


WEAK_DB: Final = 60.0
"""Below this peak (35 dB over the noise) noise hides the onset."""
WEAK_SIGMA_US: Final = 2.0


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
    """Standard deviation of an arrival time by what the front end gives and its rate."""
    sigma = _CAPABILITY_SIGMA_US.get(capability, max(_CAPABILITY_SIGMA_US.values()))
    if sample_rate_hz <= 0:
        return sigma
    return math.hypot(sigma, 1e6 / sample_rate_hz / math.sqrt(12))


def localise(
    sensors_mm: Sequence[tuple[float, float]],
    arrivals_us: Sequence[float],
    *,
    velocity_m_s: float,
    sigma_us: float | Sequence[float],
    radius_mm: float,
) -> Location:
    """Position of the source; raises NotLocalisedError.

    `sigma_us` is that of all arrivals, or of each.
    Closed-form start, Levenberg–Marquardt, then a χ² gate on the residuals.
    """
    if len(arrivals_us) <= UNKNOWNS:
        raise NotLocalisedError(f"{len(arrivals_us)} sensors: nothing checks against mixed modes")
    sensors = np.asarray(sensors_mm, dtype=np.float64)
    speed = velocity_m_s * 1e-3  # mm/µs
    ranges = np.asarray(arrivals_us, dtype=np.float64) * speed
    offset = ranges.mean()
    fit = _fit(sensors, ranges - offset, _start(sensors, ranges - offset, radius_mm))
    distance, jacobian = _model(sensors, fit)
    residual = ranges - offset - fit[2] - distance
    sigmas = np.broadcast_to(np.asarray(sigma_us, dtype=np.float64), ranges.shape)
    noise = np.diag((speed * sigmas) ** 2) + SPEED_UNCERTAINTY**2 * np.outer(distance, distance)
    chi2 = _gate(residual, jacobian, noise)
    ellipse = _ellipse(jacobian, noise)
    if not math.hypot(fit[0], fit[1]) <= radius_mm + min(ellipse[0], OUTSIDE_MM):
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
    _, jacobian = _model(np.asarray(sensors_mm, dtype=np.float64), place)
    covariance = np.linalg.inv(jacobian.T @ jacobian) * (velocity_m_s * 1e-3 * sigma_us) ** 2
    return float(math.sqrt(np.trace(covariance[:2, :2])))


def _model(sensors: Floats, place: Floats) -> tuple[Floats, Floats]:
    """Distances, and the derivatives of range = distance + b by x, y and b."""
    away = place[:2] - sensors
    distance = np.hypot(away[:, 0], away[:, 1])
    unit = away / np.maximum(distance, 1e-9)[:, None]
    return distance, np.column_stack([unit, np.ones(len(distance))])


def _start(sensors: Floats, ranges: Floats, radius_mm: float) -> Floats:
    """|p - s|² = (range - b)² is linear in x, y, b and q = |p|² - b²: solved by least squares."""
    rows = np.column_stack([2 * sensors, -2 * ranges, -np.ones(len(ranges))])
    known = (sensors**2).sum(axis=1) - ranges**2
    place = np.linalg.lstsq(rows, known, rcond=1e-9)[0][:2]
    far = float(np.hypot(*place))
    if far > radius_mm:
        place = place * (radius_mm / far)
    distance, _ = _model(sensors, np.array([*place, 0.0]))
    return np.array([*place, float((ranges - distance).mean())])


def _fit(sensors: Floats, ranges: Floats, place: Floats) -> Floats:
    """Levenberg–Marquardt on the sum of squared residuals."""
    damping = 1e-3
    distance, jacobian = _model(sensors, place)
    residual = ranges - place[2] - distance
    cost = float(residual @ residual)
    for _ in range(60):
        normal = jacobian.T @ jacobian
        step = np.linalg.solve(
            normal + damping * np.diag(normal.diagonal() + 1e-9), jacobian.T @ residual
        )
        moved = place + step
        distance, trial = _model(sensors, moved)
        left = ranges - moved[2] - distance
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
