"""Long answers are made beside the event loop, one at a time: no live data waits for them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any, Final

from starlette.responses import Response

from ground.api.errors import ApiError
from ground.api.json_values import finite

WAITING_MAX: Final = 3
"""Different answers of one kind that may wait to be made, so that none keeps the other kinds out.
Who asks for the same one shares it."""
RETRY_S: Final = 2
Key = tuple[str, int]
"""What kind of answer, and which of that kind."""
Made = Callable[[], Any]
"""Makes an answer from what was taken for it; runs in another thread."""


class Heavy:
    """Answers of one app."""

    def __init__(self) -> None:
        self._turn = asyncio.Lock()
        self._waiting: dict[Key, asyncio.Task[bytes]] = {}

    async def answer(self, key: Key, take: Callable[[], Made]) -> Response:
        """The JSON of what `take` leads to; raises ApiError (503) where too many wait.

        `take` is called in the event loop when its turn has come, copies what it needs, and gives
        what makes the answer. An answer is shared by all who asked before it was begun.
        """
        task = self._waiting.get(key)
        if task is None:
            if sum(kind == key[0] for kind, _ in self._waiting) >= WAITING_MAX:
                words = "Too many long answers are being made; try again later."
                raise ApiError(503, words, {"Retry-After": str(RETRY_S)})
            task = self._waiting[key] = asyncio.create_task(self._make(key, take))
        return Response(await asyncio.shield(task), media_type="application/json")

    async def _make(self, key: Key, take: Callable[[], Made]) -> bytes:
        async with self._turn:
            del self._waiting[key]  # who comes now may know of something newer
            return await asyncio.to_thread(_json, take())


def _json(made: Made) -> bytes:
    """Piece by piece: the encoder keeps every other thread waiting for as long as one takes."""
    value = made()
    if not isinstance(value, list):
        return _text(value).encode()
    return f"[{','.join(map(_text, value))}]".encode()


def _text(value: Any) -> str:
    return json.dumps(finite(value), separators=(",", ":"), ensure_ascii=False, allow_nan=False)
