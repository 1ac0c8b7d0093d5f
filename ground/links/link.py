"""One face for every way in which packets come and commands go."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable
from enum import StrEnum
from typing import Final

from ground.model import Chunk, UnitKey

Sink = Callable[[Chunk], Awaitable[None]]
"""Takes a chunk; waits while the station is busy."""

COMMANDS_MAX: Final = 64
"""Commands that wait for a slow link; newer ones are dropped, they are made again when needed."""
BACKOFF_S: Final = (0.5, 1.0, 2.0, 4.0, 8.0)
"""Waits between attempts to open a link; the last one from then on."""


class LinkState(StrEnum):
    """How a link is."""

    WAITING = "waiting"
    """Not open yet or not any more; tried again and again."""
    OPEN = "open"
    ENDED = "ended"
    """A recording has been read to its end."""


class LinkError(Exception):
    """A link specification that cannot be meant; says what is allowed."""


class Link(ABC):
    """`clock` gives ground time in µs; `on_change` is called when state or words change."""

    def __init__(self, name: str, clock: Callable[[], int]) -> None:
        self.name = name
        """The address without password."""
        self.session = ""
        """Under this name a broker keeps what comes while the ground is down."""
        self.state = LinkState.WAITING
        self.words = "not opened yet"
        self.dropped = 0
        """Messages that came while too many waited already; the units send them again."""
        self.refused = 0
        """Messages that are kept but not read; the chunk says why."""
        self.on_change: Callable[[Link], None] = lambda _: None
        self._clock = clock
        self._commands: asyncio.Queue[tuple[UnitKey, bytes]] = asyncio.Queue(COMMANDS_MAX)

    @abstractmethod
    async def run(self, sink: Sink) -> None:
        """Receive until cancelled; trouble is said in `words` and tried again, never raised."""

    def send(self, unit: UnitKey, packet: bytes) -> None:
        """Queue a command; dropped while the link is not open."""
        if self.state is LinkState.OPEN and not self._commands.full():
            self._commands.put_nowait((unit, packet))

    def _say(self, state: LinkState, words: str) -> None:
        if (state, words) != (self.state, self.words):
            self.state, self.words = state, words
            if state is not LinkState.OPEN:
                self._commands = asyncio.Queue(COMMANDS_MAX)
            self.on_change(self)


class Backoff:
    """Waits longer from attempt to attempt until `reset`."""

    def __init__(self) -> None:
        self._attempt = 0

    def reset(self) -> None:
        """The link was open."""
        self._attempt = 0

    async def attempts(self) -> AsyncIterator[None]:
        """One item for each attempt, the first at once."""
        while True:
            yield
            await asyncio.sleep(BACKOFF_S[min(self._attempt, len(BACKOFF_S) - 1)])
            self._attempt += 1
