"""An asyncio loop whose time is the test's: a wait takes no time, and hours pass at once."""

from __future__ import annotations

import asyncio
import selectors


class VirtualLoop(asyncio.SelectorEventLoop):
    """Its clock, `now_s`, jumps to the next timer when there is nothing else to do."""

    def __init__(self) -> None:
        self.now_s = 0.0
        super().__init__(_Jump(self))

    def time(self) -> float:
        return self.now_s


class _Jump(selectors.DefaultSelector):
    def __init__(self, loop: VirtualLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None):
        assert timeout is not None, "every task waits for something that will never come"
        ready = super().select(0)
        if not ready:
            self._loop.now_s += max(0.0, timeout)
        return ready
