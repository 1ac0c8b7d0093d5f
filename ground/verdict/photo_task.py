"""Where someone should look: a place on a pane in words that work at the window."""

from __future__ import annotations

import math
from typing import Final

from ground.fleet import Window
from ground.model import Impact, PhotoTask
from ground.physics.crater import damage_diameter_mm
from ground.verdict.facts import struck

LARGEST_UNSEEN_MM: Final = 1.0
"""Particle that an open size range is taken to end at, for the field of view."""
SMALLEST_RADIUS_MM: Final = 10.0


def photo_task(impact: Impact, window: Window) -> PhotoTask:
    """The task of one impact: 95 % ellipse plus the damage that the particle may have made."""
    pane = struck(impact)
    if impact.x_mm is None or impact.y_mm is None or impact.ellipse_mm is None:
        words = f"{pane} pane, place unknown: photograph the whole pane in oblique light"
        return PhotoTask(impact.unit, pane, None, None, None, words, impact.packet)
    high = impact.diameter_mm[1]
    damage = damage_diameter_mm(LARGEST_UNSEEN_MM if high is None else high)
    radius = math.ceil(max(SMALLEST_RADIUS_MM, impact.ellipse_mm[0] + damage / 2))
    away = math.hypot(impact.x_mm, impact.y_mm)
    words = (
        f"{pane} pane, {clock_position(impact.x_mm, impact.y_mm)}, {away:.0f} mm from the centre, "
        f"{edge_mm(impact, window):.1f} mm from the edge: photograph {radius} mm around it "
        "in oblique light"
    )
    return PhotoTask(
        impact.unit, pane, impact.x_mm, impact.y_mm, float(radius), words, impact.packet
    )


def clock_position(x_mm: float, y_mm: float) -> str:
    """+y is 12 o'clock, +x is 3 o'clock, seen from the cabin."""
    if math.hypot(x_mm, y_mm) < SMALLEST_RADIUS_MM:
        return "at the centre"
    hours = round(math.degrees(math.atan2(x_mm, y_mm)) / 30) % 12
    return f"at {hours or 12} o'clock"


def edge_mm(impact: Impact, window: Window) -> float:
    """Distance of a localised impact from the pane's edge, not below 0."""
    return max(0.0, window.radius_mm - math.hypot(impact.x_mm or 0.0, impact.y_mm or 0.0))
