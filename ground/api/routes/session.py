"""Signing in and out, and who is here."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field
from starlette.datastructures import Headers

from ground.access.access import Access
from ground.access.errors import SignInError, TooManyTriesError
from ground.access.identity import ACTING, ANYONE, Identity
from ground.access.passwords import LENGTH_MAX
from ground.access.sessions import LIFE_US, csrf
from ground.api.body import Body, Id
from ground.api.errors import ApiError
from ground.api.json_values import Json
from ground.api.security import session_secret
from ground.api.site import Site
from ground.turns import TooBusyError
from protocol.schema.timescale import iso


class SignIn(Body):
    """Name and password."""

    user: Id
    password: Annotated[str, Field(max_length=LENGTH_MAX)]


def router(access: Access, site: Site) -> APIRouter:
    """Routes of this topic."""
    routes = APIRouter()

    def view(identity: Identity, secret: str) -> Json:
        known = identity is not ANYONE
        return {
            "user": identity.user,
            "token": identity.token,
            "role": identity.role.label if known else None,
            "csrf": csrf(secret) if secret else None,
            "sign_in": access.has_users,
            "open_reading": site.open_reading,
            "second_person": access.operators() > 1,
        }

    @routes.get("/session")
    async def session(request: Request) -> Any:
        identity = ACTING.get()
        by_cookie = identity.user is not None and identity.token is None
        return view(identity, session_secret(request.headers, site) if by_cookie else "")

    @routes.post("/session")
    async def sign_in(body: SignIn, request: Request, response: Response) -> Any:
        address = request.client.host if request.client else "unknown"
        try:
            secret = await access.sign_in(body.user, body.password, address)
        except TooManyTriesError as error:
            wait = {"Retry-After": str(int(error.wait_s) + 1)}
            raise ApiError(429, str(error), wait, wait_s=error.wait_s) from None
        except TooBusyError as error:
            words = "Too many are signing in at once; try again soon."
            raise ApiError(503, words, {"Retry-After": str(error.retry_s)}) from None
        except SignInError as error:
            raise ApiError(401, str(error)) from None
        if before := _secret(request.headers):
            access.sessions.end(before)  # nobody's earlier session outlives a new one here
        life_s = LIFE_US // 1_000_000
        response.set_cookie(
            site.cookie,
            secret,
            max_age=life_s,
            secure=site.certificate is not None,
            httponly=True,
            samesite="strict",
        )
        identity = access.by_session(secret)
        assert identity is not None
        return view(identity, secret)

    @routes.delete("/session")
    async def sign_out(request: Request, response: Response) -> Any:
        if secret := _secret(request.headers):
            access.sign_out(secret)
        response.delete_cookie(
            site.cookie,
            secure=site.certificate is not None,
            httponly=True,
            samesite="strict",
        )
        return view(ANYONE, "")

    @routes.get("/access/log")
    async def log(limit: Annotated[int, Query(ge=1, le=10_000)] = 200) -> Any:
        entries = access.store.entries(limit)
        return [{"time": iso(t_us), "author": who, "what": what} for t_us, who, what in entries]

    def _secret(headers: Headers) -> str:
        return session_secret(headers, site)

    return routes
