"""Every kind of link that CPython opens."""

import asyncio
import os

from firmware.errors import ConfigError
from firmware.links.broker import PORTS
from firmware.links.mqtt import MqttLink
from firmware.links.port import PortLink
from firmware.links.stream import StreamLink

_READ_BYTES = 1024  # a turn's work, so that a flood does not delay sampling


def open_link(link: str, vehicle: str, unit: str, ca: str = "") -> StreamLink | MqttLink | PortLink:
    """`fd:N`, `mqtt[s]://…`, or what pyserial opens; raises ConfigError when it can never work."""
    kind, _, rest = link.partition(":")
    if kind in PORTS:
        return MqttLink(link, vehicle, unit, ca)
    if kind != "fd" or not rest.isdigit():
        return PortLink(link)
    try:
        return StreamLink(Descriptor(int(rest)))
    except OSError as error:
        raise ConfigError(f"descriptor {rest} is not open ({error.strerror})") from error


class Descriptor:
    """A descriptor (pty, socket, pipe) as the end of a stream link; made non-blocking."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        os.set_blocking(fd, False)

    def write(self, data: bytes) -> int:
        """Write what the line takes now; returns how many bytes. Raises OSError."""
        try:
            return os.write(self._fd, data)
        except BlockingIOError:
            return 0

    async def read(self) -> bytes:
        """Bytes when there are some; none at the end. Raises OSError."""
        while True:
            try:
                return os.read(self._fd, _READ_BYTES)
            except BlockingIOError:
                await self._readable()

    async def _readable(self) -> None:
        loop = asyncio.get_running_loop()
        ready = asyncio.Event()
        loop.add_reader(self._fd, ready.set)
        try:
            await ready.wait()
        finally:
            loop.remove_reader(self._fd)
