"""Topics: the lists that GET gives whole and the live feed tells when they change."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any, Final

from ground.api import alarm_views, bounded_views, command_views, views
from ground.api.json_values import Json, finite
from ground.api.source import Ground

LASTING: Final = ("impacts", "findings", "alarms")
"""Lists of things that never change: another takes the place of one that does."""


def listed(ground: Ground, name: str) -> tuple[Iterable[Any], Callable[[Any], Json]]:
    """What a topic lists, and the view of one such thing; raises KeyError for another topic."""
    found: tuple[Iterable[Any], Callable[[Any], Json]]
    match name:
        case "units":
            found = ground.units(), views.unit
        case "status":
            leaks = ground.leaks()
            found = ground.statuses(), lambda status: views.vehicle_status(status, leaks)
        case "impacts":
            found = bounded_views.impacts(ground.impacts()), views.impact
        case "leaks":
            found = ground.leaks(), views.leak
        case "findings":
            found = bounded_views.findings(ground.findings()), views.finding
        case "alarms":
            replay = ground.replay()
            foremost = alarm_views.foremost(ground.alarms())
            found = foremost, lambda raised: alarm_views.alarm(raised, replay=replay)
        case "commands":
            found = ground.commands(command_views.SHOWN), command_views.request
        case _:
            raise KeyError(name)
    return found


def topic(ground: Ground, name: str) -> Any:
    """What both GET and the WebSocket give; raises KeyError for no topic."""
    match name:
        case "counts":
            return bounded_views.counts(ground)
        case "limits":
            return views.limits(ground)
    things, view = listed(ground, name)
    return finite([view(thing) for thing in things])


class Topics:
    """The same as `topic`, as JSON text; of long lists only what is new is written anew."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._known: dict[str, dict[int, tuple[Any, str]]] = {name: {} for name in LASTING}
        """Of each such list, by identity: what was in it at the last look, and its text."""

    def text(self, name: str) -> str:
        """A topic as it is now; raises KeyError for no topic."""
        if name not in LASTING:
            return as_text(topic(self._ground, name))
        things, view = listed(self._ground, name)
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
