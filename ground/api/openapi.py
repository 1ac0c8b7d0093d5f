"""The OpenAPI description, true to how errors look and who may do what."""

from __future__ import annotations

from typing import Any, Final

from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict

from ground.access.roles import Role
from ground.api.permits import LEAST
from ground.api.site import Site


class Fault(BaseModel):
    """Every error answer: one sentence, and what belongs to it."""

    model_config = ConfigDict(extra="allow")

    error: str


_WORDS: Final = {
    400: "The body is no JSON",
    401: "Not signed in",
    403: "Not in this role, or not from this Host or Origin",
    404: "There is no such thing",
    405: "Not this method",
    408: "The body came too slowly",
    409: "It cannot be done now",
    413: "The body is too long",
    422: "A value that cannot be",
    429: "Too many failed tries",
    500: "A mistake of our own",
    503: "Too busy, or the users cannot be read",
}
FAULTS: Final[dict[int | str, dict[str, Any]]] = {
    status: {"model": Fault, "description": words} for status, words in _WORDS.items()
}
"""For every route of the API."""

_SCHEMES: Final = {
    "token": {"type": "apiKey", "in": "header", "name": "X-Panewatch-Token"},
    "bearer": {"type": "http", "scheme": "bearer"},
}


def install(app: FastAPI, site: Site) -> None:
    """Describe also what the Guard asks for."""
    generate = app.openapi

    def described() -> dict[str, Any]:
        if app.openapi_schema is None:
            spec = generate()
            spec.setdefault("components", {})["securitySchemes"] = _SCHEMES
            for path, methods in spec["paths"].items():
                for method, operation in methods.items():
                    role = LEAST.get(f"{method.upper()} {path}", Role.ADMIN)
                    operation["x-least-role"] = role.label
                    if role > (Role.VIEWER if site.open_reading else Role.ANYONE):
                        operation["security"] = [{name: []} for name in _SCHEMES]
        return app.openapi_schema or generate()

    app.openapi = described  # type: ignore[method-assign]
