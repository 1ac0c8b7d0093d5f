"""Holds what was measured against hil_tests/mpy/budgets.toml, which says how."""

from __future__ import annotations

import tomllib
from pathlib import Path

FILE = Path(__file__).parents[1] / "mpy" / "budgets.toml"
SLACK = 0.05  # the most by which a figure may stay below its budget


def budgets() -> dict[str, float]:
    """Every budget by the name of its figure."""
    return tomllib.loads(FILE.read_text(encoding="utf-8"))


def hold(name: str, measured: float) -> None:
    """AssertionError when a figure is above its budget, or so far below that it must go down."""
    budget = budgets()[name]
    assert measured <= budget, f"{name} is {measured}, above its budget of {budget} ({FILE.name})"
    assert measured >= budget * (1 - SLACK), (
        f"{name} is {measured}, well below its budget of {budget}: "
        f"write {name} = {measured} into {FILE.name}, so that it stays won"
    )
