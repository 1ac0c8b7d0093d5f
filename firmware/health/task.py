"""A task of the unit that is watched, and started again when it raises or hangs."""

import asyncio
import sys

from firmware.health.hang import hang
from protocol.wire.events import TASK_EXCEPTION, TASK_RESTARTED

RESTART_S = 1.0
_POLL_S = 0.05
_POLLS = 20  # until it is told to end again: MicroPython's wait_for can lose a cancellation
_CALLS = 3


class Task:
    """Runs `work(beat)` over and over; it must await `beat()` well within the watch's deadline.

    `tell(event_id, text)` has an event reported.
    """

    def __init__(self, name, work, watch, board, tell):
        self.name = name
        self.watch = watch
        self.hang = None  # (kind, for_ms) of the next beat
        self._work = work
        self._board = board
        self._tell = tell
        self._task = None

    def start(self):
        """Start it, or start it again in the place of the one that hangs."""
        self._task = asyncio.create_task(self._run(self._task))

    async def end(self):
        """End it; one that will not is left alone after some seconds."""
        for _ in range(_CALLS):
            if await _gone(self._task):
                return

    async def beat(self):
        """It is alive."""
        if self.hang is not None:
            kind, for_ms = self.hang
            self.hang = None
            await hang(kind, for_ms, self._board.clock_us)
        self.watch.answered()

    async def _run(self, before):
        if before is not None:
            while not await _gone(before):  # two at work would share a line
                pass
            self._tell(TASK_RESTARTED, self.name)
        while True:
            try:
                await self._work(self.beat)
            except Exception as error:
                self._report(error)
            await asyncio.sleep(RESTART_S)
            self._tell(TASK_RESTARTED, self.name)

    def _report(self, error):
        """Tell file and line. Out of memory even for that, the task ends, and is found hung."""
        place = "%s %s" % (self._board.where(error), type(error).__name__)
        print("firmware: %s task: %s: %s" % (self.name, place, error), file=sys.stderr)
        self._tell(TASK_EXCEPTION, place)


async def _gone(task):
    """Cancel a task; True as soon as it is done, False when it was not within a second."""
    if task is None or task.done():
        return True
    task.cancel()
    for _ in range(_POLLS):
        await asyncio.sleep(_POLL_S)
        if task.done():
            return True
    return False
