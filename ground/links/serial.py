"""A serial line: any pyserial URL (a device, socket://host:port, rfc2217://host:port)."""

from __future__ import annotations

import asyncio
import errno
import re
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from ground.links.link import Backoff, Link, LinkState, Sink
from ground.links.port import DevicePort, Port, SocketPort, check_address, is_socket
from ground.model import Chunk
from protocol.wire import frame

BAUD: Final = 115_200


class SerialLink(Link):
    """Reads in a thread of its own, since ports block; waits for a port that is not there.

    Raises LinkError for an address that is none.
    """

    def __init__(self, url: str, clock: Callable[[], int], baud: int = BAUD) -> None:
        check_address(url)
        super().__init__(url, clock)
        self._baud = baud

    async def run(self, sink: Sink) -> None:
        """See Link.run."""
        backoff = Backoff()
        async for _ in backoff.attempts():
            try:
                port = await asyncio.to_thread(self._open)
            except (OSError, ValueError) as error:
                self._say(LinkState.WAITING, _words(error))
                continue
            backoff.reset()
            words = "connected" if is_socket(self.name) else f"open at {self._baud} baud"
            self._say(LinkState.OPEN, words)
            words = await self._serve(port, sink)
            self._say(LinkState.WAITING, words)

    def _open(self) -> Port:
        return SocketPort(self.name) if is_socket(self.name) else DevicePort(self.name, self._baud)

    async def _serve(self, port: Port, sink: Sink) -> str:
        """Move bytes both ways until the port fails; returns why."""
        thread = ThreadPoolExecutor(1)
        writer = asyncio.create_task(self._write(port))
        reader = asyncio.create_task(self._read(port, thread, sink, writer))
        try:
            await asyncio.wait((reader,))
        finally:
            reader.cancel()
            writer.cancel()
            ends = await asyncio.gather(reader, writer, return_exceptions=True)
            thread.shutdown()  # waits for a read that has begun
            await asyncio.to_thread(port.close)
        errors = (e for e in ends if isinstance(e, Exception))
        return _words(next(errors, OSError("the line was closed")))

    async def _read(
        self, port: Port, thread: ThreadPoolExecutor, sink: Sink, writer: asyncio.Task[None]
    ) -> None:
        """Until the port or the writer fails; what was read till then is handed on."""
        loop = asyncio.get_running_loop()
        while not writer.done():
            if data := await loop.run_in_executor(thread, port.read):
                await sink(Chunk(self.name, self._clock(), data, framed=True))

    async def _write(self, port: Port) -> None:
        while True:
            _, packet = await self._commands.get()
            await asyncio.to_thread(port.write, frame.encode(packet))


_IN_USE: Final = "in use by another program; close that one"
_TERMIOS: Final = re.compile(r"\(\d+, '(.+)'\)")
"""How pyserial writes what the terminal layer told it."""
_WORDS: Final = {
    errno.EBUSY: _IN_USE,
    errno.EWOULDBLOCK: _IN_USE,
    errno.ENOENT: "no such port; waiting for it",
    errno.EACCES: "no permission to open it; add yourself to the group of serial ports (dialout)",
    errno.ECONNREFUSED: "refused: nobody listens there; waiting",
}


def _words(error: Exception) -> str:
    cause = error.__context__ or error  # pyserial says in words alone what the system told it
    number = getattr(error, "errno", None) or getattr(cause, "errno", None)
    text = _TERMIOS.sub(r"\1", str(error))
    if "exclusively lock" in text:
        return _IN_USE
    if isinstance(cause, socket.gaierror):
        return "no such host; trying again"
    if number in _WORDS:
        return _WORDS[number]
    if isinstance(error, ValueError):
        return f"no address that pyserial knows: {text}"
    return f"closed: {text}; trying again"
