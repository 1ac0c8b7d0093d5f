"""Figures as people read them: few digits, no powers of ten, one wording for one thing."""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal

from ground.model import Impact


def number(value: float, digits: int = 3) -> str:
    """So many significant digits, written out; 'open' where there is no bound."""
    if not math.isfinite(value):
        return "open"
    return f"{Decimal(f'{value:.{digits}g}') + 0:f}"  # + 0: no negative zero


def quantity(value: float, unit: str) -> str:
    """With its unit; a pressure of an atmosphere is read in kPa."""
    if unit == "Pa" and abs(value) >= 1000:
        return f"{number(value / 1000)} kPa"
    return f"{number(value)} {unit}"


def size(diameter_mm: Sequence[float | None]) -> str:
    """A particle's size range (low, high) in mm; a range that is open on both sides is any."""
    low, high = diameter_mm
    if high is None:
        return f"{number(low, 2)} mm or larger" if low else "of any size"
    return f"{number(low or 0.0, 2)} to {number(high, 2)} mm"


def clipped(impact: Impact) -> str:
    """How many of the channels that heard a hit clipped."""
    if impact.diameter_mm[1] is None:
        return "all channels clipped"
    count = impact.clipped_channels  # 0: not counted, in what earlier versions wrote down
    return f"{count} of {impact.sensors} channels clipped" if count else "channels clipped"


def place(x_mm: float, y_mm: float) -> str:
    """A position on a pane, as "(-34.4, 39.6) mm"."""
    return f"({round(x_mm, 1) + 0.0:.1f}, {round(y_mm, 1) + 0.0:.1f}) mm"


def span(times_s: Sequence[float | None]) -> str:
    """Low, middle, high of a time that is left, as "8 min 46 s (8 min 18 s to 9 min 16 s)"."""
    return f"{duration(times_s[1])} ({range_words(times_s)})"


def range_words(times_s: Sequence[float | None]) -> str:
    """The bounds of a low, middle, high, as "8 min 18 s to 9 min 16 s"."""
    return f"{duration(times_s[0])} to {duration(times_s[-1])}"


def duration(seconds: float | None) -> str:
    """Two parts are enough for a decision."""
    if seconds is None or not math.isfinite(seconds):
        return "open"
    minutes, s = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days} d {hours} h"
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {s} s" if minutes else f"{s} s"
