"""Who may talk to the API: our own host and origin, and for actions the holder of the token.

A web page elsewhere can make a browser send requests to loopback, under any host name that it
points there (DNS rebinding). The Host check stops that; the Origin check stops plain cross-site
requests and WebSockets.
"""

from __future__ import annotations

from hmac import compare_digest
from typing import Final

from fastapi import Request
from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ground.api.errors import ApiError

ACTION_HEADER: Final = "X-Panewatch-Token"
_NAMES: Final = ("127.0.0.1", "localhost", "[::1]")


class Guard:
    """ASGI middleware: refuses foreign hosts and origins, adds the security headers.

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
        refusal = refuse(Headers(scope=scope), port)
        if refusal is None:
            await self.app(scope, receive, _with_headers(send, port))
        elif scope["type"] == "http":
            await JSONResponse({"error": refusal}, 403)(scope, receive, send)
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


def require_token(request: Request) -> None:
    """FastAPI dependency of every action; raises ApiError 401."""
    given = request.headers.get(ACTION_HEADER, "")
    if not compare_digest(given.encode(), request.app.state.token.encode()):
        raise ApiError(401, f"This action needs the start URL's token as header {ACTION_HEADER}.")


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
