"""A board's line: any pyserial URL, for this program alone, read and written in bytes."""

from __future__ import annotations

import errno
import io
import subprocess
import time
from contextlib import redirect_stdout, suppress
from typing import Final

import serial
from mpremote.transport import TransportError
from mpremote.transport_serial import SerialTransport

from ground.links.link import LinkError
from ground.links.port import check_address
from ground.links.port_lock import port_lock
from tools.cli.errors import InputError, RunError

LISTEN_S: Final = 0.05
"""Longest wait in a read."""
BACK_S: Final = 15.0
"""A board that resets takes its USB port away and brings it back."""
_PULSE_S: Final = 0.1


class Line:
    """Open until `close`; `scale` is how many times slower than real time the board is.

    Raises InputError for an address that is none, a port that is not there or in use.
    """

    def __init__(self, url: str, scale: float = 1.0) -> None:
        self.url = url
        self.scale = scale
        try:
            check_address(url)
            self._lock = port_lock(url)
        except LinkError as error:
            raise InputError(str(error)) from None
        except OSError as error:
            if error.errno == errno.EBUSY:
                raise InputError(f"{url}: {_WORDS[errno.EBUSY]}") from None
            raise InputError(f"cannot lock {url} ({error.filename}: {error.strerror})") from None
        try:
            self.transport = self._open()
        except RunError as error:
            self._lock.release()
            raise InputError(str(error)) from None

    def __enter__(self) -> Line:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def read(self) -> bytes:
        """What is there, at the latest after LISTEN_S; maybe nothing. Raises OSError."""
        self.wait_at_most(LISTEN_S)
        data: bytes = self.transport.serial.read(1)
        if data:
            with suppress(OSError):  # the next read says it, and this one keeps what it has
                data += self.transport.serial.read(self.transport.serial.in_waiting)
        return data

    def write(self, data: bytes) -> None:
        """Write all of it. Raises OSError."""
        self.transport.serial.write(data)

    def wait_at_most(self, seconds: float) -> None:
        """Time-out of the port's reads; while a folder is mounted, mpremote's own holds."""
        if not self.transport.mounted and self.transport.serial.timeout != seconds:
            self.transport.serial.timeout = seconds

    def reset(self, command: str | None) -> None:
        """Reset the board by a shell command of the user's, or by RTS where it is wired to that.

        `{url}` in the command is this line's. Raises InputError for a command that fails.
        """
        if command is None:
            with suppress(OSError):  # a pty has no such lines
                self._pulse()
            return
        done = subprocess.run(command.replace("{url}", self.url), shell=True, check=False)  # noqa: S602
        if done.returncode:
            raise InputError(f"--reset-cmd {command!r} ended with {done.returncode}")

    def _pulse(self) -> None:
        """As an ESP32's two transistors want it.

        RTS without DTR resets, DTR without RTS holds its
        boot pin, which it must not see while it starts; both together, as when opened, do nothing.
        """
        port = self.transport.serial
        port.dtr = False
        for level in (True, False):
            port.rts = level
            time.sleep(_PULSE_S)
        port.dtr = True
        port.rts = True

    def reopen(self) -> None:
        """Open it again after the board took its port away; raises RunError when it stays away."""
        self._hang_up()
        end_s = time.monotonic() + BACK_S * self.scale
        while True:
            try:
                self.transport = self._open()
            except RunError:
                if time.monotonic() > end_s:
                    raise
                time.sleep(0.2)  # a device node gives no event to wait for
            else:
                return

    def close(self) -> None:
        """Hang up."""
        self._hang_up()
        self._lock.release()

    def _hang_up(self) -> None:
        with suppress(OSError):
            self.transport.close()

    def _open(self) -> SerialTransport:
        try:
            with redirect_stdout(io.StringIO()):  # it prints while it waits
                return SerialTransport(self.url, timeout=LISTEN_S)
        except (TransportError, OSError, ValueError):
            raise RunError(f"{self.url}: {_why(self.url)}") from None


_WORDS: Final = {
    errno.EBUSY: "in use by another program; close that one",
    errno.ENOENT: "no such port; panewatch board list shows those that are there",
    errno.EACCES: "no permission to open it; add yourself to the group of serial ports (dialout)",
    errno.ECONNREFUSED: "refused: nobody listens there",
}


def _why(url: str) -> str:
    """Why it cannot be opened, which mpremote does not tell."""
    try:
        serial.serial_for_url(url, exclusive=True).close()
    except (OSError, ValueError) as error:
        cause = error.__context__ or error  # pyserial says in words what the system told it
        number = getattr(error, "errno", None) or getattr(cause, "errno", None)
        if "exclusively lock" in str(error):
            return _WORDS[errno.EBUSY]
        return _WORDS.get(number or 0, f"cannot be opened ({error})")
    return "cannot be opened; try again"
