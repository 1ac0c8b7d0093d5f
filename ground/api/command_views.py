"""Commands as the JSON of docs/api.md."""

from __future__ import annotations

from ground.api.json_values import Json, finite, when
from ground.commanding.arguments import units
from ground.commanding.request import Request, State
from protocol.schema.telecommand import BY_NAME
from protocol.schema.timescale import iso

SHOWN = 50
"""Newest commands of the live topic."""


def request(asked: Request) -> Json:
    """One command with all that happened to it."""
    shown: Json = finite({
        "id": asked.id,
        "vehicle": asked.unit.vehicle,
        "unit": asked.unit.unit,
        "command": asked.command,
        "arguments": dict(asked.arguments),
        "units": units(known, asked.raw) if (known := BY_NAME.get(asked.command)) else {},
        "author": asked.author,
        "created": iso(asked.created_us),
        "expires": iso(asked.expires_us),
        "request_id": asked.request_id,
        "hazard": asked.hazard,
        "confirm_by": when(_confirm_by_us(asked)),
        "confirmed_by": asked.confirmed_by,
        "state": str(asked.state),
        "reason": asked.reason,
        "counter": asked.counter,
        "sent": when(asked.sent_us or None),
        "effect": str(asked.effect),
        "effect_words": asked.effect_words,
        "stages": [{"what": what, "time": iso(time_us)} for what, time_us in asked.stages],
    })  # fmt: skip
    return shown


def _confirm_by_us(asked: Request) -> int | None:
    """When it is dropped unless somebody confirms it."""
    waits = asked.state is State.UNCONFIRMED
    return min(asked.deadline_us, asked.expires_us) if waits else None
