"""Scenarios by name or by path."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from tools.scenario.error import ScenarioError
from tools.scenario.fields import unknown

LIBRARY: Final = Path(__file__).parent / "library"


def names() -> list[str]:
    """The built-in scenarios."""
    return sorted(path.stem for path in LIBRARY.glob("*.toml"))


def find(name_or_path: str) -> Path:
    """The file of a built-in scenario, or the path as it is; raises ScenarioError."""
    if name_or_path in names():
        return LIBRARY / f"{name_or_path}.toml"
    path = Path(name_or_path)
    if path.is_file():
        return path
    if path.suffix == ".toml" or len(path.parts) > 1 or path.is_dir():
        reason = "is a folder" if path.is_dir() else "no such file"
        raise ScenarioError(
            name_or_path, "", f"{reason} (built-in scenarios: {', '.join(names())})"
        )
    raise ScenarioError(name_or_path, "", unknown("scenario", name_or_path, names()))
