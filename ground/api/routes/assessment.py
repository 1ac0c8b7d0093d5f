"""What the ground makes of the telemetry: impacts, leaks, findings, return status."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from ground.api import views
from ground.api.source import Ground


def router(ground: Ground) -> APIRouter:
    """Routes of this topic."""
    routes = APIRouter()

    @routes.get("/status")
    async def status() -> Any:
        return views.topic(ground, "status")

    @routes.get("/impacts")
    async def impacts() -> Any:
        return views.topic(ground, "impacts")

    @routes.get("/leaks")
    async def leaks() -> Any:
        return views.topic(ground, "leaks")

    @routes.get("/findings")
    async def findings() -> Any:
        return views.topic(ground, "findings")

    return routes
