"""Brokers that are away in ways that differ for a client: silent, deaf, unreachable."""

from __future__ import annotations

import asyncio
import socket
import threading
from contextlib import suppress


class BlackHole:
    """A port that answers no connection: its queue is full, so a SYN is dropped (Linux)."""

    def __init__(self) -> None:
        self._listener = socket.socket()
        self._listener.bind(("127.0.0.1", 0))
        self._listener.listen(0)
        self.port = self._listener.getsockname()[1]
        self._callers: list[socket.socket] = []
        while self._queued():
            assert len(self._callers) < 16, "the queue of this system has no end"

    def _queued(self) -> bool:
        caller = socket.socket()
        caller.settimeout(0.5)
        self._callers.append(caller)
        try:
            caller.connect(("127.0.0.1", self.port))
        except TimeoutError:
            return False
        return True

    def close(self) -> None:
        for one in (self._listener, *self._callers):
            one.close()


class Mute:
    """Takes every connection and says nothing."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._callers: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                self._callers.append(self._listener.accept()[0])

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        for one in (self._listener, *self._callers):
            one.close()


class Doorway:
    """A port in front of a broker; after `stall` nothing passes it, and nothing is read."""

    def __init__(self, broker_port: int) -> None:
        self.port = 0
        self._broker_port = broker_port
        self._loop = asyncio.new_event_loop()
        self._open = asyncio.Event()
        self._open.set()
        ready = threading.Event()
        self._thread = threading.Thread(target=self._serve, args=(ready,), daemon=True)
        self._thread.start()
        assert ready.wait(10)

    def stall(self) -> None:
        self._loop.call_soon_threadsafe(self._open.clear)

    def clear(self) -> None:
        """Let everything pass again."""
        self._loop.call_soon_threadsafe(self._open.set)

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def _serve(self, ready: threading.Event) -> None:
        async def start() -> None:
            server = await asyncio.start_server(self._connect, "127.0.0.1", 0, limit=4096)
            self.port = server.sockets[0].getsockname()[1]
            ready.set()

        self._loop.run_until_complete(start())
        self._loop.run_forever()

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._open.wait()
        there, back = await asyncio.open_connection("127.0.0.1", self._broker_port, limit=4096)
        await asyncio.gather(self._pass(reader, back), self._pass(there, writer))

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(4096):
                await self._open.wait()
                writer.write(data)
                await writer.drain()
        writer.close()
