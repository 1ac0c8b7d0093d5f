"""Run the app on loopback: bind first, then tell the address once it answers."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Final

import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.h11_impl import H11Protocol

HOST: Final = "127.0.0.1"
CONNECTIONS_MAX: Final = 256
"""Open at once, so that a flood leaves descriptors for links and archive."""
REQUEST_S: Final = 10.0
"""For a new connection's first request; who says nothing holds a place no longer."""
BACKLOG: Final = 64
"""Connections waiting; as many are taken at a time."""
KEEP_ALIVE_S: Final = 5
_MESSAGE_MAX: Final = 4096  # clients of the live feed have nothing to say
_SHUTDOWN_S: Final = 2
_FULL: Final = b'{"error": "Too many connections are open; try again later."}'


class PortError(OSError):
    """This port cannot be had; the words say why and what to do."""

    def __init__(self, port: int, cause: OSError) -> None:
        used = cause.errno == errno.EADDRINUSE
        why = "is in use by another program" if used else f"cannot be opened ({cause.strerror})"
        super().__init__(f"port {port} {why}: choose another, or 0 for a free one")
        self.port = port


class _Server(uvicorn.Server):
    """Tells when it answers, and leaves signals to the program that started it."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.answers = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.answers.set()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class _Connection(H11Protocol):
    """One connection among not too many, each with something to ask."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > CONNECTIONS_MAX:
            head = (
                "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\n"
                f"Content-Length: {len(_FULL)}\r\nConnection: close\r\n\r\n"
            )
            transport.write(head.encode() + _FULL)
            transport.close()
        else:
            self.loop.call_later(REQUEST_S, self._give_up)

    def _give_up(self) -> None:
        # A WebSocket's connection has another protocol by now.
        if self.cycle is None and self.transport.get_protocol() is self:
            self.transport.close()


def listen(port: int) -> socket.socket:
    """A socket bound to loopback; port 0 takes a free one. Raises PortError."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        if os.name == "posix":  # elsewhere the option would share a port that is in use
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((HOST, port))
        sock.listen(BACKLOG)
    except OSError as error:
        sock.close()
        raise PortError(port, error) from error
    return sock


@asynccontextmanager
async def serve(app: FastAPI, port: int = 0) -> AsyncIterator[str]:
    """Serve while the context is open; gives the address, e.g. http://127.0.0.1:8420.

    Raises PortError.
    """
    sock = listen(port)
    app.state.port = sock.getsockname()[1]
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        http=_Connection,
        backlog=BACKLOG,
        timeout_keep_alive=KEEP_ALIVE_S,
        ws_max_size=_MESSAGE_MAX,
        server_header=False,
        timeout_graceful_shutdown=_SHUTDOWN_S,
    )
    server = _Server(config)
    running = asyncio.create_task(server.serve(sockets=[sock]))
    answers = asyncio.create_task(server.answers.wait())
    try:
        await asyncio.wait([running, answers], return_when=asyncio.FIRST_COMPLETED)
        if not server.answers.is_set():
            await running
            raise RuntimeError("the console's server ended before it answered")
        yield f"http://{HOST}:{app.state.port}"
    finally:
        answers.cancel()
        server.should_exit = True
        await running
        sock.close()
