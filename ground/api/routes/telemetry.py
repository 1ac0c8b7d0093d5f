"""Vehicles, units and their housekeeping values."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Query

from ground.api import views
from ground.api.decimate import minmax
from ground.api.errors import ApiError
from ground.api.json_values import finite
from ground.api.source import Ground
from ground.model import UnitKey
from protocol.schema.decode import ENTRIES

SIZE_MAX: Final = 20_000
TIME_MAX_MS: Final = 9e15
"""What the archive's 64-bit µs can hold."""
_PARAMETERS: Final = ENTRIES["housekeeping"]


def router(ground: Ground) -> APIRouter:
    """Routes of this topic."""
    routes = APIRouter()

    def known(vehicle: str, unit: str) -> UnitKey:
        key = views.unit_key(ground, vehicle, unit)
        if key is None:
            units = [str(u.unit) for u in ground.units()]
            raise ApiError(404, f"There is no unit {vehicle}/{unit}.", units=units)
        return key

    @routes.get("/fleet")
    async def fleet() -> Any:
        return finite(views.fleet(ground.fleet()))

    @routes.get("/units")
    async def units() -> Any:
        return views.topic(ground, "units")

    @routes.get("/latest/{vehicle}/{unit}")
    async def latest(vehicle: str, unit: str) -> Any:
        return finite(views.latest(ground.latest(known(vehicle, unit))))

    @routes.get("/history/{vehicle}/{unit}/{parameter}")
    async def history(
        vehicle: str,
        unit: str,
        parameter: str,
        start: float,
        end: float,
        size: Annotated[int, Query(ge=1, le=SIZE_MAX)] = 1000,
        strategy: Literal["minmax", "latest"] = "minmax",
    ) -> Any:
        key = known(vehicle, unit)
        if parameter not in _PARAMETERS:
            raise ApiError(404, f"Housekeeping has no {parameter}.", parameters=sorted(_PARAMETERS))
        if not start <= end:
            raise ApiError(422, "start must not be after end.", fields=["start", "end"])
        if max(-start, end) > TIME_MAX_MS:
            words = f"start and end must lie within {TIME_MAX_MS:g} ms of 1970."
            raise ApiError(422, words, fields=["start", "end"])
        points = ground.history(key, parameter, int(start * 1000), int(end * 1000))
        return views.points(minmax(points, size) if strategy == "minmax" else points[-size:])

    return routes
