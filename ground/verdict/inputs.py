"""The inputs of rules as people say them: a name, a value with few digits, a unit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ground.verdict.figures import duration, number, size, span

NAMES: Final = {
    "active": ("goes on", ""),
    "author": ("seen by", ""),
    "diameter_mm": ("particle", "mm"),
    "edge_mm": ("from the edge", "mm"),
    "factor": ("safety factor", ""),
    "half_s": ("pressure halves every", "s"),
    "healthy": ("healthy sensors", ""),
    "hole_mm": ("hole", "mm"),
    "k_ic_mpa_m05": ("K_IC", "MPa√m"),
    "k_max_mpa_m05": ("K_max", "MPa√m"),
    "length_mm": ("length", "mm"),
    "limit_mm": ("limit", "mm"),
    "losses": ("losses", ""),
    "more": ("more hits", ""),
    "needed": ("needed", ""),
    "now": ("now", ""),
    "pane": ("pane", ""),
    "peak_db": ("peak", "dB_AE"),
    "rate_pa_s": ("rate at onset", "Pa/s"),
    "reason": ("reason", ""),
    "reentry_delta_k": ("ΔT at re-entry", "K"),
    "required_mm": ("thickness needed", "mm"),
    "reserve_s": ("reserve", "s"),
    "seconds": ("in all", "s"),
    "sensors": ("sensors hit", ""),
    "sigma_pa_s": ("±", "Pa/s (1σ)"),
    "stress_mpa": ("thermal stress", "MPa"),
    "tau_s": ("τ", "s"),
    "thickness_mm": ("pane thickness", "mm"),
    "through": ("through", ""),
    "volume": ("volume", ""),
    "window": ("window", ""),
    "x_mm": ("x", "mm"),
    "y_mm": ("y", "mm"),
}
"""Label and unit of every input that `rules` names."""


def inputs_words(inputs: Mapping[str, Any]) -> str:
    """All inputs in one line, in the rule's order; a bound that there is none of is 'open'."""
    return " · ".join(_input(name, value) for name, value in inputs.items())


def _input(name: str, value: Any) -> str:
    label, unit = NAMES[name]
    if name == "diameter_mm" and isinstance(value, list | tuple):
        return f"{label} {size(value)}"
    if unit == "s":
        times = span(value) if isinstance(value, list | tuple) else duration(value)
        return f"{label} {times}"
    return f"{label} {_short(value)}{unit and ' '}{unit}"


def _short(value: Any) -> str:
    match value:
        case None:
            return "open"
        case bool():
            return "yes" if value else "no"
        case float():
            return number(value)
        case list() | tuple():
            return " … ".join(_short(v) for v in value)
        case _:
            return str(value)
