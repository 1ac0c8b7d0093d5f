"""Commands for units: ask, confirm, follow, take back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import Field, StrictFloat, StrictInt

from ground.api import command_views, views
from ground.api.body import Author, Body, Id, Text
from ground.api.errors import ApiError
from ground.api.source import Ground
from ground.commanding.arguments import CommandError


class Order(Body):
    """A command by name; arguments as the dictionary has them, in engineering units."""

    author: Author
    vehicle: Id
    unit: Id
    command: Id
    arguments: dict[Id, StrictInt | StrictFloat | Text] = Field(default_factory=dict, max_length=64)
    expires_s: Annotated[float, Field(gt=0, le=86_400, allow_inf_nan=False)] = 600.0
    request_id: Id = ""
    """Chosen by who asks: what comes again under it is the same command, not another one."""


class Confirm(Body):
    """It is meant; `unit` is typed by who confirms a command of their own."""

    author: Author
    unit: Id = ""


class Cancel(Body):
    """It is not to be sent."""

    author: Author


def router(ground: Ground, operators: Callable[[], int]) -> APIRouter:
    """Routes of this topic; `operators` tells how many people may command."""
    routes = APIRouter(prefix="/commands")

    @routes.get("")
    async def commands(limit: Annotated[int, Query(ge=1, le=10_000)] = 200) -> Any:
        return [command_views.request(r) for r in ground.commands(limit)]

    @routes.get("/{command}")
    async def command(command: int) -> Any:
        return command_views.request(ground.command(command))

    @routes.post("", status_code=201)
    async def order(body: Order) -> Any:
        key = views.unit_key(ground, body.vehicle, body.unit)
        if key is None:
            raise ApiError(404, f"There is no unit {body.vehicle}/{body.unit}.")
        try:
            placed = ground.order(
                key, body.command, body.arguments, body.author, body.expires_s, body.request_id
            )
        except CommandError as error:
            raise ApiError(422, f"{error}.", fields=[error.field]) from None
        return command_views.request(placed)

    @routes.post("/{command}/confirm")
    async def confirm(command: int, body: Confirm) -> Any:
        done = ground.confirm(command, body.author, body.unit, operators())
        return command_views.request(done)

    @routes.post("/{command}/cancel")
    async def cancel(command: int, body: Cancel) -> Any:
        return command_views.request(ground.cancel(command, body.author))

    return routes
