"""The live ground station: links, clock and consoles around the synchronous core."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final

from ground.clock import SteadyClock
from ground.links.link import Link, LinkState
from ground.model import Chunk
from ground.station import Outcome, Station

QUEUE_MAX: Final = 1000
"""Chunks that wait; beyond it links wait, and what they cannot hold back the units keep."""
BATCH_MAX: Final = 500
BATCH_S: Final = 0.05
"""So many chunks or so long a time make one commit."""
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
    ) -> None:
        self.station = station
        self.links = {link.name: link for link in links}
        self.clock = clock
        self._say = say
        self._chunks: asyncio.Queue[Chunk] = asyncio.Queue(QUEUE_MAX)
        self._listeners: list[Listener] = []
        self._stored = True
        for link in links:
            link.on_change = self._link_changed
            link.session = station.archive.session

    def links_told(self) -> list[tuple[str, str, str]]:
        """(name, state, words) of each link."""
        return [(k.name, k.state.value, k.words) for k in self.links.values()]

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` in the event loop after each commit; returns what ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    async def run(self) -> None:
        """Receive until cancelled; what was received is on disk when it returns."""
        self.station.start(self.clock())
        self.commit()
        tasks = [asyncio.create_task(link.run(self._chunks.put)) for link in self.links.values()]
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
        outcome = self.station.commit()
        self._stored = outcome.stored
        for command in outcome.commands:
            if link := self.links.get(command.link):
                link.send(command.unit, command.data)
        for listener in tuple(self._listeners):
            listener(outcome)

    async def _work(self, tasks: Sequence[asyncio.Task[None]]) -> None:
        due_us = self.clock()
        while True:
            now_us = self.clock()
            if now_us >= due_us:
                self._watch_clock()
                self.station.tick(now_us)
                self.commit()
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
        self.station.receive(chunk)
        taken = 1
        with suppress(TimeoutError):
            async with asyncio.timeout(min(BATCH_S, max(wait_s, 0))):
                while taken < BATCH_MAX:
                    self.station.receive(await self._chunks.get())
                    taken += 1
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
