"""What people saw when they looked at a pane."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import Field, model_validator

from ground.api import views
from ground.api.body import Author, Body, Id, Text
from ground.api.errors import ApiError
from ground.api.json_values import finite
from ground.api.source import Ground
from ground.model import Inspection


class Seen(Body):
    """A pane as a person saw it; a crack has a length."""

    author: Author
    vehicle: Id
    unit: Id
    pane: Literal["outer", "middle", "inner"]
    result: Literal["clear", "crack"]
    length_mm: Annotated[float, Field(ge=0, le=1000, allow_inf_nan=False)] = 0.0
    through: bool = True
    note: Text = ""

    @model_validator(mode="after")
    def _crack_has_length(self) -> Seen:
        if (self.result == "crack") != (self.length_mm > 0):
            raise ValueError("a crack needs length_mm above 0, a clear pane has none")
        return self


def router(ground: Ground) -> APIRouter:
    """Routes of this topic."""
    routes = APIRouter(prefix="/inspections")

    @routes.get("")
    async def inspections() -> Any:
        return finite([views.inspection(i) for i in ground.inspections()])

    @routes.post("", status_code=201)
    async def inspect(seen: Seen) -> Any:
        key = views.unit_key(ground, seen.vehicle, seen.unit)
        if key is None:
            raise ApiError(404, f"There is no unit {seen.vehicle}/{seen.unit}.")
        inspection = Inspection(
            unit=key,
            time_us=ground.health().now_us,
            author=seen.author,
            pane=seen.pane,
            result=seen.result,
            length_mm=seen.length_mm,
            through=seen.through and seen.result == "crack",
            note=seen.note,
        )
        ground.inspect(inspection)
        return views.inspection(inspection)

    return routes
