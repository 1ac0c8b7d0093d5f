"""A serial line: any pyserial URL (a device, socket://host:port, rfc2217://host:port)."""

from __future__ import annotations

import asyncio
import errno
import threading
from collections.abc import Callable
from typing import Final

import serial

from ground.links.link import Backoff, Link, LinkState, Sink
from ground.model import Chunk
from protocol.wire import frame

BAUD: Final = 115_200
READ_S: Final = 0.02
"""Bytes of so long a time are one chunk."""
READ_MAX: Final = 16_384


class SerialLink(Link):
    """Reads in a thread of its own, since pyserial blocks; waits for a port that is not there."""

    def __init__(self, url: str, clock: Callable[[], int], baud: int = BAUD) -> None:
        super().__init__(url, clock)
        self._baud = baud

    async def run(self, sink: Sink) -> None:
        """See Link.run."""
        backoff = Backoff()
        async for _ in backoff.attempts():
            try:
                port = await asyncio.to_thread(self._open)
            except (serial.SerialException, OSError, ValueError) as error:
                self._say(LinkState.WAITING, _words(error))
                continue
            backoff.reset()
            self._say(LinkState.OPEN, f"open at {self._baud} baud")
            words = await self._serve(port, sink)
            self._say(LinkState.WAITING, words)

    def _open(self) -> serial.SerialBase:
        return serial.serial_for_url(
            self.name, self._baud, timeout=READ_S, write_timeout=2.0, exclusive=True
        )

    async def _serve(self, port: serial.SerialBase, sink: Sink) -> str:
        """Move bytes both ways until the port fails; returns why."""
        stop = threading.Event()
        loop = asyncio.get_running_loop()
        reader = asyncio.create_task(asyncio.to_thread(self._read, port, sink, loop, stop))
        writer = asyncio.create_task(self._write(port))
        try:
            await asyncio.wait((reader, writer), return_when=asyncio.FIRST_COMPLETED)
        finally:
            stop.set()
            writer.cancel()
            ends = await asyncio.gather(reader, writer, return_exceptions=True)
            await asyncio.to_thread(port.close)
        errors = (e for e in ends if isinstance(e, Exception))
        return _words(next(errors, OSError("the line was closed")))

    def _read(
        self,
        port: serial.SerialBase,
        sink: Sink,
        loop: asyncio.AbstractEventLoop,
        stop: threading.Event,
    ) -> None:
        while not stop.is_set():
            data = port.read(READ_MAX)
            if data:
                taken = asyncio.run_coroutine_threadsafe(self._take(data, sink), loop)
                while not stop.is_set():
                    try:
                        taken.result(READ_S)
                        break
                    except TimeoutError:
                        continue
                else:
                    taken.cancel()

    async def _take(self, data: bytes, sink: Sink) -> None:
        await sink(Chunk(self.name, self._clock(), data, framed=True))

    async def _write(self, port: serial.SerialBase) -> None:
        while True:
            _, packet = await self._commands.get()
            await asyncio.to_thread(port.write, frame.encode(packet))


def _words(error: Exception) -> str:
    number = getattr(error, "errno", None)
    text = str(error)
    if "exclusively lock" in text or number in (errno.EBUSY, errno.EWOULDBLOCK):
        return "in use by another program; close that one"
    if number == errno.ENOENT:
        return "no such port; waiting for it"
    if number == errno.EACCES:
        return "no permission to open it; add yourself to the group of serial ports (dialout)"
    if isinstance(error, ValueError):
        return f"no address that pyserial knows: {text}"
    return f"closed: {text}; trying again"
