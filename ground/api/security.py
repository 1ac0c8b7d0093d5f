"""Who may talk to the API: only under our own names, from our own pages, and in their role.

A web page elsewhere can make a browser send requests to us, under any host name that it points
here (DNS rebinding). The Host check stops that; the Origin check stops plain cross-site requests
and WebSockets, and an action by cookie also needs what only our own pages can have read.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from hmac import compare_digest
from http.cookies import CookieError, SimpleCookie
from typing import Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ground.access.access import Access
from ground.access.errors import StoreError
from ground.access.identity import ACTING, ANYONE, Identity
from ground.access.roles import Role
from ground.access.secret import SECRET_MAX
from ground.access.sessions import csrf
from ground.api.bounds import BODY_MAX, TOO_LONG, bounded, drained
from ground.api.errors import error_answer, shortened, users_unreadable
from ground.api.headers import with_headers
from ground.api.permits import least
from ground.api.site import Site

TOKEN_HEADER: Final = "X-Panewatch-Token"  # noqa: S105 (a name)
CSRF_HEADER: Final = "X-Panewatch-CSRF"
RECHECK_S: Final = 5.0
"""How soon an open live feed ends when its session or token has."""
_READING: Final = {"GET", "HEAD", "WS"}
_POLICY_VIOLATION: Final = 1008


class Refusal(Exception):  # noqa: N818 (an answer, not a failure)
    """This request is not let through: HTTP status and words."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status = status


class Guard:
    """ASGI middleware: refuses what may not be before a body is read; adds the security headers.

    Site and access are read at each request from the app's state: with port 0 the right Host is
    known only once the server listens.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let one request or WebSocket through, or refuse it."""
        if scope["type"] not in {"http", "websocket"}:
            await self.app(scope, receive, send)
            return
        site: Site = scope["app"].state.site
        access: Access = scope["app"].state.access
        send = with_headers(send, site, scope["path"])
        try:
            identity = admit(scope, site, access)
        except (Refusal, StoreError) as error:
            await _answer(_as_refusal(error), scope, receive, send)
            return
        ACTING.set(identity)
        if scope["type"] == "http":
            await self.app(scope, bounded(receive), send)
        else:
            await self._attend(scope, receive, send, lambda: admit(scope, site, access))

    async def _attend(
        self, scope: Scope, receive: Receive, send: Send, still: Callable[[], Identity]
    ) -> None:
        """Serve a WebSocket until its end, or until its session or token ends."""
        serving = asyncio.ensure_future(self.app(scope, receive, send))
        try:
            while not (await asyncio.wait([serving], timeout=RECHECK_S))[0]:
                try:
                    still()
                except (Refusal, StoreError) as error:
                    serving.cancel()
                    await asyncio.wait([serving])
                    await send(_closing(_as_refusal(error)))
                    return
            serving.result()
        finally:
            serving.cancel()


def admit(scope: Scope, site: Site, access: Access) -> Identity:
    """Who a request is from, when they may; else raises Refusal."""
    headers = Headers(scope=scope)
    refuse(headers, site)
    method: str = scope["method"] if scope["type"] == "http" else "WS"
    needed = least(method, scope["path"])
    if method in _READING and needed is Role.VIEWER and site.open_reading:
        needed = Role.ANYONE
    identity = _by_token(headers, access)
    if identity is None:
        identity, secret = _by_cookie(headers, site, access)
        signing_in = scope["path"] == "/api/session" and method == "POST"
        if secret and method not in _READING and not signing_in:
            _check_csrf(headers, secret)
    if identity.role < needed:
        raise _not_allowed(identity, needed, access)
    length = headers.get("content-length", "0")
    if length.isdecimal() and int(length[:20]) > BODY_MAX:
        raise Refusal(413, f"{TOO_LONG}.")
    return identity


def refuse(headers: Headers, site: Site) -> None:
    """Raise Refusal for another's Host or Origin."""
    for name in ("host", "origin"):
        if len(headers.getlist(name)) > 1:
            raise Refusal(403, f"A request has one header {name.title()} at most.")
    hosts = site.hosts
    host = headers.get("host", "")
    if host.lower() not in hosts:
        words = f"Host {host or '(none)'} is not this ground station; use {hosts[0]}."
        raise Refusal(403, words)
    origin = headers.get("origin")
    if origin is not None and origin.lower() not in [f"{site.scheme}://{h}" for h in hosts]:
        raise Refusal(403, f"A page of {origin} may not use this ground station.")


def session_secret(headers: Headers, site: Site) -> str:
    """The session's secret that a request brings; "" without one."""
    try:
        found = SimpleCookie(headers.get("cookie", "")).get(site.cookie)
    except CookieError:
        return ""
    return found.value if found and len(found.value) <= SECRET_MAX else ""


def _by_token(headers: Headers, access: Access) -> Identity | None:
    """Of who names a token; None without one. A wrong one is nobody, whatever cookie came along."""
    given = headers.get(TOKEN_HEADER)
    kind, _, bearer = headers.get("authorization", "").partition(" ")
    if given is None and kind.lower() == "bearer":
        given = bearer.strip()
    if given is None:
        return None
    return access.by_token(given) or ANYONE


def _by_cookie(headers: Headers, site: Site, access: Access) -> tuple[Identity, str]:
    secret = session_secret(headers, site)
    identity = access.by_session(secret)
    return (ANYONE, "") if identity is None else (identity, secret)


def _check_csrf(headers: Headers, secret: str) -> None:
    if not compare_digest(headers.get(CSRF_HEADER, "").encode(), csrf(secret).encode()):
        raise Refusal(403, f"This action needs the session's own header {CSRF_HEADER}.")


def _not_allowed(identity: Identity, needed: Role, access: Access) -> Refusal:
    if identity.role is not Role.ANYONE:
        words = f"{identity.author or 'You'} may not: this needs the role {needed.label}"
        return Refusal(403, f"{words}, not {identity.role.label}.")
    if access.has_users:
        return Refusal(401, f"Sign in first, or send an API token as header {TOKEN_HEADER}.")
    return Refusal(401, f"This action needs the start URL's token as header {TOKEN_HEADER}.")


def _as_refusal(error: Exception) -> Refusal:
    if isinstance(error, Refusal):
        return error
    return Refusal(503, users_unreadable(error))


async def _answer(refusal: Refusal, scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "http":
        await drained(scope, receive)
        close = {"Connection": "close"}
        await error_answer(refusal.status, str(refusal), close)(scope, receive, send)
    else:
        await send(_closing(refusal))


def _closing(refusal: Refusal) -> Message:
    return {"type": "websocket.close", "code": _POLICY_VIOLATION, "reason": shortened(str(refusal))}
