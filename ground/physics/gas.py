"""Gas leaving a volume through a small hole into vacuum: choked, isothermal.

Sources: ideal-gas choked orifice flow; molecular effusion v̄/4. SI units throughout.
"""

from __future__ import annotations

import math
from typing import Final

DISCHARGE: Final = 0.85
"""Discharge coefficient C_d of a punched hole."""
AIR_SPEED_M_S: Final = 198.6
"""Volume flow per effective hole area of choked air at 293 K, m³/s/m²."""
NITROGEN_SPEED_M_S: Final = 201.9
AIR_FLUX_KG_S_M2: Final = 239.2
"""Choked mass flux of air at 101.3 kPa and 293 K."""
MOLECULAR_SPEED_M_S: Final = 115.7
"""The same in molecular flow (Knudsen number above 1)."""
CHOKED_RATIO: Final = 0.528
"""Flow is choked while downstream / upstream pressure lies below this."""
ATMOSPHERE_PA: Final = 101_325.0
MMHG_PA: Final = 133.322
CABIN_LIMIT_PA: Final = 490 * MMHG_PA
"""Lowest cabin pressure of the reserve time, 490 mmHg."""


def hole_area_m2(diameter_m: float) -> float:
    """Area of a round hole."""
    return math.pi * diameter_m**2 / 4


def time_constant_s(volume_m3: float, diameter_m: float, speed_m_s: float = AIR_SPEED_M_S) -> float:
    """τ of P(t) = P0·e^(-t/τ): V / (C_d·A·speed)."""
    return volume_m3 / (DISCHARGE * hole_area_m2(diameter_m) * speed_m_s)


def hole_m(volume_m3: float, tau_s: float, speed_m_s: float = AIR_SPEED_M_S) -> float:
    """Diameter of the equivalent round hole: the inverse of `time_constant_s`."""
    return math.sqrt(4 * volume_m3 / (math.pi * DISCHARGE * speed_m_s * tau_s))


def pressure_pa(initial_pa: float, time_s: float, tau_s: float) -> float:
    """Pressure after a time of isothermal, choked outflow."""
    return initial_pa * math.exp(-time_s / tau_s)


def fall_time_s(pressure_from_pa: float, pressure_to_pa: float, tau_s: float) -> float:
    """Time from one pressure to a lower one, τ·ln(P/P'); 0 when it is already below."""
    if pressure_from_pa <= pressure_to_pa:
        return 0.0
    return tau_s * math.log(pressure_from_pa / pressure_to_pa)


def reserve_s(cabin_pa: float, tau_s: float, limit_pa: float = CABIN_LIMIT_PA) -> float:
    """Time until a leaking cabin reaches its limit."""
    return fall_time_s(cabin_pa, limit_pa, tau_s)


def mass_flow_kg_s(pressure_up_pa: float, diameter_m: float) -> float:
    """Choked air flow at 293 K through a round hole."""
    return (
        DISCHARGE * hole_area_m2(diameter_m) * AIR_FLUX_KG_S_M2 * (pressure_up_pa / ATMOSPHERE_PA)
    )


def is_choked(upstream_pa: float, downstream_pa: float) -> bool:
    """True when what is downstream no longer changes the flow."""
    return downstream_pa < CHOKED_RATIO * upstream_pa


def slit_flow_pa_m3_s(
    width_m: float,
    length_m: float,
    depth_m: float,
    upstream_pa: float,
    downstream_pa: float,
    *,
    viscosity_pa_s: float = 1.82e-5,
    mean_speed_m_s: float = 463.0,
) -> float:
    """Throughput P·dV/dt of a crack: viscous plus molecular, at most choked (±50 %)."""
    fall = upstream_pa - downstream_pa
    viscous = (
        length_m
        * width_m**3
        * (upstream_pa**2 - downstream_pa**2)
        / (24 * viscosity_pa_s * depth_m)
    )
    area = width_m * length_m
    molecular = mean_speed_m_s / 4 * area * (width_m / depth_m) * math.log(depth_m / width_m) * fall
    return min(viscous + molecular, area * AIR_SPEED_M_S * upstream_pa)
