"""The console's files: our modules, Open MCT, and a plain page where Open MCT is missing."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from fastapi import FastAPI
from fastapi.responses import FileResponse
from starlette.staticfiles import StaticFiles

from ground.console import fetch

STATIC: Final = Path(__file__).parent / "static"


def install(app: FastAPI) -> None:
    """Serve the console at `/`; the stacked view for small screens, also at `/phone`."""

    @app.get("/", include_in_schema=False)
    async def index() -> FileResponse:
        return FileResponse(STATIC / ("index.html" if fetch.present() else "missing.html"))

    @app.get("/phone", include_in_schema=False)
    async def phone() -> FileResponse:
        return FileResponse(STATIC / "index.html")

    @app.get("/signin", include_in_schema=False)
    async def sign_in() -> FileResponse:
        return FileResponse(STATIC / "signin.html")

    app.mount("/static", StaticFiles(directory=STATIC), "static")
    app.mount("/openmct", StaticFiles(directory=fetch.OPENMCT, check_dir=False), "openmct")
