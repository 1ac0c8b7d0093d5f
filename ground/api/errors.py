"""Every error answer is `{"error": "one sentence", ...data}`."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from traceback import extract_tb
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ground.access.errors import StoreError
from ground.api.source import Refused
from ground.archive.errors import ArchiveError

_LOG: Final = logging.getLogger(__name__)

WORD_MAX: Final = 120
"""Characters without a space: a longer word is somebody's own, and nobody reads it."""
WORD_SHOWN: Final = 40
SENTENCE_MAX: Final = 2000
FAULTS_MAX: Final = 10
"""Of a body that is wrong in many places."""
_PLAIN: Final = {
    "missing": "is missing",
    "extra_forbidden": "is nothing that belongs here",
    "model_attributes_type": "must be a JSON object",
}
_SHOULD: Final = re.compile(r"^(?:Input|String|List|Dictionary|Tuple|Value|Data) should")
_LONG_WORD: Final = re.compile(rf"\S{{{WORD_MAX + 1},}}")


def shortened(words: str) -> str:
    """A sentence of ours in which foreign text of any length may stand, in a readable length."""
    short = _LONG_WORD.sub(lambda m: f"{m[0][:WORD_SHOWN]}… ({len(m[0])} characters)", words)
    return short if len(short) <= SENTENCE_MAX else f"{short[:SENTENCE_MAX]}…"


def error_answer(
    status: int, words: str, headers: Mapping[str, str] | None = None, **data: object
) -> JSONResponse:
    """The one shape of every error answer; names in its data may be foreign too."""
    short = {key: _names(value) for key, value in data.items()}
    return JSONResponse({"error": shortened(words), **short}, status, headers)


def _names(value: object) -> object:
    if not isinstance(value, list):
        return value
    return [shortened(one) if isinstance(one, str) else one for one in value]


class ApiError(Exception):
    """An answer with that status and sentence; `headers` and `data` go with it."""

    def __init__(
        self, status: int, sentence: str, headers: dict[str, str] | None = None, **data: object
    ) -> None:
        super().__init__(sentence)
        self.status = status
        self.headers = headers
        self.data = data


def install(app: FastAPI) -> None:
    """Give all of an app's errors that shape."""
    app.add_exception_handler(ApiError, _api_error)
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(ArchiveError, _archive)
    app.add_exception_handler(StoreError, _users)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_middleware(Failures)


async def _api_error(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, ApiError)
    return error_answer(error.status, str(error), error.headers, **error.data)


async def _refused(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Refused)
    return error_answer(error.status, str(error))


async def _archive(_: Request, error: Exception) -> JSONResponse:
    return error_answer(503, str(error))


async def _users(_: Request, error: Exception) -> JSONResponse:
    return error_answer(503, users_unreadable(error))


def users_unreadable(error: Exception) -> str:
    """What who asked is told; the log says why."""
    _LOG.error("the users cannot be read: %s", error)
    return "The ground station cannot read its users now; its log says why."


async def _invalid(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    faults = error.errors()
    told = faults[:FAULTS_MAX]
    where = [".".join(str(p) for p in f["loc"][1:]) or str(f["loc"][0]) for f in told]
    words = "; ".join(_told(w, f) for w, f in zip(where, told, strict=True))
    more = f"; and {len(faults) - len(told)} more" if len(faults) > len(told) else ""
    return error_answer(422, f"{words}{more}.", fields=where)


def _told(where: str, fault: Mapping[str, Any]) -> str:
    """One fault in our words, not in those of pydantic."""
    if fault["type"] == "value_error":  # raised by our own check of the whole body
        return str(fault["ctx"]["error"])
    words = _PLAIN.get(fault["type"]) or _SHOULD.sub("must", fault["msg"]).partition(", unable")[0]
    return f"{where} {words}" if words.startswith(("must", "is")) else f"{where}: {words}"


async def _http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    words = f"There is no {request.url.path}." if error.status_code == 404 else f"{error.detail}."
    return error_answer(error.status_code, words, error.headers)


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
            _LOG.error("%s failed: %s", shortened(scope["path"]), one_line(error))
            _LOG.debug("its traceback", exc_info=error)
            if scope["type"] == "http" and not begun:
                words = "The ground station failed at this request; its log says why."
                await error_answer(500, words)(scope, receive, send)


def one_line(error: Exception) -> str:
    """What went wrong and where, e.g. `KeyError: 'x' (views.py:12)`."""
    at = extract_tb(error.__traceback__)[-1]
    words = " ".join(f"{type(error).__name__}: {error}".split())
    return f"{words[:200]} ({at.filename.replace(chr(92), '/').rsplit('/', 1)[-1]}:{at.lineno})"
