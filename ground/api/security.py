"""Who may talk to the API: our own host and origin, and for actions the holder of the token.

A web page elsewhere can make a browser send requests to loopback, under any host name that it
points there (DNS rebinding). The Host check stops that; the Origin check stops plain cross-site
requests and WebSockets.
"""

from __future__ import annotations

from hmac import compare_digest
from typing import Final

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

ACTION_HEADER: Final = "X-Panewatch-Token"
BODY_MAX: Final = 65_536
"""Bytes of an action's body; the longest that means anything has a few thousand."""
_READING: Final = {"GET", "HEAD"}
_NAMES: Final = ("127.0.0.1", "localhost", "[::1]")


class Guard:
    """ASGI middleware: refuses what may not be before a body is read; adds the security headers.

    The port is read at each request from `app.state.port`: with port 0 it is known only once the
    server listens.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let one request or WebSocket through, or refuse it."""
        if scope["type"] not in {"http", "websocket"}:
            await self.app(scope, receive, send)
            return
        port: int = scope["app"].state.port
        headers = Headers(scope=scope)
        status, refusal = 403, refuse(headers, port)
        if refusal is None and scope["type"] == "http" and scope["method"] not in _READING:
            status, refusal = refuse_action(headers, scope["app"].state.token)
        if refusal is None:
            await self.app(scope, _bounded(receive), _with_headers(send, port))
        elif scope["type"] == "http":
            answer = JSONResponse({"error": refusal}, status, {"Connection": "close"})
            await answer(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 1008, "reason": refusal})


def refuse(headers: Headers, port: int) -> str | None:
    """Why a request with these headers is refused, or None."""
    hosts = [f"{name}:{port}" for name in _NAMES]
    if port == 80:  # clients leave HTTP's own port out
        hosts += _NAMES
    host = headers.get("host", "")
    if host not in hosts:
        return f"Host {host or '(none)'} is not this ground station; use {hosts[0]}."
    origin = headers.get("origin")
    if origin is not None and origin not in [f"http://{h}" for h in hosts]:
        return f"A page of {origin} may not use this ground station."
    return None


def refuse_action(headers: Headers, token: str) -> tuple[int, str | None]:
    """Status and reason for which an action with these headers is refused; reason None: it is not.

    Every request that is more than reading is an action, so that none can be added without this.
    """
    if not compare_digest(headers.get(ACTION_HEADER, "").encode(), token.encode()):
        return 401, f"This action needs the start URL's token as header {ACTION_HEADER}."
    length = headers.get("content-length", "0")
    if length.isdecimal() and int(length[:20]) > BODY_MAX:
        return 413, _TOO_LONG
    return 200, None


_TOO_LONG: Final = f"The body may have {BODY_MAX} bytes at most."


def _bounded(receive: Receive) -> Receive:
    """Ends a request whose body grows too long, whatever length it told."""
    got = 0

    async def bounded() -> Message:
        nonlocal got
        message = await receive()
        if message["type"] == "http.request":
            got += len(message.get("body", b""))
            if got > BODY_MAX:
                raise HTTPException(413, _TOO_LONG.rstrip("."), {"Connection": "close"})
        return message

    return bounded


def _with_headers(send: Send, port: int) -> Send:
    async def guarded(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message["headers"], *_headers(port)]
        await send(message)

    return guarded


def _headers(port: int) -> list[tuple[bytes, bytes]]:
    sockets = " ".join(f"ws://{name}:{port}" for name in _NAMES[:2])  # CSP has no IPv6 literals
    policy = "; ".join(
        (
            "default-src 'self'",
            "script-src 'self' 'unsafe-eval'",  # Open MCT compiles its templates
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            f"connect-src 'self' {sockets}",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    )
    return [
        (b"content-security-policy", policy.encode()),
        (b"x-content-type-options", b"nosniff"),
        (b"referrer-policy", b"no-referrer"),
        (b"cache-control", b"no-cache"),
    ]
