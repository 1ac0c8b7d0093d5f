"""The FastAPI application: API, live feed and the console's files."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import APIRouter, FastAPI

from ground.access.access import Access
from ground.access.store import AccessStore
from ground.api import errors, openapi
from ground.api.heavy import Heavy
from ground.api.live import Hub
from ground.api.routes import (
    alarms,
    assessment,
    commands,
    evidence,
    inspections,
    limits,
    session,
    station,
    telemetry,
)
from ground.api.security import Guard
from ground.api.site import Site
from ground.api.source import Ground
from ground.console import pages
from ground.software import installed_version


def create_app(
    ground: Ground,
    token: str = "",
    port: int = 0,
    *,
    access: Access | None = None,
    site: Site | None = None,
) -> FastAPI:
    """An app over one ground station for those whom `access` knows.

    Without it there are no users, and `token` alone opens the actions. `port` is what Host and
    Origin must name; `server.serve` sets it when it picks a free one.
    """
    hub, heavy = Hub(ground), Heavy()
    site = site or Site(port=port)
    access = access or Access(AccessStore(), token)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with hub.running():
            yield

    app = FastAPI(
        title="Panewatch ground station",
        version=installed_version(),
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
    )
    app.state.site = site
    app.state.access = access
    errors.install(app)
    openapi.install(app, site)
    app.add_middleware(Guard)  # the outermost: its headers go with every answer
    api = APIRouter(prefix="/api", responses=openapi.FAULTS)
    api.include_router(session.router(access, site))
    api.include_router(station.router(ground, hub, installed_version(), heavy))
    api.include_router(telemetry.router(ground))
    api.include_router(assessment.router(ground, heavy))
    api.include_router(alarms.router(ground, heavy))
    api.include_router(evidence.router(ground))
    api.include_router(limits.router(ground))
    api.include_router(inspections.router(ground))
    api.include_router(commands.router(ground, access.operators))
    app.include_router(api)
    pages.install(app)
    return app
