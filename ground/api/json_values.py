"""Numbers and times as JSON has them."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import Any, Final

from protocol.schema.timescale import iso

Json = dict[str, Any]

DIGITS: Final = 15
"""So many a float holds of every decimal number; what comes after is its own noise."""
ROUNDED_BELOW: Final = 1e7
"""Times in s or ms need all that a float has."""


def finite(value: Any) -> Any:
    """JSON has no infinity and no NaN: None stands for both, at any depth.

    102465.20000000001 is 102465.2: the same measurement to whoever reads it.
    """
    if isinstance(value, float):
        if abs(value) < ROUNDED_BELOW:
            return float(f"{value:.{DIGITS}g}")
        return value if isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(k): finite(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [finite(v) for v in value]
    return value


def when(time_us: int | None) -> str | None:
    """ISO-8601 or None."""
    return None if time_us is None else iso(time_us)
