"""`telemetry.bin`: the packets as the units made them, in one order, each once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ground.receive.packets import split
from protocol.schema.decode import Decoded, decode


def merge(units: Iterable[bytes]) -> list[Decoded]:
    """All units' packets by (onboard time, APID, order of making).

    `units` holds one unit's packets end to end each; raises ValueError where it does not.
    """
    packets = []
    for made in units:
        found, rest = split(made)
        if rest:
            raise ValueError(f"no packet at byte {len(made) - len(rest)} of a unit's telemetry")
        packets += [decode(packet) for packet in found]
    packets.sort(key=lambda packet: (packet.time_us, packet.apid))  # stable: order of making
    return packets


def join(packets: Sequence[Decoded]) -> bytes:
    """The content of telemetry.bin."""
    return b"".join(packet.data for packet in packets)
