"""Topics of the live feed as JSON text; of long lists only what is new is written anew."""

from __future__ import annotations

import json
from typing import Any, Final

from ground.api import views
from ground.api.json_values import finite
from ground.api.source import Ground

LASTING: Final = ("impacts", "findings", "alarms")
"""Lists of things that never change: another takes the place of one that does."""


class Topics:
    """The same as `views.topic`, as text."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._known: dict[str, dict[int, tuple[Any, str]]] = {name: {} for name in LASTING}
        """Of each such list, by identity: what was in it at the last look, and its text."""

    def text(self, name: str) -> str:
        """A topic as it is now; raises KeyError for no topic."""
        if name not in LASTING:
            return as_text(views.topic(self._ground, name))
        things, view = views.listed(self._ground, name)
        known = self._known[name]
        now = {
            id(thing): known.get(id(thing)) or (thing, as_text(finite(view(thing))))
            for thing in things
        }
        self._known[name] = now
        return f"[{','.join(text for _, text in now.values())}]"


def as_text(message: Any) -> str:
    """As short as JSON can be."""
    return json.dumps(message, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
