"""Rate, hole and time left of a leak, from the fit of its falling pressure."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from ground.model import Leak, PacketId, UnitKey
from ground.monitor.decay import Decay
from ground.physics.gas import fall_time_s, hole_m, reserve_s

SCALE_UNCERTAINTY: Final = 0.02
"""Relative, of τ: gauge scale and gas temperature, beside the fit's own."""


def without_figures(
    unit: UnitKey, volume: str, onset_us: int, evidence: tuple[PacketId, ...]
) -> Leak:
    """A leak that has just been found."""
    return Leak(
        unit,
        volume,
        onset_us,
        rate_pa_s=0.0,
        sigma_pa_s=0.0,
        hole_mm=0.0,
        tau_s=0.0,
        half_s=None,
        reserve_s=None,
        active=True,
        packets=evidence,
    )


def with_figures(leak: Leak, fit: Decay, onset_pa: float, size_m3: float) -> Leak:
    """The leak with what the fit says; `onset_pa`: pressure at its onset, of a volume that large.

    The rate is that at the onset; times left are low, middle and high at 2σ.
    """
    relative = fit.sigma_per_s / fit.rate_per_s
    doubt = 2 * (relative**2 + SCALE_UNCERTAINTY**2) ** 0.5
    taus = [1 / (fit.rate_per_s * (1 + d)) for d in (doubt, 0.0, -doubt)]
    cabin = leak.volume == "cabin"
    half = [fall_time_s(2.0, 1.0, tau) for tau in taus]
    reserve = [reserve_s(fit.level_pa, tau) for tau in taus]
    return replace(
        leak,
        rate_pa_s=onset_pa * fit.rate_per_s,
        sigma_pa_s=onset_pa * fit.sigma_per_s,
        hole_mm=hole_m(size_m3, taus[1]) * 1e3,
        tau_s=taus[1],
        half_s=None if cabin else (half[0], half[1], half[2]),
        reserve_s=(reserve[0], reserve[1], reserve[2]) if cabin else None,
    )
