"""Which link an address on the command line means."""

from __future__ import annotations

from collections.abc import Callable

from ground.links.link import Link
from ground.links.mqtt import MqttLink
from ground.links.serial import SerialLink


def make_link(url: str, clock: Callable[[], int]) -> Link:
    """`mqtt[s]://…`, or what pyserial opens: `/dev/ttyACM0`, `COM3`, `socket://…`, `rfc2217://…`.

    Raises LinkError.
    """
    if url.startswith(("mqtt:", "mqtts:")):
        return MqttLink(url, clock)
    return SerialLink(url, clock)
