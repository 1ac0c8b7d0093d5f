"""Every error answer is `{"error": "one sentence", ...data}`."""

from __future__ import annotations

import logging
from traceback import extract_tb
from typing import Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ground.api.source import Refused

_LOG: Final = logging.getLogger(__name__)


class ApiError(Exception):
    """An answer with that status and sentence; `data` goes with it."""

    def __init__(self, status: int, sentence: str, **data: object) -> None:
        super().__init__(sentence)
        self.status = status
        self.data = data


def install(app: FastAPI) -> None:
    """Give all of an app's errors that shape."""
    app.add_exception_handler(ApiError, _api_error)
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_middleware(Failures)


async def _api_error(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, ApiError)
    return JSONResponse({"error": str(error), **error.data}, error.status)


async def _refused(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Refused)
    return JSONResponse({"error": str(error)}, error.status)


async def _invalid(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    faults = error.errors()
    where = [".".join(str(p) for p in f["loc"][1:]) or str(f["loc"][0]) for f in faults]
    words = "; ".join(f"{w}: {f['msg']}" for w, f in zip(where, faults, strict=True))
    return JSONResponse({"error": f"{words}.", "fields": where}, 422)


async def _http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    words = f"There is no {request.url.path}." if error.status_code == 404 else f"{error.detail}."
    return JSONResponse({"error": words}, error.status_code, error.headers)


class Failures:
    """ASGI middleware: our own mistake is a sentence to who asked and one line in the log."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request or WebSocket, whatever happens."""
        begun = False

        async def noting(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self.app(scope, receive, noting)
        except Exception as error:
            if scope["type"] == "lifespan":
                raise
            _LOG.error("%s failed: %s", scope["path"], one_line(error))
            _LOG.debug("its traceback", exc_info=error)
            if scope["type"] == "http" and not begun:
                words = "The ground station failed at this request; its log says why."
                await JSONResponse({"error": words}, 500)(scope, receive, send)


def one_line(error: Exception) -> str:
    """What went wrong and where, e.g. `KeyError: 'x' (views.py:12)`."""
    at = extract_tb(error.__traceback__)[-1]
    words = " ".join(f"{type(error).__name__}: {error}".split())
    return f"{words[:200]} ({at.filename.replace(chr(92), '/').rsplit('/', 1)[-1]}:{at.lineno})"
