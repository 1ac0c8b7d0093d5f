"""What any MicroPython with a clock gives; other boards add to it."""

import asyncio
import gc
import io
import sys
import time

from firmware.links.stream import StreamLink
from firmware.services.boot import COMMAND, POWER_ON, UNKNOWN, WATCHDOG
from protocol.wire.tm import pack

RUNTIME_BYTES = 24
MAINTENANCE_S = 3
_CTRL_C = 3
_CAUSES = (  # as machine names them, where it has them
    ("WDT_RESET", WATCHDOG),
    ("PWRON_RESET", POWER_ON),
    ("HARD_RESET", POWER_ON),
    ("SOFT_RESET", COMMAND),
)


class GenericBoard:
    """The computer under the unit: packer, clock, memory, identity."""

    def __init__(self) -> None:
        name = sys.implementation.name
        version = ".".join([str(n) for n in sys.implementation.version[:3]])
        self.runtime = ("%s %s %s" % (name, version, sys.platform))[:RUNTIME_BYTES]
        self.unique_id = self._unique_id()
        self.pack = pack
        self._clock_us = 0
        self._last_ticks = self._ticks()
        self._longest_gap_us = 0
        self._last_step_us = None
        self._armed = False

    def run(self, main):
        """Run a coroutine to its end."""
        asyncio.run(main)

    def open_link(self, settings):
        """The link of settings.link; raises ConfigError when it can never work.

        Before the console is taken, Ctrl-C works for some seconds, so that a board can always be
        mended; over any other link the console stays a REPL's.
        """
        if settings.link != "console":
            from firmware.links.board import open_link

            return open_link(settings)
        from firmware.links.console import Console

        print("panewatch: Ctrl-C within %d s for maintenance" % MAINTENANCE_S)
        time.sleep(MAINTENANCE_S)
        return StreamLink(Console())

    def on_terminate(self, stop):
        """A board runs until its power ends, or it is told to stop for maintenance."""

    def reset_cause(self):
        """Why the computer started, one of services/boot.py."""
        try:
            import machine
        except ImportError:
            return UNKNOWN
        if not hasattr(machine, "reset_cause"):
            return UNKNOWN
        cause = machine.reset_cause()
        for name, reason in _CAUSES:
            if getattr(machine, name, None) == cause:
                return reason
        return UNKNOWN

    def watchdog(self, timeout_ms):
        """Start the watchdog: without feed() for so long it resets the board. None: has none."""
        try:
            from machine import WDT
        except ImportError:
            return None
        self._armed = True
        return WDT(timeout=timeout_ms)

    def unwatch(self):
        """End the watchdog; False where, once started, it cannot be."""
        return not self._armed

    def reset(self):
        """Start the board again; a process ends, and is started again by its launcher."""
        try:
            from machine import reset
        except ImportError:
            return
        reset()

    def hand_back(self):
        """The console is a REPL's again, in which Ctrl-C interrupts."""
        from micropython import kbd_intr  # CPython's board takes the rest of this one

        kbd_intr(_CTRL_C)

    def clock_us(self):
        """µs since start, never back."""
        now = self._ticks()
        self._clock_us += self._elapsed(self._last_ticks, now)
        self._last_ticks = now
        return self._clock_us

    def stepped(self):
        """Note that the unit steps now."""
        now_us = self.clock_us()
        if self._last_step_us is not None:
            self._longest_gap_us = max(self._longest_gap_us, now_us - self._last_step_us)
        self._last_step_us = now_us

    def longest_gap_us(self):
        """Longest time between two steps since the last call."""
        longest, self._longest_gap_us = self._longest_gap_us, 0
        return longest

    def heap_free(self):
        """Free bytes of heap; 0 where nobody counts them."""
        return gc.mem_free()

    def where(self, error):
        """`file:line` of the place that raised an exception."""
        words = io.StringIO()
        sys.print_exception(error, words)
        place = ""
        for line in words.getvalue().split("\n"):
            if 'File "' in line:
                path, rest = line.split('File "', 1)[1].split('"', 1)
                number = rest.split("line ", 1)[1].split(",", 1)[0]
                name = path.split("/")[-1].replace(".mpy", ".py")  # as in tools/board/mpy.py
                place = "%s:%s" % (name, number)
        return place

    def _unique_id(self):
        try:
            from machine import unique_id
        except ImportError:
            return bytes(8)
        return unique_id()[:8]

    def _ticks(self):
        return time.ticks_us()

    def _elapsed(self, earlier, later):
        return time.ticks_diff(later, earlier)
