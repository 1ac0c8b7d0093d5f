"""A board's own console (USB-CDC or UART) as the end of a stream link (MicroPython).

From here on nothing but frames may be written to it. Byte 0x03 in a frame must not interrupt the
program, so the keyboard interrupt is switched off; a board keeps some seconds for Ctrl-C before.
"""

import asyncio
import select
import sys

import micropython

NO_INTERRUPT = -1
_READ_BYTES = 256  # a turn's work, so that a flood does not delay sampling


class Console:
    """Standard input and output, in bytes."""

    def __init__(self):
        micropython.kbd_intr(NO_INTERRUPT)
        self._input = sys.stdin.buffer
        self._output = sys.stdout.buffer
        self._reader = asyncio.StreamReader(self._input)
        self._poll = select.poll()
        self._poll.register(self._input, select.POLLIN)

    def write(self, data):
        """Write what the console takes; returns how many bytes. Raises OSError."""
        return self._output.write(data) or 0

    async def read(self):
        """Bytes when there are some. A read of n would wait for all n, so one at a time."""
        data = bytearray(await self._reader.read(1))
        while data and len(data) < _READ_BYTES and self._poll.poll(0):
            data += self._input.read(1)
        return data
