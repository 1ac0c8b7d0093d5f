"""Numbers and times as JSON has them."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import Any

from protocol.schema.timescale import iso

Json = dict[str, Any]


def finite(value: Any) -> Any:
    """JSON has no infinity and no NaN: None stands for both, at any depth."""
    if isinstance(value, float):
        return value if isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(k): finite(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [finite(v) for v in value]
    return value


def when(time_us: int | None) -> str | None:
    """ISO-8601 or None."""
    return None if time_us is None else iso(time_us)
