"""A recording through a station and its console, at a pace."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from math import inf
from typing import Final

from ground.clock import SECOND_US
from ground.links.link import LinkState
from ground.service import Service
from ground.station import Station

TURN_S: Final = 0.05
"""Listeners get their turn at least as often, however far behind its pace it is."""


class Playback(Service):
    """Steps through `story`, which gives each ground time before what happens then.

    So the station's clock is the recording's, and `speed` changes nothing but when things happen;
    inf: as fast as it goes.
    """

    def __init__(
        self,
        station: Station,
        name: str,
        story: Iterator[int],
        speed: float,
        say: Callable[[str], None] = lambda _: None,
    ) -> None:
        super().__init__(station, [], lambda: station.now_us, say)
        self.ended = False
        self.replay = self._name = name
        self._story = story
        self._speed = speed
        pace = f"at {speed:g} times its pace" if speed < inf else "as fast as it goes"
        self._words = f"playing {pace}"

    def links_told(self) -> list[tuple[str, str, str]]:
        """The recording, as if it were a link."""
        state = LinkState.ENDED if self.ended else LinkState.OPEN
        return [(self._name, state.value, self._words)]

    async def run(self) -> None:
        """Play it once, then stand still until cancelled. Raises DamagedArchive."""
        self._say(f"{self._name}: {self._words}")
        await self._play()
        self._words = "played to its end"
        self._say(f"{self._name}: {self._words}")
        self.ended = True
        self.commit()
        await asyncio.Event().wait()

    async def _play(self) -> None:
        loop = asyncio.get_running_loop()
        due_s = turned_s = loop.time()
        before_us: int | None = None
        for time_us in self._story:
            # In a longer step nothing happens, as between two runs: nobody waits for that.
            step_us = min(max(0, time_us - (before_us or time_us)), SECOND_US)
            before_us = time_us
            due_s += step_us / 1e6 / self._speed
            wait_s = max(0.0, due_s - loop.time())
            if wait_s or loop.time() - turned_s > TURN_S:
                self.commit()
                await asyncio.sleep(wait_s)
                turned_s = loop.time()
