"""What is wrong with a scenario, and where."""

from __future__ import annotations


class ScenarioError(ValueError):
    """A scenario that cannot be used; carries file, place and reason. Correct the file there."""

    def __init__(self, file: str, place: str, reason: str) -> None:
        super().__init__(f"{file}: {place}: {reason}" if place else f"{file}: {reason}")
        self.file = file
        self.place = place
        self.reason = reason
