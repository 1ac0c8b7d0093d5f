"""The ground station itself: health, dictionary, journal, report, live feed."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.websockets import WebSocket

from ground.api import views
from ground.api.json_values import finite
from ground.api.live import Hub
from ground.api.source import Ground
from protocol.schema import dictionary


def router(ground: Ground, hub: Hub, version: str) -> APIRouter:
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
        return finite([views.journal_entry(e) for e in ground.journal(limit)])

    @routes.get("/report")
    async def report() -> Any:
        return finite(ground.report())

    @routes.websocket("/live")
    async def live(socket: WebSocket) -> None:
        await socket.accept()
        await hub.attend(socket)

    return routes
