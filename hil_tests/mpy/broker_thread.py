"""A Broker at a TCP port of this computer."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress

from hil_tests.mpy.scripted_broker import Broker

ROUND_TRIP_S = 0.003
"""It answers when nothing more has come for so long, as over a network."""


class BrokerThread:
    """Serves one client after the other; `messages` counts what they have published."""

    def __init__(self) -> None:
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        self.messages = 0
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> BrokerThread:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown(socket.SHUT_RDWR)  # ends accept
        self._thread.join(10)
        self._server.close()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._server.accept()
            except OSError:
                return
            broker = Broker()
            with client, suppress(ConnectionError):  # a unit without memory hangs up at once
                self._answer(client, broker)
            self.messages += broker.messages

    def _answer(self, client: socket.socket, broker: Broker) -> None:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        answer = b""
        while True:
            client.settimeout(ROUND_TRIP_S if answer else None)
            try:
                data = client.recv(4096)
            except TimeoutError:
                client.sendall(answer)
                answer = b""
                continue
            if not data:
                return
            answer += broker.take(data)
