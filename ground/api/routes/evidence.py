"""What an alarm rests on, as one file."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Path, Request, Response

from ground.api.bounds import unless_gone
from ground.api.errors import ApiError
from ground.api.source import Ground
from ground.turns import TooBusyError, Turns

ZIP: Final = "application/zip"
_ANSWER: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": {ZIP: {"schema": {"type": "string", "format": "binary"}}}}
}


WAITING_MAX: Final = 4
WAIT_S: Final = 60.0
"""One bundle is made at a time; so many may wait for theirs, and so long."""


def router(ground: Ground) -> APIRouter:
    """Routes of this topic."""
    routes = APIRouter(prefix="/evidence")
    turns = Turns(1, WAITING_MAX, WAIT_S, retry_s=30)

    async def made(alarm: int, at: str, address: str) -> bytes:
        try:
            async with turns.turn(address):
                return await ground.evidence(alarm, at)
        except TooBusyError as error:
            words = "Evidence of other alarms is being made; try again when it is."
            raise ApiError(429, words, {"Retry-After": str(error.retry_s)}) from None

    @routes.get("/{alarm}", response_class=Response, responses=_ANSWER)
    async def evidence(
        request: Request,
        alarm: Annotated[int, Path(ge=1, le=10**9)],
        at: Literal["now", "raised"] = "now",
    ) -> Any:
        if all(raised.id != alarm for raised in ground.alarms()):
            raise ApiError(404, f"There is no alarm {alarm}.")
        name = f'attachment; filename="alarm-{alarm}.evidence.zip"'
        address = request.client.host if request.client else ""
        data = await unless_gone(request, made(alarm, at, address))
        if data is None:
            return Response()  # nobody reads it
        return Response(data, media_type=ZIP, headers={"Content-Disposition": name})

    return routes
