"""Whole space packets end to end: an MQTT message, `telemetry.bin`."""

from __future__ import annotations

from protocol.wire.frame import MAX_PACKET, MIN_PACKET, whole


def split(data: bytes) -> tuple[list[bytes], bytes]:
    """The packets, and what is left from the first place on that holds none."""
    packets = []
    at = 0
    while len(data) - at >= MIN_PACKET:
        end = at + int.from_bytes(data[at + 4 : at + 6], "big") + 7
        if end - at > MAX_PACKET or not whole(data[at:end]):
            break
        packets.append(data[at:end])
        at = end
    return packets, data[at:]
