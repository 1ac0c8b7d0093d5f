"""Vehicles, units and their housekeeping values."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Query

from ground.api import topics, views
from ground.api.errors import ApiError
from ground.api.json_values import finite
from ground.api.source import Ground
from ground.model import UnitKey
from ground.stream.boot import HOUR_US
from ground.stream.completeness import LONGEST_US
from protocol.schema.decode import ENTRIES

SIZE_MAX: Final = 20_000
TIME_MAX_MS: Final = 9e15
"""What the archive's 64-bit µs can hold."""
MONTH_US: Final = 31 * 24 * HOUR_US
_START = Query(description="Onboard time, UTC, in ms since 1970")
_END = Query(description="Onboard time, UTC, in ms since 1970; not before start")
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
        return topics.topic(ground, "units")

    @routes.get("/latest/{vehicle}/{unit}")
    async def latest(vehicle: str, unit: str) -> Any:
        return finite(views.latest(ground.latest(known(vehicle, unit))))

    @routes.get("/history/{vehicle}/{unit}/{parameter}")
    async def history(
        vehicle: str,
        unit: str,
        parameter: str,
        start: Annotated[float, _START],
        end: Annotated[float, _END],
        size: Annotated[int, Query(ge=1, le=SIZE_MAX)] = 1000,
        strategy: Literal["minmax", "latest"] = "minmax",
    ) -> Any:
        key = known(vehicle, unit)
        if parameter not in _PARAMETERS:
            raise ApiError(404, f"Housekeeping has no {parameter}.", parameters=sorted(_PARAMETERS))
        _bounded(start, end)
        read = ground.extremes if strategy == "minmax" else ground.newest
        first_us, last_us = int(start * 1000), int(end * 1000)
        points = read(key, parameter, first_us, last_us, size)
        return views.history(points, ground.dropped(key, first_us, last_us))

    @routes.get("/completeness/{vehicle}/{unit}")
    async def completeness(
        vehicle: str,
        unit: str,
        start: Annotated[float | None, _START] = None,
        end: Annotated[float | None, _END] = None,
    ) -> Any:
        key = known(vehicle, unit)
        newest = next(u.last_onboard_us for u in ground.units() if u.unit == key)
        if end is None:
            end = ((newest or 0) + HOUR_US) / 1000
        if start is None:
            start = max(end - MONTH_US / 1000, 0.0)
        _bounded(start, end)
        if end - start > LONGEST_US / 1000:
            raise ApiError(422, "start and end may be 366 days apart.", fields=["start", "end"])
        return views.completeness(ground.completeness(key, int(start * 1000), int(end * 1000)))

    return routes


def _bounded(start: float, end: float) -> None:
    """Raise ApiError for a span that is none, or that the archive's times cannot say."""
    if not start <= end:
        raise ApiError(422, "start must not be after end.", fields=["start", "end"])
    if max(-start, end) > TIME_MAX_MS:
        words = f"start and end must lie within {TIME_MAX_MS:g} ms of 1970."
        raise ApiError(422, words, fields=["start", "end"])
