"""Sockets for a MicroPython that has none (WebAssembly): at the other end of each is a Broker.

`install()` before firmware/links/transport.py is imported.
"""

import sys

from scripted_broker import Broker

ROUND_TRIP = 4  # times that a client finds nothing before an answer is there


class Socket:
    """As much of a non-blocking socket as the transport uses."""

    def __init__(self):
        self._broker = Broker()
        self._looked = 0
        self._answers = []  # (when it is there, bytes)

    def setblocking(self, flag):
        pass

    def connect(self, address):
        pass

    def write(self, data):
        answer = self._broker.take(data)
        if answer:
            self._answers.append((self._looked + ROUND_TRIP, answer))
        return len(data)

    def readinto(self, buffer, size):
        """None when nothing is there, as of a socket that would block."""
        if not self._answers or self._answers[0][0] > self._looked:
            self._looked += 1
            return None
        when, answer = self._answers.pop(0)
        buffer[: len(answer[:size])] = answer[:size]
        if len(answer) > size:
            self._answers.insert(0, (when, answer[size:]))
        return len(answer[:size])

    def close(self):
        pass


class SocketModule:
    """What `import socket` gives."""

    socket = Socket

    @staticmethod
    def getaddrinfo(host, port):
        return [(2, 1, 0, "", (host, port))]


class Poll:
    """Every socket is ready."""

    def register(self, stream, flags):
        self._stream, self._flags = stream, flags

    def poll(self, timeout_ms):
        return [(self._stream, self._flags)]


class SelectModule:
    """What `import select` gives."""

    POLLOUT, POLLERR, POLLHUP = 4, 8, 16
    poll = Poll


def install():
    """Have both imported instead of the real ones."""
    sys.modules["socket"] = SocketModule
    sys.modules["select"] = SelectModule
