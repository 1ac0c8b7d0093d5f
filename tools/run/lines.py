"""Serial lines without hardware: a pty, or a TCP port where there are none."""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import suppress
from functools import partial
from typing import Final

UNIT: Final = 0
GROUND: Final = 1
READ_BYTES: Final = 4096


class PtyLine:
    """A raw pseudo-terminal: the unit inherits its master, the ground opens its slave by name.

    Both ends stay open here, so that neither side's start, end or restart hangs the other up.
    """

    def __init__(self) -> None:
        import tty  # noqa: PLC0415 (POSIX only)

        self.master, self._slave = os.openpty()
        tty.setraw(self._slave)
        # With a blocking master one write towards a host that does not read stops the whole unit.
        os.set_blocking(self.master, False)

    async def open(self) -> None:
        """It is open already."""

    @property
    def descriptors(self) -> tuple[int, ...]:
        """What the unit's process must inherit."""
        return (self.master,)

    @property
    def unit_link(self) -> str:
        """The link in the unit's configuration."""
        return f"fd:{self.master}"

    @property
    def ground_link(self) -> str:
        """The link that the ground opens."""
        return os.ttyname(self._slave)

    def close(self) -> None:
        """Hang up."""
        os.close(self.master)
        os.close(self._slave)


class TcpLine:
    """A serial line over TCP: two ports on loopback, what comes in at one goes out at the other.

    pyserial's `socket://` only ever calls, so someone between the two must answer. As on a wire,
    bytes towards an end where nobody is are lost.
    """

    descriptors: tuple[int, ...] = ()

    def __init__(self) -> None:
        self._servers: list[asyncio.Server] = []
        self._writers: dict[int, asyncio.StreamWriter] = {}

    async def open(self) -> None:
        """Listen at both ends."""
        for end in (UNIT, GROUND):
            self._servers.append(
                await asyncio.start_server(partial(self._serve, end), "127.0.0.1", 0)
            )

    @property
    def unit_link(self) -> str:
        """The link in the unit's configuration."""
        return self._url(UNIT)

    @property
    def ground_link(self) -> str:
        """The link that the ground opens."""
        return self._url(GROUND)

    def close(self) -> None:
        """Hang up."""
        for server in self._servers:
            server.close()
        for writer in self._writers.values():
            writer.close()

    def _url(self, end: int) -> str:
        return f"socket://127.0.0.1:{self._servers[end].sockets[0].getsockname()[1]}"

    async def _serve(
        self, end: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._writers[end] = writer
        with suppress(ConnectionError):
            while data := await reader.read(READ_BYTES):
                other = self._writers.get(GROUND if end == UNIT else UNIT)
                if other and not other.is_closing():
                    other.write(data)
                    await other.drain()
        writer.close()


def has_pty() -> bool:
    """True where pseudo-terminals exist."""
    return sys.platform != "win32" and hasattr(os, "openpty")
