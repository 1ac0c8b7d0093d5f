"""Live data to every open console; a console that cannot follow is dropped, never waited for."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

from starlette.websockets import WebSocket, WebSocketState

from ground.api import views
from ground.api.source import Ground, Sample

TOPICS: Final = ("units", "status", "impacts", "leaks", "findings", "alarms")
REFRESH_S: Final = 0.25
"""Shortest time between two looks at the topics."""
IDLE_S: Final = 1.0
"""Longest: silence and shelving end by time alone."""
QUEUE_MAX: Final = 256
"""Messages that a client may lag behind, a minute and more of three units."""
CLIENTS_MAX: Final = 64
CLOSE_S: Final = 1.0
"""For the farewell to a slow client; after it the server's ping ends the connection."""
SLOW: Final = 1013
"""WebSocket close code "try again later" (RFC 6455 registry), also for one too many."""

_LOG: Final = logging.getLogger(__name__)


class Client:
    """One open WebSocket with a bounded queue."""

    def __init__(self, socket: WebSocket) -> None:
        self.socket = socket
        self.queue: asyncio.Queue[str] = asyncio.Queue(QUEUE_MAX)
        self.overrun = asyncio.Event()

    def offer(self, text: str) -> None:
        """Queue a message; a full queue marks the client as too slow."""
        try:
            self.queue.put_nowait(text)
        except asyncio.QueueFull:
            self.overrun.set()

    async def serve(self) -> None:
        """Send until the client leaves or cannot follow."""
        ends = [
            asyncio.create_task(self._send()),
            asyncio.create_task(self._until_gone()),
            asyncio.create_task(self.overrun.wait()),
        ]
        try:
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in ends:
                task.cancel()
            await asyncio.gather(*ends, return_exceptions=True)
        if self.overrun.is_set() and self.socket.client_state is WebSocketState.CONNECTED:
            with suppress(TimeoutError):  # one that reads nothing takes no farewell either
                async with asyncio.timeout(CLOSE_S):
                    await self.socket.close(SLOW, "too slow: connect again")

    async def _send(self) -> None:
        while True:
            await self.socket.send_text(await self.queue.get())

    async def _until_gone(self) -> None:
        while True:
            await self.socket.receive_text()


class Hub:
    """Watches the ground and tells all clients what changed."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._clients: set[Client] = set()
        self._topics: dict[str, str] = {}
        self._stale: dict[str, bool] = {}
        self._changed = asyncio.Event()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Follow the ground while the context is open."""
        unsubscribe = self._ground.subscribe(self._on_commit)
        watcher = asyncio.create_task(self._watch())
        try:
            yield
        finally:
            unsubscribe()
            watcher.cancel()
            await asyncio.gather(watcher, return_exceptions=True)

    async def attend(self, socket: WebSocket) -> None:
        """Serve one accepted WebSocket: every topic at once, then what changes."""
        if len(self._clients) >= CLIENTS_MAX:
            await socket.close(SLOW, f"{CLIENTS_MAX} consoles are open: close one")
            return
        client = Client(socket)
        self._refresh()
        for text in self._topics.values():
            client.offer(text)
        for unit, stale in self._stale.items():
            client.offer(self._stale_message(unit, stale))
        self._clients.add(client)
        try:
            await client.serve()
        finally:
            self._clients.discard(client)

    def _on_commit(self, samples: Sequence[Sample]) -> None:
        for sample in samples:
            self._tell(_text(views.sample(sample)))
        self._changed.set()

    async def _watch(self) -> None:
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), IDLE_S)
            self._changed.clear()
            try:
                if self._clients:
                    self._refresh()
            except Exception:  # one bad value must not end everyone's live view
                _LOG.exception("live feed: a topic could not be read")
            await asyncio.sleep(REFRESH_S)

    def _refresh(self) -> None:
        for name in TOPICS:
            text = _text({"type": name, "data": views.topic(self._ground, name)})
            if text != self._topics.get(name):
                self._topics[name] = text
                self._tell(text)
        for state in self._ground.units():
            unit, stale = str(state.unit), state.state != "live"
            if stale != self._stale.get(unit):
                self._stale[unit] = stale
                self._tell(self._stale_message(unit, stale))

    def _stale_message(self, unit: str, stale: bool) -> str:
        now_us = self._ground.health().now_us
        return _text({"type": "stale", "unit": unit, "stale": stale, "utc": views.ms(now_us)})

    def _tell(self, text: str) -> None:
        for client in self._clients:
            client.offer(text)
        self._clients = {c for c in self._clients if not c.overrun.is_set()}


def _text(message: dict[str, Any]) -> str:
    return json.dumps(message, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
