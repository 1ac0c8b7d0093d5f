"""A board's UART as the end of a stream link (MicroPython)."""

import asyncio
import time

from machine import UART, Pin

from firmware.errors import ConfigError

BAUD = 115200
BITS = 10  # of a byte on the line: start, eight, stop
BUFFER_BYTES = 1024  # two frames and more
_READ_BYTES = 256  # a turn's work, so that a flood does not delay sampling


class Uart:
    """`N[,baud[,tx,rx]]`: the port's number, its speed, its pins. Raises ConfigError.

    Some ports' drivers wait in `write` for room in their buffer, so no more is written than has
    room by the clock and the baud rate.
    """

    def __init__(self, text):
        try:
            numbers = [int(part) for part in text.split(",")]
        except ValueError:
            numbers = []
        if len(numbers) not in (1, 2, 4) or min(numbers) < 0:
            raise ConfigError("uart:%s needs the form uart:N[,baud[,tx,rx]]" % text)
        self._baud = numbers[1] if len(numbers) > 1 else BAUD
        try:
            if len(numbers) > 2:
                self._uart = UART(
                    numbers[0],
                    self._baud,
                    tx=Pin(numbers[2]),
                    rx=Pin(numbers[3]),
                    timeout=0,
                    txbuf=BUFFER_BYTES,
                    rxbuf=BUFFER_BYTES,
                )
            else:  # the pins that the port has by default
                self._uart = UART(
                    numbers[0], self._baud, timeout=0, txbuf=BUFFER_BYTES, rxbuf=BUFFER_BYTES
                )
        except (OSError, ValueError) as error:
            raise ConfigError("uart:%s: %s" % (text, error))
        self._reader = asyncio.StreamReader(self._uart)
        self._waiting_bits = 0
        self._last_us = time.ticks_us()

    def write(self, data):
        """Write what the buffer has room for; returns how many bytes. Raises OSError."""
        now_us = time.ticks_us()
        sent_bits = max(0, time.ticks_diff(now_us, self._last_us)) * self._baud // 1000000
        self._last_us = now_us
        self._waiting_bits = max(0, self._waiting_bits - sent_bits)
        room = BUFFER_BYTES - 1 - self._waiting_bits // BITS
        if room <= 0:
            return 0
        taken = self._uart.write(data[:room]) or 0
        self._waiting_bits += taken * BITS
        return taken

    async def read(self):
        """Bytes when there are some. Raises OSError."""
        return await self._reader.read(_READ_BYTES)
