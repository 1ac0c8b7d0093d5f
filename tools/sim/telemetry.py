"""`telemetry.bin`: the packets as the units made them, in one order, each once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from protocol.schema.decode import Decoded, decode


def split(data: bytes) -> Iterator[bytes]:
    """Space packets out of packets end to end; raises ValueError where that is not so."""
    at = 0
    while at < len(data):
        if at + 6 > len(data):
            raise ValueError(f"ends within a packet header at byte {at}")
        end = at + 7 + int.from_bytes(data[at + 4 : at + 6], "big")
        if end > len(data):
            raise ValueError(f"ends within the packet at byte {at}")
        yield data[at:end]
        at = end


def merge(units: Iterable[bytes]) -> list[Decoded]:
    """All units' packets by (onboard time, APID, order of making).

    `units` holds one unit's packets end to end each; raises ValueError.
    """
    packets = [decode(packet) for made in units for packet in split(made)]
    packets.sort(key=lambda packet: (packet.time_us, packet.apid))  # stable: order of making
    return packets


def join(packets: Sequence[Decoded]) -> bytes:
    """The content of telemetry.bin."""
    return b"".join(packet.data for packet in packets)
