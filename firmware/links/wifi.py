"""A board's Wi-Fi as a station (MicroPython's `network`; the Pico W, the ESP32)."""

import asyncio

from network import STA_IF, WLAN

JOIN_S = 20.0
POLL_S = 0.1


class Wifi:
    """A network with its password. Starting the radio takes a moment, so it is done here, once."""

    def __init__(self, ssid, password):
        self._ssid = ssid
        self._password = password
        self._wlan = WLAN(STA_IF)
        self._wlan.active(True)

    async def join(self):
        """Return when the board is in the network; raises OSError when it is not in JOIN_S."""
        if self._wlan.isconnected():
            return
        self._wlan.disconnect()  # an attempt that still goes on would refuse a new one
        self._wlan.connect(self._ssid, self._password)
        for _ in range(round(JOIN_S / POLL_S)):
            if self._wlan.isconnected():
                return
            await asyncio.sleep(POLL_S)
        raise OSError("no Wi-Fi %s, status %s" % (self._ssid, self._wlan.status()))
