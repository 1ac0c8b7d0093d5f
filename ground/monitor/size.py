"""How large the particle was, from burst peaks: a range, for a level tells a decade of momentum."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

from ground.physics.amplitude import (
    REFERENCE_MM,
    UNCERTAINTY_DB,
    diameter_mm,
    source_db,
    spreading_db,
)

OUTER_SOURCE_DB: Final = source_db(0.1)
"""From this source level on, only a direct hit on the outer pane will do: through another pane it
would take 30 dB more, a 0.3 mm particle that passed the outer pane unheard."""

MM_DIGITS: Final = 4


@dataclass(frozen=True, slots=True)
class Peak:
    """The burst of one sensor."""

    level_db: float
    """Peak in dB_AE; where clipped, a lower bound."""
    clipped: bool
    distance_mm: float | None
    """From the source, None when that is not known."""


@dataclass(frozen=True, slots=True)
class Size:
    """Range of the equivalent aluminium particle at 10 km/s."""

    low_mm: float
    high_mm: float | None
    """None: every channel clipped, no upper end."""
    source_db: float
    """dB_AE at 100 mm from the source; a lower bound when `high_mm` is None."""


def particle_size(peaks: Sequence[Peak]) -> Size:
    """Size of one impact from its bursts; clipped channels bound it from below only."""
    levels = [
        (p.level_db + spreading_db(REFERENCE_MM if p.distance_mm is None else p.distance_mm), p)
        for p in peaks
        if p.level_db > 0
    ]
    if not levels:
        return Size(0.0, None, 0.0)
    open_levels = [level for level, peak in levels if not peak.clipped]
    if not open_levels:
        highest = max(level for level, _ in levels)
        return Size(_mm(highest - UNCERTAINTY_DB), None, highest)
    middle = median(open_levels)
    return Size(_mm(middle - UNCERTAINTY_DB), _mm(middle + UNCERTAINTY_DB), middle)


def struck_pane(size: Size, *, saturated: bool) -> str:
    """`outer` when nothing else can be so loud, else `unknown`: the ring hears every pane."""
    return "outer" if saturated or size.source_db >= OUTER_SOURCE_DB else "unknown"


def equivalent_mm(diameter_range_mm: tuple[float, float | None]) -> float | None:
    """Middle of a size range on its logarithmic scale; None when it is open."""
    low, high = diameter_range_mm
    return None if high is None else float((low * high) ** 0.5)


def _mm(level_db: float) -> float:
    return round(diameter_mm(level_db), MM_DIGITS)


__all__ = [
    "OUTER_SOURCE_DB",
    "Peak",
    "Size",
    "equivalent_mm",
    "particle_size",
    "struck_pane",
]
