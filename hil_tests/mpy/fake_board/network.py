"""A board's Wi-Fi for MicroPython's unix port: in the network some seconds after `connect`."""

import time

from machine import log

STA_IF = 0
JOINS_AFTER_MS = 2000


class WLAN:
    def __init__(self, interface):
        self._called_ms = None
        log("WLAN %d" % interface)

    def active(self, on):
        log("active %s" % on)

    def connect(self, ssid, password):
        self._called_ms = time.ticks_ms()
        log("connect %s %s" % (ssid, password))

    def disconnect(self):
        self._called_ms = None

    def isconnected(self):
        if self._called_ms is None:
            return False
        return time.ticks_diff(time.ticks_ms(), self._called_ms) > JOINS_AFTER_MS

    def status(self):
        return 0
