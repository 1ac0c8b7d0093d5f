"""No request takes more than its share: bytes of a body, and time to send it."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, Final, TypeVar

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import Message, Receive, Scope

T = TypeVar("T")
BODY_MAX: Final = 65_536
"""Bytes of an action's body; the longest that means anything has a few thousand."""
BODY_S: Final = 10.0
"""For the whole of it, however slowly it drips."""
DRAIN_S: Final = 1.0
"""For the body of a request that is refused."""
TOO_LONG: Final = f"The body may have {BODY_MAX} bytes at most"
_CLOSE: Final = {"Connection": "close"}


async def drained(scope: Scope, receive: Receive) -> None:
    """Take in a short body that is refused: closing on unread bytes resets the connection.

    The one who asked would then see that instead of the answer. A long one is left unread.
    """
    length = Headers(scope=scope).get("content-length", "0")
    if not length.isdecimal() or int(length[:20]) > BODY_MAX:
        return
    with suppress(TimeoutError):
        async with asyncio.timeout(DRAIN_S):
            while (await receive()).get("more_body", False):
                pass


def bounded(receive: Receive) -> Receive:
    """Ends a request whose body grows too long, whatever length it told, or comes too slowly."""
    got = 0
    whole = False
    deadline_s = asyncio.get_running_loop().time() + BODY_S

    async def one() -> Message:
        nonlocal got, whole
        if whole:  # the application waits for the client to leave
            return await receive()
        try:
            async with asyncio.timeout_at(deadline_s):
                message = await receive()
        except TimeoutError:
            words = f"The body must be here within {BODY_S:g} s"
            raise HTTPException(408, words, _CLOSE) from None
        if message["type"] == "http.request":
            got += len(message.get("body", b""))
            whole = not message.get("more_body", False)
            if got > BODY_MAX:
                raise HTTPException(413, TOO_LONG, _CLOSE)
        return message

    return one


async def unless_gone(request: Request, work: Coroutine[Any, Any, T]) -> T | None:
    """What long work gives; it ends, with None, when the one who asked has left."""
    working = asyncio.ensure_future(work)
    leaving = asyncio.ensure_future(_left(request))
    try:
        await asyncio.wait((working, leaving), return_when=asyncio.FIRST_COMPLETED)
        return working.result() if working.done() else None
    finally:
        for task in (working, leaving):
            task.cancel()
        await asyncio.gather(working, leaving, return_exceptions=True)


async def _left(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
