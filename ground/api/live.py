"""Live data to every open console; a console that cannot follow is dropped, never waited for."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter, deque
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

from starlette.websockets import WebSocket, WebSocketState

from ground.alarms.urgency import most_urgent
from ground.api import alarm_views, views
from ground.api.json_values import finite
from ground.api.source import Ground, Sample
from ground.api.topics import Topics, as_text
from ground.model import Alarm
from protocol.schema.severity import Severity

TOPICS: Final = (
    "units", "status", "impacts", "leaks", "findings", "alarms", "counts", "limits", "commands",
)  # fmt: skip
REFRESH_S: Final = 0.25
"""Shortest time between two looks at the topics."""
FOLLOWED: Final = frozenset(TOPICS) - {"units", "commands"}
"""Topics of which the ground says when they change; the others are looked at each time."""
PARTS: Final = {"status": ("leaks",), "counts": ("impacts", "findings", "alarms")}
"""A topic that shows others too."""
SAMPLES_MAX: Final = 64
"""Of what one commit holds; of more, every so manieth is told: the archive has all."""
ALARMS_MAX: Final = 16
"""So many changed alarms, the most urgent first, go out one by one between two looks at the topics;
of the others only what is graver than all of those. The next look tells all."""
SHARE: Final = 5
"""Alarms and topics are told at once; of its time the ground gives each one part in so many."""
IDLE_S: Final = 1.0
"""Longest: silence and shelving end by time alone."""
QUEUE_MAX: Final = 256
"""Messages that a client may lag behind, a minute and more of three units."""
KEPT: Final = 4096
"""Messages kept for clients that come back."""
KEPT_BYTES: Final = 32 * 2**20
CLIENTS_MAX: Final = 64
ADDRESS_MAX: Final = 32
"""Of one address, so that no other is kept out by it."""
CLOSE_S: Final = 1.0
"""For the farewell to a slow client; after it the server's ping ends the connection."""
SLOW: Final = 1013
"""WebSocket close code "try again later" (RFC 6455 registry), also for one too many."""

_LOG: Final = logging.getLogger(__name__)


class Client:
    """One open WebSocket with a bounded queue; `first` are messages to begin with, however many."""

    def __init__(self, socket: WebSocket, first: Sequence[str] = ()) -> None:
        self.socket = socket
        self._first = first
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
        for text in self._first:
            await self.socket.send_text(text)
        while True:
            await self.socket.send_text(await self.queue.get())

    async def _until_gone(self) -> None:
        while True:
            await self.socket.receive_text()


class Hub:
    """Watches the ground and tells all clients what changed.

    Each message has a cursor above that of the one before, over restarts too (it begins with the
    time in µs): a client that comes back with its last one gets what it missed.
    """

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._clients: set[Client] = set()
        self._topics = Topics(ground)
        self._looked: dict[str, str] = {}
        """What each topic was at the last look, without cursor."""
        self._told: dict[str, tuple[int, str]] = {}
        """The last message of each topic and of each unit's staleness."""
        self._stale: dict[str, bool] = {}
        self._changed = asyncio.Event()
        self._kept: deque[tuple[int, str]] = deque()
        self._kept_bytes = 0
        self._cursor = self._lost = time.time_ns() // 1000
        """`_lost`: messages up to this cursor are not kept any more."""
        self._alarmed = asyncio.Event()
        self._alarms: dict[int, Alarm] = {}
        """As they were told, by id."""
        self._singly = 0
        self._gravest = Severity.NORMAL
        """Alarms told one by one since the last look at their topic, and the gravest of them."""
        self._due: set[str] = set()
        """Topics that have changed since the last look."""
        self._addresses: Counter[str] = Counter()
        """Of open feeds."""
        self._fresh_until_s = 0.0
        """What was told is fresh enough for who comes before this."""

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Follow the ground while the context is open."""
        unsubscribe = self._ground.subscribe(self._on_commit)
        watchers = [asyncio.create_task(self._watch()), asyncio.create_task(self._watch_alarms())]
        try:
            yield
        finally:
            unsubscribe()
            for watcher in watchers:
                watcher.cancel()
            await asyncio.gather(*watchers, return_exceptions=True)

    async def attend(self, socket: WebSocket, after: int | None = None) -> None:
        """Serve one accepted WebSocket: every topic at once, then what changes.

        With the last cursor that it has got (`after`): what it missed. Where that is not kept any
        more it is told so, and begins anew.
        """
        if len(self._clients) >= CLIENTS_MAX:
            await socket.close(SLOW, f"{CLIENTS_MAX} consoles are open: close one")
            return
        address = socket.client.host if socket.client else ""
        if self._addresses[address] >= ADDRESS_MAX:
            await socket.close(SLOW, f"{ADDRESS_MAX} consoles are open from here: close one")
            return
        self._freshen()
        first = sorted(self._told.values())
        told: list[str] = []
        if after is not None:
            whole = self._lost <= after <= self._cursor
            told.append(as_text({"type": "resumed", "whole": whole, "cursor": self._cursor}))
            if whole:
                first = [(cursor, text) for cursor, text in self._kept if cursor > after]
        client = Client(socket, told + [text for _, text in first])
        self._clients.add(client)
        self._addresses[address] += 1
        try:
            await client.serve()
        finally:
            self._clients.discard(client)
            self._addresses -= Counter((address,))

    def _on_commit(self, samples: Sequence[Sample], changed: Iterable[str] = TOPICS) -> None:
        for sample in samples[:: -(-len(samples) // SAMPLES_MAX) or 1]:
            self._tell(views.sample(sample))
        names = {*changed}
        self._due |= names
        self._changed.set()
        if "alarms" in names:
            self._alarmed.set()

    async def _watch(self) -> None:
        while True:
            try:
                await asyncio.wait_for(self._changed.wait(), IDLE_S)
            except TimeoutError:
                self._due |= FOLLOWED
            self._changed.clear()
            begun_s = time.monotonic()
            try:
                if self._clients:
                    for name in [name for name in TOPICS if self._is_due(name)]:
                        self._look(name)
                        await asyncio.sleep(0)  # who asks meanwhile waits for one topic at most
                    self._tell_staleness()
            except Exception:  # as in _look
                _LOG.exception("live feed: the units could not be read")
            await asyncio.sleep(max(REFRESH_S, (SHARE - 1) * (time.monotonic() - begun_s)))

    async def _watch_alarms(self) -> None:
        """Tell alarms right after the commit that made them durable."""
        while True:
            await self._alarmed.wait()
            self._alarmed.clear()
            begun_s = time.monotonic()
            try:
                if self._clients:
                    self._tell_alarms()
            except Exception:  # as above
                _LOG.exception("live feed: the alarms could not be read")
            await asyncio.sleep((SHARE - 1) * (time.monotonic() - begun_s))

    def _tell_alarms(self) -> None:
        """Those that have changed, one by one, the most urgent first; the list follows soon."""
        changed = [a for a in self._ground.alarms() if self._alarms.get(a.id) is not a]
        self._alarms |= {a.id: a for a in changed}
        for raised in most_urgent(changed, ALARMS_MAX):
            if self._singly < ALARMS_MAX or raised.severity > self._gravest:
                self._singly += 1
                self._gravest = max(self._gravest, raised.severity)
                view = alarm_views.alarm(raised, replay=self._ground.replay())
                self._tell({"type": "alarm", "data": finite(view)})

    def _is_due(self, name: str) -> bool:
        return name not in FOLLOWED or not self._due.isdisjoint((name, *PARTS.get(name, ())))

    def _freshen(self) -> None:
        """Look at all topics for who comes, unless that was just done or is done all the time.

        However many come, and leave again, this takes one part in `SHARE` of the ground's time.
        """
        begun_s = time.monotonic()
        if (self._clients and self._told) or begun_s < self._fresh_until_s:
            self._changed.set()  # what has changed since then follows at the next look
            return
        self._refresh()
        end_s = time.monotonic()
        self._fresh_until_s = end_s + max(REFRESH_S, (SHARE - 1) * (end_s - begun_s))

    def _refresh(self) -> None:
        for name in TOPICS:
            self._look(name)
        self._tell_staleness()

    def _look(self, name: str) -> None:
        """Tell one topic, if it has changed."""
        if name == "alarms":
            self._singly, self._gravest = 0, Severity.NORMAL
        try:
            self._tell_topic(name)
        except Exception:  # one bad value must not end everyone's live view
            _LOG.exception("live feed: %s could not be read", name)
        else:
            self._due.discard(name)

    def _tell_staleness(self) -> None:
        for state in self._ground.units():
            unit, stale = str(state.unit), state.state != "live"
            if stale != self._stale.get(unit):
                self._stale[unit] = stale
                now_ms = views.ms(self._ground.health().now_us)
                message = {"type": "stale", "unit": unit, "stale": stale, "utc": now_ms}
                self._told[f"stale {unit}"] = self._tell(message)

    def _tell_topic(self, name: str) -> None:
        text = f'{{"type":"{name}","data":{self._topics.text(name)}}}'
        if text != self._looked.get(name):
            self._looked[name] = text
            self._told[name] = self._tell_text(text)

    def _tell(self, message: dict[str, Any]) -> tuple[int, str]:
        return self._tell_text(as_text(message))

    def _tell_text(self, text: str) -> tuple[int, str]:
        """Give a message its cursor, keep it, offer it to everyone."""
        self._cursor += 1
        text = f'{text[:-1]},"cursor":{self._cursor}}}'
        self._kept.append((self._cursor, text))
        self._kept_bytes += len(text)
        while len(self._kept) > KEPT or self._kept_bytes > KEPT_BYTES:
            self._lost, old = self._kept.popleft()
            self._kept_bytes -= len(old)
        for client in self._clients:
            client.offer(text)
        self._clients = {c for c in self._clients if not c.overrun.is_set()}
        return self._cursor, text
