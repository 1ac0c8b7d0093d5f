"""What the ground makes of the telemetry: impacts, leaks, findings, return status."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Response

from ground.api import topics, views
from ground.api.heavy import Heavy, Made
from ground.api.source import Ground


def router(ground: Ground, heavy: Heavy) -> APIRouter:
    """Routes of this topic."""
    routes = APIRouter()

    async def every(name: str, view: Callable[[Any], Any], ask: Callable[[], Any]) -> Response:
        def take() -> Made:
            found = ask()
            return lambda: [view(one) for one in found]

        return await heavy.answer((name, 0), take)

    @routes.get("/status")
    async def status() -> Any:
        return topics.topic(ground, "status")

    @routes.get("/impacts")
    async def impacts(all: bool = False) -> Any:
        if all:
            return await every("impacts", views.impact, ground.impacts)
        return topics.topic(ground, "impacts")

    @routes.get("/leaks")
    async def leaks() -> Any:
        return topics.topic(ground, "leaks")

    @routes.get("/findings")
    async def findings(all: bool = False) -> Any:
        if all:
            return await every("findings", views.finding, ground.findings)
        return topics.topic(ground, "findings")

    @routes.get("/counts")
    async def counts() -> Any:
        return topics.topic(ground, "counts")

    return routes
