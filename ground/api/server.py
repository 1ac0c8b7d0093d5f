"""Run the app: bind first, then tell the address once it answers."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Final

import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.h11_impl import H11Protocol

from ground.api.quiet import quieten
from ground.api.site import LOOPBACK, Site

HOST: Final = LOOPBACK
CONNECTIONS_MAX: Final = 256
"""Open at once, so that a flood leaves descriptors for links and archive."""
REQUEST_S: Final = 10.0
"""For the head of a request; who says nothing, or half of it, holds a place no longer."""
BACKLOG: Final = 64
"""Connections waiting; as many are taken at a time."""
KEEP_ALIVE_S: Final = 5
_MESSAGE_MAX: Final = 4096  # clients of the live feed have nothing to say
_SHUTDOWN_S: Final = 2
_FULL: Final = b'{"error": "Too many connections are open; try again later."}'


class PortError(OSError):
    """This port cannot be had; the words say why and what to do."""

    def __init__(self, port: int, cause: OSError, host: str = HOST) -> None:
        used = cause.errno == errno.EADDRINUSE
        why = "is in use by another program" if used else f"cannot be opened ({cause.strerror})"
        words = f"port {port} {why}: choose another, or 0 for a free one"
        if cause.errno == errno.EADDRNOTAVAIL:
            words = f"{host} is no address of this computer"
        super().__init__(words)
        self.port = port


class CertificateError(ValueError):
    """The certificate or its key cannot be used; the words say why."""


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
            self.loop.call_later(REQUEST_S, self._give_up, None)

    def on_response_complete(self) -> None:
        done = self.cycle
        super().on_response_complete()
        self.loop.call_later(REQUEST_S, self._give_up, done)

    def _give_up(self, before: object) -> None:
        """Close when no request has begun since then; a half one does not count."""
        # A closed one has no protocol any more, and TLS's transport fails when asked for it; a
        # WebSocket's has another by now.
        if self.transport.is_closing():
            return
        if self.cycle is before and self.transport.get_protocol() is self:
            self.transport.close()


def listen(port: int, host: str = HOST) -> socket.socket:
    """A socket bound to that address; port 0 takes a free one. Raises PortError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        if os.name == "posix":  # elsewhere the option would share a port that is in use
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((host, port))
        sock.listen(BACKLOG)
    except OSError as error:
        sock.close()
        raise PortError(port, error, host) from error
    return sock


@asynccontextmanager
async def serve(app: FastAPI, port: int = 0) -> AsyncIterator[str]:
    """Serve the app's site while the context is open; gives its address: http://127.0.0.1:8420.

    Raises PortError, CertificateError.
    """
    site: Site = app.state.site
    config = _config(app, site)
    sock = listen(port, site.host)
    site.port = sock.getsockname()[1]
    server = _Server(config)
    running = asyncio.create_task(server.serve(sockets=[sock]))
    answers = asyncio.create_task(server.answers.wait())
    try:
        await asyncio.wait([running, answers], return_when=asyncio.FIRST_COMPLETED)
        if not server.answers.is_set():
            await running
            raise RuntimeError("the console's server ended before it answered")
        yield site.address
    finally:
        answers.cancel()
        server.should_exit = True
        await running
        sock.close()


def _config(app: FastAPI, site: Site) -> uvicorn.Config:
    tls = site.certificate
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
        proxy_headers=False,  # an address that a client can make up is none to lock out by
        ssl_certfile=str(tls.chain) if tls else None,
        ssl_keyfile=str(tls.key) if tls else None,
    )
    quieten()
    try:
        config.load()
    except (ssl.SSLError, OSError) as error:
        assert tls is not None
        why = error.strerror or error
        raise CertificateError(f"{tls.chain} and {tls.key}: unusable together ({why})") from error
    if config.ssl is not None:
        config.ssl.minimum_version = ssl.TLSVersion.TLSv1_2
    return config
