"""Fracture of a fused-silica pane: K = Y·σ·√(πa), thermal and pressure stress.

Carry a factor of 2 on K. Tempered panes are not modelled here. SI inside, units in the names.
"""

from __future__ import annotations

import math
from typing import Final

TOUGHNESS_MPA_M05: Final = 0.75
"""K_IC of fused silica."""
THRESHOLD_MPA_M05: Final = 0.30
"""K_th, lower edge of the published 0.30 … 0.34: below it nothing grows."""
SAFETY: Final = 1.4
"""Factor at end of life (NASA-STD-5018)."""
K_FACTOR_UNCERTAINTY: Final = 2.0

HALF_PENNY: Final = 0.713
THROUGH: Final = 1.0
EDGE: Final = 1.12
"""Y of a surface half-penny of depth a, a through-crack 2a, an edge crack a."""

THERMAL_MPA_K: Final = 0.0482
"""Stress per kelvin at full constraint; a linear gradient gives half."""
SUPPORTED: Final = 1.189
CLAMPED: Final = 0.75

GROWTH_M_S: Final = 10.0
GROWTH_EXPONENT: Final = 40


def intensity_mpa_m05(shape: float, stress_mpa: float, half_length_mm: float) -> float:
    """Stress intensity K of a flaw of size a."""
    return shape * stress_mpa * math.sqrt(math.pi * half_length_mm * 1e-3)


def critical_stress_mpa(shape: float, half_length_mm: float, factor: float = 1.0) -> float:
    """Stress at which factor·K reaches K_IC."""
    return TOUGHNESS_MPA_M05 / factor / intensity_mpa_m05(shape, 1.0, half_length_mm)


def thermal_stress_mpa(delta_k: float) -> float:
    """Stress of a temperature difference at full constraint."""
    return THERMAL_MPA_K * delta_k


def critical_delta_k(shape: float, half_length_mm: float, factor: float = 1.0) -> float:
    """Temperature difference at which factor·K reaches K_IC, full constraint."""
    return critical_stress_mpa(shape, half_length_mm, factor) / THERMAL_MPA_K


def pressure_stress_mpa(
    support: float, pressure_pa: float, radius_mm: float, thickness_mm: float
) -> float:
    """Bending stress of a round plate: SUPPORTED (centre) or CLAMPED (edge)."""
    return support * pressure_pa * 1e-6 * (radius_mm / thickness_mm) ** 2


def growth_m_s(intensity: float, *, humid: bool) -> float:
    """Slow growth v = A·(K/K_IC)^n; none below K_th or without water."""
    if not humid or intensity < THRESHOLD_MPA_M05:
        return 0.0
    return float(GROWTH_M_S * (intensity / TOUGHNESS_MPA_M05) ** GROWTH_EXPONENT)


def inspected_k_mpa_m05(length_mm: float, delta_k: float, *, through: bool) -> float:
    """Largest K of a crack of that length, as it may lie: at the edge when through.

    An inspection gives a length and no place, so a through-crack counts as an edge crack with
    a = length, and another as a half-penny with a = length/2.
    """
    stress = thermal_stress_mpa(delta_k)
    if through:
        return intensity_mpa_m05(EDGE, stress, length_mm)
    return intensity_mpa_m05(HALF_PENNY, stress, length_mm / 2)
