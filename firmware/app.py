"""A live unit: async tasks step it on time and move the link's bytes, watched by a supervisor."""

import asyncio
import sys

from firmware.services.maintenance import STOP
from firmware.unit import STEP_US
from protocol.wire.events import TASK_EXCEPTION, TASK_RESTARTED

RESTART_S = 1.0
CATCH_UP_STEPS = 50  # after a delay, before the other tasks get their turn


class App:
    """Runs a session made by `start(send)` over a link until `stop` is called.

    Scenario time 0 is now, and passes `speed_milli`/1000 times as fast as the board's clock.
    """

    def __init__(self, board, link, speed_milli, start):
        self._board = board
        self._link = link
        self._speed_milli = speed_milli
        self._session = start(self._send)
        self._tick_us = -STEP_US
        self._origin_us = 0
        self._stopped = asyncio.Event()

    def stop(self):
        """End `run`."""
        self._stopped.set()

    def close(self):
        """Write what the recorder holds in memory."""
        self._session.unit.close()

    async def run(self, until_eof=False):
        """Sample and serve the link until stopped, or until standard input ends."""
        self._board.on_terminate(self.stop)
        self._origin_us = self._board.clock_us()
        tasks = [
            asyncio.create_task(self._supervise("sampling", self._sample)),
            asyncio.create_task(self._supervise("link", self._serve)),
        ]
        if until_eof:
            tasks.append(asyncio.create_task(self._stop_at_eof()))
        await self._stopped.wait()
        for task in tasks:
            task.cancel()
        for task in tasks:
            try:
                await task
            except asyncio.CancelledError:
                pass

    async def _supervise(self, name, work):
        """Run a task; when it raises, report file and line and start it again."""
        while True:
            try:
                await work()
            except Exception as error:
                place = "%s %s" % (self._board.where(error), type(error).__name__)
                print("firmware: %s task: %s: %s" % (name, place, error), file=sys.stderr)
                self._session.unit.note(TASK_EXCEPTION, place)
            await asyncio.sleep(RESTART_S)
            self._session.unit.note(TASK_RESTARTED, name)

    async def _stop_at_eof(self):
        await self._board.input_closed()
        self.stop()

    async def _sample(self):
        """Step on a fixed grid; after a delay every missed step is made up for."""
        while True:
            steps = 0
            while self._late_us() >= 0 and steps < CATCH_UP_STEPS:
                self._tick_us += STEP_US
                self._session.step(self._tick_us)
                self._link.proceed()
                steps += 1
                if self._session.unit.maintenance.wanted == STOP:
                    self.stop()
                    return
            await asyncio.sleep(max(0, -self._late_us()) / 1000000)

    async def _serve(self):
        await self._link.run(self._receive)

    def _late_us(self):
        """How long ago, on the board's clock, the next step was due."""
        return self._board.clock_us() - self._origin_us - self._wall_us(self._tick_us + STEP_US)

    def _wall_us(self, scenario_us):
        return scenario_us * 1000 // self._speed_milli

    def _send(self, packet):
        """The link, or nothing at all while the scenario has it lost."""
        if not self._session.world.link_up(self._tick_us):
            return True
        return self._link.send(packet)

    def _receive(self, packet):
        if self._session.world.link_up(self._tick_us):
            self._session.unit.receive(packet)
