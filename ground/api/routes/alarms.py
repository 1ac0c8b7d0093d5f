"""Alarms and what an operator does with them."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import Field

from ground.api import alarm_views, views
from ground.api.body import Author, Body, Text
from ground.api.errors import ApiError
from ground.api.json_values import Json
from ground.api.source import Ground


class Acknowledge(Body):
    """Someone has seen it."""

    author: Author
    comment: Text = ""


class Shelve(Body):
    """Out of sight for a while, with a reason; 0 s brings it back."""

    author: Author
    reason: Text = ""
    for_s: Annotated[float, Field(ge=0, le=86_400, allow_inf_nan=False)]


def router(ground: Ground) -> APIRouter:
    """Routes of this topic."""
    routes = APIRouter(prefix="/alarms")

    def view(alarm: int) -> Json:
        for raised in ground.alarms():
            if raised.id == alarm:
                return alarm_views.alarm(raised)
        raise ApiError(404, f"There is no alarm {alarm}.")

    @routes.get("")
    async def alarms(all: bool = False) -> Any:
        return alarm_views.alarms(ground.alarms()) if all else views.topic(ground, "alarms")

    @routes.post("/{alarm}/acknowledge")
    async def acknowledge(alarm: int, body: Acknowledge) -> Any:
        view(alarm)
        ground.acknowledge(alarm, body.author, body.comment)
        return view(alarm)

    @routes.post("/{alarm}/shelve")
    async def shelve(alarm: int, body: Shelve) -> Any:
        view(alarm)
        if body.for_s and not body.reason:
            raise ApiError(422, "Shelving needs a reason.", fields=["reason"])
        ground.shelve(alarm, body.author, body.reason, body.for_s)
        return view(alarm)

    return routes
