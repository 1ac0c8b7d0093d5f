"""Hypervelocity craters in glass (Christiansen & Burt 2003; NASA/TM-2009-214789).

Inputs in mm, km/s, g/cm³ and degrees from square on; the equations themselves work in cm.
"""

from __future__ import annotations

import math
from typing import Final

PERFORATION: Final = 2.0
SPALL: Final = 3.0
CRACKING: Final = 7.0
"""A pane thinner than k depths is perforated, spalls a piece off, or cracks."""

EXACT: Final = (0.529, 1.056, 0.667)
ROUNDED: Final = (0.53, 1.06, 0.67)
"""Factor, exponent of the diameter, exponent of the normal speed."""


def depth_mm(
    diameter_mm: float,
    speed_km_s: float = 10.0,
    density_g_cm3: float = 2.7,
    angle_deg: float = 0.0,
    form: tuple[float, float, float] = EXACT,
) -> float:
    """Crater depth P."""
    factor, of_diameter, of_speed = form
    normal = speed_km_s * math.cos(math.radians(angle_deg))
    cm = factor * density_g_cm3**0.5 * (diameter_mm / 10) ** of_diameter * normal**of_speed
    return float(10 * cm)


def damage_diameter_mm(
    diameter_mm: float,
    speed_km_s: float = 10.0,
    density_g_cm3: float = 2.7,
    angle_deg: float = 0.0,
) -> float:
    """Diameter D of the damaged zone on the struck face."""
    normal = speed_km_s * math.cos(math.radians(angle_deg))
    cm = 30.9 * density_g_cm3**0.44 * (diameter_mm / 10) ** 1.33 * normal**0.44
    return float(10 * cm)


def required_mm(
    factor: float, diameter_mm: float, speed_km_s: float = 10.0, density_g_cm3: float = 2.7
) -> float:
    """Pane thickness k·P that the particle asks for."""
    return factor * depth_mm(diameter_mm, speed_km_s, density_g_cm3)


def critical_diameter_mm(
    factor: float, thickness_mm: float, speed_km_s: float = 10.0, density_g_cm3: float = 2.7
) -> float:
    """Smallest particle with k·P ≥ thickness: the inverse of `required_mm`."""
    unit_depth = depth_mm(10.0, speed_km_s, density_g_cm3)
    return float(10 * (thickness_mm / (factor * unit_depth)) ** (1 / EXACT[1]))


def energy_j(diameter_mm: float, speed_km_s: float = 10.0, density_g_cm3: float = 2.7) -> float:
    """Kinetic energy of the spherical particle."""
    mass_kg = density_g_cm3 * 1e3 * math.pi / 6 * (diameter_mm * 1e-3) ** 3
    return 0.5 * mass_kg * (speed_km_s * 1e3) ** 2
