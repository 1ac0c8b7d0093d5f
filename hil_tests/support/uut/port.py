"""The host's end of a unit's line: any pyserial URL, locked, and no faster than its reader."""

from __future__ import annotations

import errno
import time
from collections.abc import Callable

import serial

from ground.links.port import SocketPort, is_socket
from ground.links.port_lock import port_lock

BAUD = 115_200
BYTES_S = BAUD / 10
"""8N1."""
PIECE = 64
"""What the smallest of the boards' input buffers takes at once (USB-CDC; a UART has 256)."""
READ_S = 0.02
READ_MAX = 16_384
AGAIN_S = 0.1
"""Between two tries to open a port that is gone."""
PULSE_S = 0.1
"""How long a reset line is held."""


class PortInUseError(Exception):
    """Another program has the port; the words name it."""


class HostPort:
    """An open line. `slowness` tells how many times slower than its baud rate a unit reads; None
    for one that is only a process: its pty holds back the writer by itself.

    Raises PortInUseError, or OSError when it is not there.
    """

    def __init__(self, url: str, slowness: Callable[[], float] | None = None) -> None:
        self.trouble = ""
        """Why it is gone, while it is."""
        self._url = url
        self._slowness = slowness
        self._port: SocketPort | _Device | None = _open(url)

    def read(self) -> bytes:
        """What is there, at the latest after READ_S; maybe nothing.

        A port that vanishes, as a board's that loses its power, is opened again when it is back.
        """
        try:
            if self._port is None:
                self._port = _open(self._url)
                self.trouble = ""
            return self._port.read()
        except (OSError, PortInUseError) as error:
            self.trouble = f"{self._url}: {error}"
            if self._port:
                self._port.close()
            self._port = None
            time.sleep(AGAIN_S)
            return b""

    def write(self, data: bytes) -> None:
        """Write all of it, in pieces that the unit can take. Raises OSError."""
        if self._port is None:
            raise ConnectionError(self.trouble)
        if self._slowness is None:
            self._port.write(data)
            return
        for at in range(0, len(data), PIECE):
            piece = data[at : at + PIECE]
            self._port.write(piece)
            time.sleep(len(piece) / BYTES_S * self._slowness())

    def pulse(self, line: str) -> None:
        """Reset a board by its `dtr` or `rts` line."""
        assert isinstance(self._port, _Device), "a TCP socket has no such line: use rfc2217://"
        for level in (True, False):
            self._port.level(line, level)
            time.sleep(PULSE_S)

    def close(self) -> None:
        """Hang up."""
        if self._port:
            self._port.close()


def _open(url: str) -> SocketPort | _Device:
    try:
        return SocketPort(url) if is_socket(url) else _Device(url)
    except OSError as error:
        if error.errno == errno.EBUSY or "exclusively lock" in str(error):
            raise PortInUseError(f"{url} is in use by another program") from None
        raise


class _Device:
    """A port of pyserial."""

    def __init__(self, url: str) -> None:
        self._lock = port_lock(url)
        try:
            self._port = serial.serial_for_url(url, BAUD, timeout=READ_S, exclusive=True)
        except BaseException:
            self._lock.release()
            raise
        self.write = self._port.write

    def close(self) -> None:
        self._port.close()
        self._lock.release()

    def read(self) -> bytes:
        data = self._port.read(1)
        if data:
            data += self._port.read(min(self._port.in_waiting, READ_MAX))
        return data

    def level(self, line: str, high: bool) -> None:
        setattr(self._port, line, high)
