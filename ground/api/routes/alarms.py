"""Alarms and what an operator does with them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import Field, StringConstraints

from ground.api import alarm_views
from ground.api.body import Author, Body, Text
from ground.api.errors import ApiError
from ground.api.heavy import Heavy, Made
from ground.api.json_values import Json
from ground.api.source import Ground
from protocol.schema.severity import Severity


class Acknowledge(Body):
    """Someone has seen it."""

    author: Author
    comment: Text = ""


class Seen(Body):
    """An alarm as it was on show."""

    alarm: Annotated[int, Field(ge=1, le=10**9)]
    severity: Literal["watch", "warning", "distress", "critical", "severe"]


class AcknowledgeSeen(Body):
    """Someone has seen all of these; one that is graver by now is left."""

    author: Author
    comment: Text = ""
    alarms: Annotated[list[Seen], Field(min_length=1, max_length=alarm_views.OPEN_MAX)]


class Note(Body):
    """Something to remember about it."""

    author: Author
    note: Annotated[Text, StringConstraints(min_length=1)]


class Shelve(Body):
    """Out of sight for a while, with a reason; 0 s brings it back."""

    author: Author
    reason: Text = ""
    for_s: Annotated[float, Field(ge=0, le=86_400, allow_inf_nan=False)]


def router(ground: Ground, heavy: Heavy) -> APIRouter:
    """Routes of this topic."""
    routes = APIRouter(prefix="/alarms")

    def view(alarm: int) -> Json:
        for raised in ground.alarms():
            if raised.id == alarm:
                return alarm_views.alarm(raised, replay=ground.replay())
        raise ApiError(404, f"There is no alarm {alarm}.")

    @routes.get("")
    async def alarms(all: bool = False) -> Any:
        def take() -> Made:
            raised, replay = ground.alarms(), ground.replay()
            return lambda: alarm_views.alarms(
                raised if all else alarm_views.foremost(raised), replay=replay
            )

        return await heavy.answer(("alarms", all), take)

    @routes.post("/acknowledge")
    async def acknowledge_seen(body: AcknowledgeSeen) -> Any:
        seen = {one.alarm: Severity[one.severity.upper()] for one in body.alarms}
        if len(seen) < len(body.alarms):
            raise ApiError(422, "Name each alarm once.", fields=["alarms"])
        left = ground.acknowledge_seen(seen, body.author, body.comment)
        return {
            "acknowledged": [alarm for alarm in seen if alarm not in left],
            "left": [{"alarm": alarm, "reason": why} for alarm, why in left.items()],
        }

    @routes.post("/{alarm}/acknowledge")
    async def acknowledge(alarm: int, body: Acknowledge) -> Any:
        view(alarm)
        ground.acknowledge(alarm, body.author, body.comment)
        return view(alarm)

    @routes.post("/{alarm}/note")
    async def note(alarm: int, body: Note) -> Any:
        view(alarm)
        ground.note(alarm, body.author, body.note)
        return view(alarm)

    @routes.post("/{alarm}/shelve")
    async def shelve(alarm: int, body: Shelve) -> Any:
        view(alarm)
        if body.for_s and not body.reason:
            raise ApiError(422, "Shelving needs a reason.", fields=["reason"])
        ground.shelve(alarm, body.author, body.reason, body.for_s)
        return view(alarm)

    return routes
