"""Particle to acoustic level and back. Levels are dB_AE (dB above 1 µV) at 100 mm from the source.

A pencil-lead break (PLB, 1 N step) acts like an impulse of 1.6e-6 N·s at 100 kHz; an impact gives
β times its momentum. ±20 dB: the level tells a decade of momentum, no more.
"""

from __future__ import annotations

import math
from typing import Final

PLB_IMPULSE_N_S: Final = 1.6e-6
PLB_DB: Final = 95.0
"""Level of a pencil-lead break at 100 mm."""
REFERENCE_MM: Final = 100.0
MOMENTUM_FACTOR: Final = 2.0
"""β: ejecta carry momentum away too."""
UNCERTAINTY_DB: Final = 20.0
OTHER_PANE_DB: Final = 30.0
"""Loss from another pane to the ring."""
FULL_SCALE_DB: Final = 140.0
"""±10 V at 0 dB gain."""

ALUMINIUM_KG_M3: Final = 2700.0
SPEED_M_S: Final = 10_000.0
"""The equivalent particle: aluminium at 10 km/s, square on."""


def impulse_n_s(
    diameter_mm: float, speed_m_s: float = SPEED_M_S, density_kg_m3: float = ALUMINIUM_KG_M3
) -> float:
    """β·m·v of a spherical particle."""
    mass_kg = density_kg_m3 * math.pi / 6 * (diameter_mm * 1e-3) ** 3
    return MOMENTUM_FACTOR * mass_kg * speed_m_s


def db_re_plb(diameter_mm: float, speed_m_s: float = SPEED_M_S) -> float:
    """Level of an aluminium particle above a pencil-lead break."""
    return 20 * math.log10(impulse_n_s(diameter_mm, speed_m_s) / PLB_IMPULSE_N_S)


def source_db(diameter_mm: float) -> float:
    """Source level of the equivalent particle, dB_AE at 100 mm."""
    return PLB_DB + db_re_plb(diameter_mm)


def diameter_mm(source_level_db: float) -> float:
    """The equivalent particle of a source level: the inverse of `source_db`."""
    impulse = PLB_IMPULSE_N_S * 10 ** ((source_level_db - PLB_DB) / 20)
    per_mm3 = impulse_n_s(1.0)
    return float((impulse / per_mm3) ** (1 / 3))


def spreading_db(distance_mm: float) -> float:
    """Loss from 100 mm to a distance, 1/√r; negative nearer than that."""
    return 10 * math.log10(max(distance_mm, 1.0) / REFERENCE_MM)
