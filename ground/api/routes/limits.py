"""Limits in force, and what people change about them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import StringConstraints

from ground.api import topics
from ground.api.body import Author, Body, Id, Text
from ground.api.errors import ApiError
from ground.api.source import Ground
from ground.monitor.limit_set import LimitsError, LimitSet

Reason = Annotated[Text, StringConstraints(min_length=1)]


class Change(Body):
    """Limits of some parameters, which take the place of what holds for them."""

    author: Author
    reason: Reason
    limits: dict[str, Any]


class Enter(Body):
    """A vehicle comes into another flight context."""

    author: Author
    vehicle: Id
    context: Literal["docked", "free_flight", "reentry"]


def router(ground: Ground) -> APIRouter:
    """Routes of this topic."""
    routes = APIRouter()

    @routes.get("/limits")
    async def limits() -> Any:
        return topics.topic(ground, "limits")

    @routes.post("/limits")
    async def change(body: Change) -> Any:
        try:
            changes = LimitSet.from_dict(body.limits)
        except LimitsError as error:
            raise ApiError(422, f"{error}.", fields=[error.place]) from None
        ground.set_limits(ground.limits().changed(changes), body.author, body.reason)
        return topics.topic(ground, "limits")

    @routes.post("/contexts")
    async def enter(body: Enter) -> Any:
        if ground.fleet().vehicle(body.vehicle) is None:
            raise ApiError(404, f"There is no vehicle {body.vehicle}.")
        ground.enter(body.vehicle, body.context, body.author)
        return topics.topic(ground, "limits")

    return routes
