"""Costly work in turns: so many at once, so many wait, and nobody waits behind another's crowd."""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress


class TooBusyError(Exception):
    """Too many wait already, or it took too long; `retry_s` is when to try again."""

    def __init__(self, retry_s: int) -> None:
        super().__init__(f"too many wait for this; try again in {retry_s} s")
        self.retry_s = retry_s


class Turns:
    """`at_once` work, at most `waiting_max` wait, each at most `wait_s` seconds.

    Those who ask from one place have their turns in their order, the places alternate. Where it is
    full, who comes from a place with fewer takes the room of the last one of the place with most.
    """

    def __init__(self, at_once: int, waiting_max: int, wait_s: float, retry_s: int = 5) -> None:
        self._at_once = at_once
        self._waiting_max = waiting_max
        self._wait_s = wait_s
        self._retry_s = retry_s
        self._running = 0
        self._lanes: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()

    @property
    def waiting(self) -> int:
        """How many wait."""
        return sum(map(len, self._lanes.values()))

    @asynccontextmanager
    async def turn(self, place: str) -> AsyncIterator[None]:
        """Work in the context; raises TooBusyError."""
        await self._enter(place)
        try:
            yield
        finally:
            self._leave()

    async def _enter(self, place: str) -> None:
        if self._running < self._at_once and not self._lanes:
            self._running += 1
            return
        if self.waiting >= self._waiting_max:
            self._make_room(place)
        mine: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._lanes.setdefault(place, deque()).append(mine)
        try:
            async with asyncio.timeout(self._wait_s):
                await mine
        except TimeoutError:
            self._give_up(place, mine)
            raise TooBusyError(self._retry_s) from None
        except asyncio.CancelledError:
            self._give_up(place, mine)
            raise

    def _make_room(self, place: str) -> None:
        most = max(self._lanes.values(), key=len)
        if len(most) <= len(self._lanes.get(place, ())) + 1:
            raise TooBusyError(self._retry_s)
        last = most.pop()
        if not last.done():
            last.set_exception(TooBusyError(self._retry_s))

    def _give_up(self, place: str, mine: asyncio.Future[None]) -> None:
        if mine.done() and not mine.cancelled():  # its turn has just come
            if mine.exception() is None:
                self._leave()
            return
        lane = self._lanes.get(place, deque())
        with suppress(ValueError):
            lane.remove(mine)
        if not lane:
            self._lanes.pop(place, None)

    def _leave(self) -> None:
        """The turn goes on to the next."""
        while self._lanes:
            place, lane = self._lanes.popitem(last=False)
            mine = lane.popleft()
            if lane:
                self._lanes[place] = lane
            if not mine.done():
                mine.set_result(None)
                return
        self._running -= 1
