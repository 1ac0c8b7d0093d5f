"""The live ground station: links, clock and consoles around the synchronous core."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Final

from ground.clock import SteadyClock
from ground.links.fair_queue import FairQueue
from ground.links.link import Link, LinkState
from ground.model import Chunk
from ground.outcome import Outcome
from ground.retention.keeper import Keeper
from ground.station import Station

QUEUE_MAX: Final = 1000
"""Chunks that wait; beyond it links wait, and what they cannot hold back the units keep."""
BATCH_MAX: Final = 500
BATCH_S: Final = 0.1
"""So many chunks or so long a time make one commit."""
URGENT_SHARE: Final = 2
"""An alarm leaves at once, but not closer to the commit before than so many times what that took,
within its batch: of alarms that flood many share one, and a slow disk leaves time for the rest."""
SECOND_US: Final = 1_000_000

Listener = Callable[[Outcome], None]


class Service:
    """Runs a station on its links until cancelled; `say` gets a line for each change of a link."""

    def __init__(
        self,
        station: Station,
        links: Sequence[Link],
        clock: Callable[[], int],
        say: Callable[[str], None] = lambda _: None,
        keeper: Keeper | None = None,
    ) -> None:
        self.station = station
        self._keeper = keeper
        self.links = {link.name: link for link in links}
        self.clock = clock
        self.replay = ""
        """Name of the recording that this station plays; empty where it is live."""
        self._say = say
        self._chunks = FairQueue[Chunk](QUEUE_MAX, lambda chunk: (chunk.link, chunk.unit))
        self._most = self._waits = 0
        self._listeners: list[Listener] = []
        self._stored = True
        self._committed_s = self._pause_s = 0.0
        for link in links:
            link.on_change = self._link_changed
            link.session = station.archive.session

    def links_told(self) -> list[tuple[str, str, str]]:
        """(name, state, words) of each link."""
        return [(k.name, k.state.value, k.words) for k in self.links.values()]

    def queue_told(self) -> tuple[int, int, int, int]:
        """Chunks that wait, how many may, the most that did, how often a link had to wait."""
        return self._chunks.qsize(), QUEUE_MAX, self._most, self._waits

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` in the event loop after each commit; returns what ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    async def run(self) -> None:
        """Receive until cancelled; what was received is on disk when it returns."""
        self.station.start(self.clock())
        self.commit()
        tasks = [asyncio.create_task(link.run(self._put)) for link in self.links.values()]
        try:
            await self._work(tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            while not self._chunks.empty():
                self.station.receive(self._chunks.get_nowait())
            self.station.stop(self.clock())

    def commit(self) -> None:
        """Commit now, and hand out what that allows."""
        begun_s = time.monotonic()
        outcome = self.station.commit()
        self._stored = outcome.stored
        self._committed_s = time.monotonic()
        self._pause_s = URGENT_SHARE * (self._committed_s - begun_s)
        for command in outcome.commands:
            if link := self.links.get(command.link):
                link.send(command.unit, command.data)
        for listener in tuple(self._listeners):
            listener(outcome)

    async def _put(self, chunk: Chunk) -> None:
        self._waits += self._chunks.full()
        await self._chunks.put(chunk)
        self._most = max(self._most, self._chunks.qsize())

    async def _work(self, tasks: Sequence[asyncio.Task[None]]) -> None:
        due_us = self.clock()
        while True:
            now_us = self.clock()
            if now_us >= due_us:
                self._watch_clock()
                self.station.tick(now_us)
                self.commit()
                if self._keeper and self._stored:
                    self._keeper.second(self.station)
                due_us = now_us - now_us % SECOND_US + SECOND_US
                _raise_failed(tasks)
            if self._stored:
                await self._batch((due_us - now_us) / 1e6)
            else:
                await asyncio.sleep((due_us - now_us) / 1e6)

    async def _batch(self, wait_s: float) -> None:
        """Take what comes within a batch, or return when nothing has come for `wait_s`."""
        try:
            async with asyncio.timeout(max(wait_s, 0)):
                chunk = await self._chunks.get()
        except TimeoutError:
            return
        begun_s, taken = time.monotonic(), 0
        end_s = begun_s + min(BATCH_S, max(wait_s, 0))
        while True:
            self.station.receive(chunk)
            taken += 1
            await asyncio.sleep(0)  # a queue that is not empty gives the loop to nobody else
            if "alarms" in self.station.assessor.changed:
                end_s = min(end_s, self._committed_s + self._pause_s)
            left_s = end_s - time.monotonic()
            if taken == BATCH_MAX or left_s <= 0:
                break
            try:
                async with asyncio.timeout(left_s):
                    chunk = await self._chunks.get()
            except TimeoutError:
                break
        self.commit()

    def _watch_clock(self) -> None:
        if not isinstance(self.clock, SteadyClock):
            return
        away_us = self.clock.look()
        words = (
            f"the computer's clock was set by {(away_us or 0) / 1e6:+.0f} s; the ground goes on "
            "with its own time; start it again to take the new one over"
        )
        self.station.notice("clock", words, active=away_us is not None)

    def _link_changed(self, link: Link) -> None:
        self._say(f"{link.name}: {link.words}")
        down = link.state is LinkState.WAITING
        self.station.notice(f"link:{link.name}", f"{link.name}: {link.words}", active=down)


def _raise_failed(tasks: Sequence[asyncio.Task[None]]) -> None:
    for task in tasks:
        if task.done() and not task.cancelled() and task.exception():
            task.result()
