"""Every error answer is `{"error": "one sentence", ...data}`."""

from __future__ import annotations

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from ground.api.source import Refused


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
    app.add_exception_handler(Exception, _failed)


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
    return JSONResponse({"error": words}, error.status_code)


async def _failed(_: Request, __: Exception) -> JSONResponse:
    return JSONResponse(
        {"error": "The ground station failed at this request; its log says why."}, 500
    )
