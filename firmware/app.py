"""A live unit: async tasks step it on time and move the link's bytes, watched by Health."""

import asyncio

from firmware.health.health import Health
from firmware.services.maintenance import STOP
from firmware.unit import STEP_US

CATCH_UP_STEPS = 50  # after a delay, before the other tasks get their turn


class App:
    """Runs a session made by `start(send)` over a link until `stop` is called.

    Scenario time 0 is now, and passes `speed_milli`/1000 times as fast as the board's clock.
    """

    def __init__(self, board, link, settings, start, resets):
        self.failed = False  # it ended because a task could not be helped
        self.retired = False  # it ended for maintenance
        self._board = board
        self._link = link
        self._speed_milli = settings.speed_milli
        self._session = start(self._send)
        self._health = Health(board, resets, settings.watchdog_ms, self._unit, self._fail)
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
        self._health.start(self._sample, self._serve)
        eof = asyncio.create_task(self._stop_at_eof()) if until_eof else None
        await self._stopped.wait()
        if eof is not None:
            eof.cancel()
        await self._health.end()

    async def _stop_at_eof(self):
        await self._board.input_closed()
        self.stop()

    async def _sample(self, beat):
        """Step on a fixed grid; after a delay every missed step is made up for."""
        while True:
            steps = 0
            starved = False
            while self._late_us() >= 0 and steps < CATCH_UP_STEPS:
                self._tick_us += STEP_US
                self._session.step(self._tick_us)
                self._link.proceed()
                steps += 1
                unit = self._session.unit
                starved = starved or unit.starved
                if unit.maintenance.wanted == STOP:
                    self.retired = True
                    self.stop()
                    return
                if unit.stimulus.hang is not None:
                    self._health.hang(*unit.stimulus.hang)
                    unit.stimulus.hang = None
            self._health.look_at_watcher()
            if not starved:  # one that goes on without memory makes nothing
                await beat()
            await asyncio.sleep(max(0, -self._late_us()) / 1000000)

    async def _serve(self, beat):
        await self._link.run(self._receive, beat)

    def _unit(self):
        return self._session.unit

    def _fail(self):
        self.failed = True
        self.stop()

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
