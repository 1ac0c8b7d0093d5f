"""A board's UART over an inherited descriptor, for MicroPython's unix port, which has none.

It keeps a transmit buffer that empties at the baud rate, and fails a write for which it has no
room: where a real driver would wait, or drop bytes. FAKE_UART is the descriptor, FAKE_LOG a file.
"""

import errno
import io
import os
import select
import time

POLL = 3  # MicroPython's MP_STREAM_POLL


class Pin:
    def __init__(self, number):
        self.number = number


class UART(io.IOBase):
    def __init__(self, port, baudrate, *, tx=None, rx=None, timeout=1, txbuf=0, rxbuf=0):
        self._file = open(int(os.getenv("FAKE_UART")), "r+b")
        self._poll = select.poll()
        self._poll.register(self._file, select.POLLIN)
        self._baud, self._room = baudrate, txbuf
        self._full, self._last_us = 0, time.ticks_us()
        pins = (tx.number, rx.number) if tx and rx else None
        log("UART %d %d %s %d %d" % (port, baudrate, pins, timeout, rxbuf))

    def ioctl(self, request, flags):
        if request != POLL:
            return -errno.EINVAL
        return flags & select.POLLIN if self._poll.poll(0) else 0

    def read(self, size):
        return self._file.read(size)

    def write(self, data):
        now_us = time.ticks_us()
        gone = time.ticks_diff(now_us, self._last_us) * self._baud / 10e6
        self._full, self._last_us = max(0, self._full - gone), now_us
        self._full += len(data)
        if self._full > self._room:
            log("OVERRUN by %d" % (self._full - self._room))
        return self._file.write(data)


def log(words):
    with open(os.getenv("FAKE_LOG"), "a") as file:
        file.write(words + "\n")
