"""The FastAPI application: API, live feed and the console's files."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import PackageNotFoundError, version

from fastapi import APIRouter, FastAPI

from ground.api import errors
from ground.api.live import Hub
from ground.api.routes import alarms, assessment, inspections, station, telemetry
from ground.api.security import Guard
from ground.api.source import Ground
from ground.console import pages


def create_app(ground: Ground, token: str, port: int = 0) -> FastAPI:
    """An app over one ground station; `token` opens the actions.

    `port` is what Host and Origin must name; `server.serve` sets it when it picks a free one.
    """
    hub = Hub(ground)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with hub.running():
            yield

    app = FastAPI(
        title="Panewatch ground station",
        version=_version(),
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
    )
    app.state.token = token
    app.state.port = port
    errors.install(app)
    app.add_middleware(Guard)  # the outermost: its headers go with every answer
    api = APIRouter(prefix="/api")
    api.include_router(station.router(ground, hub, _version()))
    api.include_router(telemetry.router(ground))
    api.include_router(assessment.router(ground))
    api.include_router(alarms.router(ground))
    api.include_router(inspections.router(ground))
    app.include_router(api)
    pages.install(app)
    return app


def _version() -> str:
    try:
        return version("panewatch")
    except PackageNotFoundError:
        return "not installed"
