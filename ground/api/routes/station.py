"""The ground station itself: health, dictionary, journal, report, live feed."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.responses import PlainTextResponse
from starlette.websockets import WebSocket

from ground.api import metrics, views
from ground.api.heavy import Heavy, Made
from ground.api.json_values import finite
from ground.api.live import Hub
from ground.api.source import Ground
from protocol.schema import dictionary


def router(ground: Ground, hub: Hub, version: str, heavy: Heavy) -> APIRouter:
    """Routes of this topic."""
    routes = APIRouter()
    declared = dictionary.as_json()

    @routes.get("/health")
    async def health() -> Any:
        return finite(views.health(ground, declared["schema"], version))

    @routes.get("/dictionary")
    async def get_dictionary() -> Any:
        return declared

    @routes.get("/journal")
    async def journal(limit: Annotated[int, Query(ge=1, le=10_000)] = 200) -> Any:
        def take() -> Made:
            entries = ground.journal(limit)
            return lambda: [views.journal_entry(e) for e in entries()]

        return await heavy.answer(("journal", limit), take)

    @routes.get("/metrics", response_class=PlainTextResponse)
    async def get_metrics() -> Any:
        return PlainTextResponse(metrics.text(ground), media_type=metrics.CONTENT_TYPE)

    @routes.get("/report")
    async def report() -> Any:
        return await heavy.answer(("report", 0), ground.report)

    @routes.websocket("/live")
    async def live(socket: WebSocket, after: Annotated[int | None, Query(ge=0)] = None) -> None:
        await socket.accept()
        await hub.attend(socket, after)

    return routes
