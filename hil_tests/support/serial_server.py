"""A serial port on the network: raw TCP (`socket://`) or with its control lines (`rfc2217://`)."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress

import serial
import serial.rfc2217

READ_S = 0.02
READ_BYTES = 4096


class _Port(serial.Serial):
    """A pty as a port with control lines, which only writes down what is done to them."""

    cts = dsr = ri = cd = False

    def __init__(self, url: str, levels: list[tuple[str, bool]]) -> None:
        self._levels = levels
        super().__init__(url, timeout=READ_S)

    def _update_dtr_state(self) -> None:
        self._levels.append(("dtr", bool(self.dtr)))

    def _update_rts_state(self) -> None:
        self._levels.append(("rts", bool(self.rts)))


class SerialServer:
    """Serves one pty to one client at a time; `levels` is what clients did to the control lines."""

    def __init__(self, port: str, scheme: str) -> None:
        self.levels: list[tuple[str, bool]] = []
        self._scheme = scheme
        self._serial = _Port(port, self.levels)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(READ_S)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """What a client opens."""
        return f"{self._scheme}://127.0.0.1:{self._listener.getsockname()[1]}"

    def close(self) -> None:
        """Hang up."""
        self._ended.set()
        self._thread.join()
        self._listener.close()
        self._serial.close()

    def _serve(self) -> None:
        while not self._ended.is_set():
            with suppress(TimeoutError):
                client, _ = self._listener.accept()
                with client, suppress(ConnectionError):
                    client.settimeout(READ_S)
                    self._carry(client)

    def _carry(self, client: socket.socket) -> None:
        manager = None
        if self._scheme == "rfc2217":
            manager = serial.rfc2217.PortManager(self._serial, _Writer(client))
        while not self._ended.is_set():
            if data := self._serial.read(max(1, self._serial.in_waiting)):
                client.sendall(b"".join(manager.escape(data)) if manager else data)
            try:
                data = client.recv(READ_BYTES)
            except TimeoutError:
                continue
            if not data:
                return
            self._serial.write(b"".join(manager.filter(data)) if manager else data)


class _Writer:
    """The connection as PortManager writes to it."""

    def __init__(self, client: socket.socket) -> None:
        self.write = client.sendall
