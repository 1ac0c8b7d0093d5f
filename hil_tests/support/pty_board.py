"""A board on the bench: MicroPython's unix port with a flash folder, a power supply and a cable.

As on a board, `main.py` runs after power-on, then the REPL; what ends the program (a soft reset
does, on this port) starts it again. Ctrl-C interrupts until the firmware takes the console.
"""

from __future__ import annotations

import os
import re
import select
import socket
import subprocess
import sys
import termios
import threading
import tty
from contextlib import suppress
from pathlib import Path

from hil_tests.support import micropython_board

HEAP_BYTES = 320 * 1024
CTRL_C = b"\x03"
_TAKES_CTRL_C = re.compile(rb".*(?:Ctrl-C within|firmware: mqtt)(.*)", re.DOTALL)
"""What it says before: it does for some seconds, or always where the console is not its link."""
_RUNS = (sys.executable, micropython_board.__file__)


class PtyBoard:
    """Powered until `close`; `url` is its port. `start` are arguments of MicroPython to start it.

    The unit writes to a pty of its own and a cable carries it on, so that MicroPython's descriptors
    may block, as its REPL needs: without a host that reads, the cable drops what comes.
    """

    def __init__(
        self, flash: Path, start: tuple[str, ...] = (), path: str = ":.frozen", heap=HEAP_BYTES
    ) -> None:
        self.flash = flash
        self.starts = 0
        self._start = start
        self._path = path
        self._heap = heap
        self._unit, self._unit_end = os.openpty()
        self._host, self._host_end = os.openpty()
        for end in (self._unit_end, self._host_end):
            tty.setraw(end)
        os.set_blocking(self._host, False)
        os.set_blocking(self._unit, False)
        self.url = os.ttyname(self._host_end)
        self._said = b""
        self._interrupted = False
        self._on = True
        self._process = self._power_on()
        self._threads = [
            threading.Thread(target=work, daemon=True) for work in (self._carry, self._supply)
        ]
        for thread in self._threads:
            thread.start()

    @property
    def pid(self) -> int:
        return self._process.pid

    def reset(self) -> None:
        """Press its reset button."""
        self._process.kill()

    def close(self) -> None:
        self._on = False
        self._process.kill()
        for thread in self._threads:
            thread.join(10)
        for end in (self._unit, self._unit_end, self._host, self._host_end):
            os.close(end)

    def _power_on(self) -> subprocess.Popen[bytes]:
        self._said, self._interrupted = b"", False
        termios.tcflush(self._unit_end, termios.TCIFLUSH)  # what it has not read is lost
        self.starts += 1
        main = ["main.py"] if (self.flash / "main.py").exists() and not self._start else []
        return subprocess.Popen(
            [*_RUNS, "-X", f"heapsize={self._heap}", "-i", *self._start, *main],
            stdin=self._unit_end, stdout=self._unit_end, stderr=self._unit_end, cwd=self.flash,
            env={"MICROPYPATH": self._path}, start_new_session=True,
        )  # fmt: skip

    def _supply(self) -> None:
        while self._on:
            self._process.wait()
            if self._on:
                self._process = self._power_on()

    def _carry(self) -> None:
        while self._on:
            ready, _, _ = select.select([self._unit, self._host], [], [], 0.1)
            if self._unit in ready:
                data = os.read(self._unit, 4096)
                self._said = (self._said + data)[-4096:]
                with suppress(BlockingIOError):
                    os.write(self._host, data)
            if self._host in ready:
                data = os.read(self._host, 512)
                if CTRL_C in data and self._takes_ctrl_c():
                    self._interrupted = True
                    self._process.send_signal(micropython_board.INTERRUPT)
                    data = data.replace(CTRL_C, b"", 1)  # what comes with it is the REPL's
                self._write_whole(data)

    def _write_whole(self, data: bytes) -> None:
        """The unit's end: a host waits for a board that does not read."""
        while data and self._on:
            if select.select([], [self._unit], [], 0.1)[1]:
                data = data[os.write(self._unit, data) :]

    def _takes_ctrl_c(self) -> bool:
        """Once each start, until frames are on its line or the REPL has it."""
        told = _TAKES_CTRL_C.match(self._said)
        if told is None or self._interrupted:
            return False
        return b"\0" not in told[1] and b">>>" not in told[1]


class SerialBridge:
    """Serves a port's bytes at a listening socket, to one caller at a time."""

    def __init__(self, server: socket.socket, port: str) -> None:
        self._server = server
        self._port = os.open(port, os.O_RDWR | os.O_NOCTTY)
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._ended = threading.Event()

    def __enter__(self) -> SerialBridge:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join(10)
        os.close(self._port)

    def _serve(self) -> None:
        caller = None
        while not self._ended.is_set():
            ends = [self._port, caller or self._server]
            ready, _, _ = select.select(ends, [], [], 0.1)
            if self._server in ready:
                caller, _ = self._server.accept()
            data = os.read(self._port, 4096) if self._port in ready else b""
            try:
                if caller and data:
                    caller.sendall(data)
                if caller in ready:
                    asked = caller.recv(512)
                    os.write(self._port, asked)
                    if not asked:
                        raise ConnectionError
            except ConnectionError:
                caller.close()
                caller = None
