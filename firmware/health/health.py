"""The watcher: restarts tasks that hang, and feeds the watchdog while all have answered in time.

It is watched as well, by the sampling task: a watcher alone would go on feeding for the dead, or
die unseen.
"""

import asyncio
import sys

from firmware.health.resets import LIMIT
from firmware.health.task import Task
from firmware.health.watch import FINE, GIVE_UP, Watch
from firmware.services.maintenance import STOP
from firmware.settings import WATCHDOG_MS
from protocol.wire.events import MAINTENANCE, RESETS, TASK_HUNG

SAMPLING, LINK, HEALTH = range(3)  # protocol/schema/bodies/stimulus.py
NAMES = ("sampling", "link", "health")


class Health:
    """Watches the tasks of a unit; `unit()` is the present one, `failed()` ends the program.

    All times follow from the watchdog's; with 0 there is none, and a unit that is given up ends.
    """

    def __init__(self, board, resets, watchdog_ms, unit, failed):
        span_ms = watchdog_ms or WATCHDOG_MS
        self.deadline_ms = span_ms * 3 // 8  # two of them and a look fit into the watchdog's time
        self._look_ms = span_ms // 16
        self._healthy_ms = span_ms * 15 // 2
        self._last_words_ms = span_ms * 5 // 4  # at the limit: the ground is to learn of it
        self._watchdog_ms = watchdog_ms
        self._watchdog = None
        self._board = board
        self._resets = resets
        self._unit = unit
        self._failed = failed
        self._tasks = []
        self._looked_us = [0, 0]  # by the health task, by the sampling task
        self._well_ms = 0
        self._given_up = False

    def start(self, sample, serve):
        """Start all tasks, and the watchdog."""
        now_us = self._board.clock_us()
        self._looked_us = [now_us, now_us]
        works = (sample, serve, self._watch)
        for which in (SAMPLING, LINK, HEALTH):
            watch = Watch(self.deadline_ms, self._healthy_ms)
            task = Task(NAMES[which], works[which], watch, self._board, self._tell)
            self._tasks.append(task)
        self._tell_of_resets()
        if self._watchdog_ms:
            self._resets.armed()
            self._watchdog = self._board.watchdog(self._watchdog_ms)
        for task in self._tasks:
            task.start()

    async def end(self):
        """End all tasks."""
        for task in self._tasks:
            await task.end()

    def hang(self, which, kind, for_ms):
        """Let a task hang at its next beat."""
        self._tasks[which].hang = (kind, for_ms)

    def look_at_watcher(self):
        """The sampling task's part."""
        passed_ms = self._passed_ms(1)
        if passed_ms:
            self._judge(HEALTH, passed_ms)

    async def _watch(self, beat):
        while True:
            await beat()
            passed_ms = self._passed_ms(0)
            in_time = [self._judge(which, passed_ms) for which in (SAMPLING, LINK)]
            if all(in_time) and not self._given_up:
                if self._watchdog is not None:
                    self._watchdog.feed()
                self._well(passed_ms)
            await asyncio.sleep(self._look_ms / 1000)

    def _passed_ms(self, looker):
        """Since the last look, 0 until one is due. While nobody looked nobody could answer either,
        so a stall of all counts for one look: it is the watchdog's matter.
        """
        passed_ms = (self._board.clock_us() - self._looked_us[looker]) // 1000
        if looker and passed_ms < self._look_ms:
            return 0
        self._looked_us[looker] += passed_ms * 1000
        return min(passed_ms, 2 * self._look_ms)

    def _judge(self, which, passed_ms):
        """True while it has answered in time."""
        task = self._tasks[which]
        verdict = task.watch.passed(passed_ms)
        if verdict == FINE:
            return True
        if not self._given_up:
            quiet_ms = task.watch.quiet_ms
            print("firmware: %s task: silent for %d ms" % (task.name, quiet_ms), file=sys.stderr)
            self._tell(TASK_HUNG, task.name, quiet_ms)
            if verdict == GIVE_UP:
                self._give_up(which, quiet_ms)
            else:
                self._well_ms = 0
                task.watch.answered()  # the new one has as much time
                task.start()
        return False

    def _give_up(self, which, quiet_ms):
        """A restart was no cure: feed no more. What can be written is."""
        self._given_up = True
        self._resets.lost(which, quiet_ms)
        self._unit().close()
        if self._watchdog is None:
            self._failed()

    def _well(self, passed_ms):
        """After a while the reset count begins anew; at its limit the unit says so, and stops."""
        before_ms = self._well_ms
        self._well_ms += passed_ms
        if self._resets.count >= LIMIT:
            if before_ms < self._last_words_ms <= self._well_ms:
                self._tell(MAINTENANCE)
                self._unit().maintenance.wanted = STOP
        elif self._resets.count and before_ms < self._healthy_ms <= self._well_ms:
            self._resets.healthy()

    def _tell_of_resets(self):
        which, ms = self._resets.hung
        if ms and which < len(NAMES):
            self._tell(TASK_HUNG, NAMES[which] + ", so the unit was reset", ms)
        if self._resets.count >= LIMIT:
            self._tell(RESETS, "", self._resets.count)

    def _tell(self, event_id, text="", a=0):
        self._unit().note(event_id, text, a)
