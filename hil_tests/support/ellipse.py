"""Whether an error ellipse holds the truth."""

from __future__ import annotations

import math


def holds(ellipse_mm: tuple[float, float, float], dx_mm: float, dy_mm: float) -> bool:
    """True when a point so far from the centre is within (semi-axes, angle in degrees)."""
    major, minor, degrees = ellipse_mm
    turn = math.radians(degrees)
    u = dx_mm * math.cos(turn) + dy_mm * math.sin(turn)
    v = dy_mm * math.cos(turn) - dx_mm * math.sin(turn)
    return (u / major) ** 2 + (v / minor) ** 2 <= 1
