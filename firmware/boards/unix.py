"""MicroPython's unix port: inherited descriptors are its serial lines."""

import asyncio
import select
import sys
from hashlib import sha256

from firmware.boards.generic import GenericBoard
from firmware.errors import ConfigError
from firmware.links.stream import StreamLink

_READ_BYTES = 512
_NOT_OPEN = 32  # POLLNVAL; open itself takes any number


class UnixBoard(GenericBoard):
    """A computer with MicroPython on it."""

    def open_link(self, settings):
        """The link of `fd:N` or `console`; raises ConfigError for another kind."""
        kind, _, number = settings.link.partition(":")
        if kind == "console":
            return GenericBoard.open_link(self, settings)
        if kind != "fd" or not number.isdigit():
            raise ConfigError(
                "MicroPython's unix port links by fd:N or console, not %s" % settings.link
            )
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
