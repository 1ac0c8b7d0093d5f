"""MicroPython's unix port: inherited descriptors are its serial lines."""

import asyncio
import os
import select
import sys
import time
from hashlib import sha256

from firmware.boards.generic import GenericBoard
from firmware.boards.launched import told
from firmware.errors import ConfigError
from firmware.links.stream import StreamLink

_READ_BYTES = 512
_NOT_OPEN = 32  # POLLNVAL; open itself takes any number
_TICK_MS = 50


class UnixBoard(GenericBoard):
    """A computer with MicroPython on it."""

    def __init__(self):
        super().__init__()
        self._watchdog = None  # type: Watchdog | None

    def open_link(self, settings):
        """The link of `fd:N`, or of any board; raises ConfigError for another kind."""
        kind, _, number = settings.link.partition(":")
        if kind != "fd" or not number.isdigit():
            return GenericBoard.open_link(self, settings)
        file = open(int(number), "r+b")
        poll = select.poll()
        poll.register(file)
        if any(flags & _NOT_OPEN for _, flags in poll.poll(0)):
            raise ConfigError("descriptor %s is not open" % number)
        return StreamLink(Descriptor(file))

    async def input_closed(self):
        """Return when standard input ends."""
        reader = asyncio.StreamReader(sys.stdin.buffer)
        while await reader.read(_READ_BYTES):
            pass

    def reset_cause(self):
        return told()

    def watchdog(self, timeout_ms):
        """None where this MicroPython has no threads."""
        try:
            self._watchdog = Watchdog(timeout_ms)
        except ImportError:
            pass
        return self._watchdog

    def unwatch(self):
        if self._watchdog is not None:
            self._watchdog.stop()
        return True

    def on_terminate(self, stop):
        """SIGTERM cannot be caught here; SIGINT raises KeyboardInterrupt."""

    def _unique_id(self):
        try:
            with open("/etc/machine-id", "rb") as file:
                return sha256(file.read()).digest()[:8]
        except OSError:
            return bytes(8)


class Descriptor:
    """A non-blocking descriptor as the end of a stream link."""

    def __init__(self, file):
        self._file = file
        self._reader = asyncio.StreamReader(file)

    def write(self, data):
        """Write what the line takes now; returns how many bytes. Raises OSError."""
        return self._file.write(data) or 0

    async def read(self):
        """Bytes when there are some; none at the end. Raises OSError."""
        return await self._reader.read(_READ_BYTES)


class Watchdog:
    """Ends the process by SIGALRM when it is not fed. A thread: no loop holds it up."""

    def __init__(self, timeout_ms):
        from _thread import start_new_thread

        self._timeout_ms = timeout_ms
        self._fed = 0
        self._stopped = False
        start_new_thread(self._watch, ())

    def feed(self):
        """Another `timeout_ms`."""
        self._fed = (self._fed + 1) & 0xFFFF

    def stop(self):
        """A process can leave its watchdog, unlike a board."""
        self._stopped = True

    def _watch(self):
        """Allocates nothing: no lock guards the heap against this thread."""
        seen = -1
        quiet_ms = 0
        while quiet_ms < self._timeout_ms:
            time.sleep_ms(_TICK_MS)
            quiet_ms += _TICK_MS
            if self._fed != seen:
                seen = self._fed
                quiet_ms = 0
        if not self._stopped:
            os.system("kill -ALRM $PPID")  # noqa: S605 - there is no os.kill
