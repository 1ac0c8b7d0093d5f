"""What a benchmark measured, beside its peers in the same run."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Result:
    """Figures end in their unit."""

    bench: str
    figures: dict[str, float]
    peers: dict[str, dict[str, float]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    """What could not be measured here, and why."""

    def to_dict(self) -> dict[str, Any]:
        """The form of `bench NAME --json`."""
        machine = {"python": platform.python_version(), "cores": os.cpu_count()}
        made: dict[str, Any] = {"bench": self.bench, "figures": self.figures, "peers": self.peers}
        return made | {"notes": self.notes, "machine": machine}
