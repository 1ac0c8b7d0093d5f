"""What a serial link opens: anything that pyserial does, and TCP without its losses.

pyserial's `socket://` empties its input before `open` returns, and its `read(n)` forgets what it
has when the line ends before n bytes.
"""

from __future__ import annotations

import re
import select
import socket
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Final, Protocol
from urllib.parse import urlsplit

import serial

from ground.links.link import LinkError
from ground.links.port_lock import port_lock
from ground.links.secrecy import without_passwords

READ_S: Final = 0.02
"""Longest wait in a read."""
READ_MAX: Final = 65_536
"""What a fast line brings at once is worth being looked at together."""
OPEN_S: Final = 5.0
WRITE_S: Final = 2.0
_NO_KIND: Final = re.compile(r"[\w.-]+:\d{1,5}")
"""A host and port alone."""
_DEVICE: Final = re.compile(r"[/\\]|^COM\d+$", re.IGNORECASE)
"""What names a device, there or not: a path, or Windows' own names."""
_KINDS: Final = (
    "write mqtt[s]://HOST, socket://HOST:PORT, rfc2217://HOST:PORT or a device such as /dev/ttyACM0"
)


class Port(Protocol):
    """An open line; each call raises OSError when it has failed."""

    def read(self) -> bytes:
        """What is there, at the latest after READ_S; maybe nothing."""

    def write(self, data: bytes, /) -> object:
        """Write all of it."""

    def close(self) -> None:
        """Hang up."""


class DevicePort:
    """A port of pyserial."""

    def __init__(self, url: str, baud: int) -> None:
        self._port = serial.serial_for_url(
            url, baud, timeout=READ_S, write_timeout=WRITE_S, exclusive=True
        )
        self.write = self._port.write
        self.close = self._port.close

    def read(self) -> bytes:
        """See Port."""
        data = self._port.read(1)
        if data:
            with suppress(OSError):  # the next read says it, and this one keeps what it has
                data += self._port.read(min(self._port.in_waiting, READ_MAX))
        return data


class SocketPort:
    """A serial line over TCP, `socket://host:port`."""

    def __init__(self, url: str) -> None:
        self._lock = port_lock(url)
        try:
            self._socket = socket.create_connection(socket_address(url), OPEN_S)
        except OSError:
            self._lock.release()
            raise
        self._socket.settimeout(WRITE_S)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.write = self._socket.sendall

    def read(self) -> bytes:
        """See Port."""
        if not select.select([self._socket], [], [], READ_S)[0]:
            return b""
        data = self._socket.recv(READ_MAX)
        if not data:
            raise ConnectionError("the other end hung up")
        return data

    def close(self) -> None:
        """See Port."""
        self._socket.close()
        self._lock.release()


def is_socket(url: str) -> bool:
    """True for `socket://…`."""
    return url.startswith("socket:")


def check_address(url: str) -> None:
    """Raise LinkError for what can never be opened; a device that is not there yet can."""
    scheme, sign, _ = url.partition("://")
    if not sign:
        if _NO_KIND.fullmatch(url):
            raise LinkError(f"{url} has no kind; write mqtt://{url} or socket://{url}")
        if not (_DEVICE.search(url) or Path(url).exists()):
            raise LinkError(f"{without_passwords(url)}: neither an address nor a device; {_KINDS}")
    elif scheme in ("socket", "rfc2217"):
        socket_address(url)
    elif not scheme.isalnum() or find_spec(f"serial.urlhandler.protocol_{scheme}") is None:
        raise LinkError(f"{without_passwords(url)}: no such kind of link; {_KINDS}")


def socket_address(url: str) -> tuple[str, int]:
    """Host and port of `socket://…` or `rfc2217://…`; raises LinkError."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    if not host or not port:
        scheme = url.partition(":")[0]
        raise LinkError(f"{without_passwords(url)}: write {scheme}://host:port")
    return host, port
