"""The ground's fast decoder: one packet's bytes to header fields and raw values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from struct import Struct
from typing import Any, Final

from protocol.schema.layout import BODIES
from protocol.schema.parameter import Entry, parameters
from protocol.schema.telemetry import TELEMETRY
from protocol.wire import cuc
from protocol.wire.frame import whole
from protocol.wire.tm import HEADER, HEADER_SIZE, PUS_VERSION

_HEADER: Final = Struct(HEADER)

Bodies = Mapping[tuple[int, int], tuple[str, Struct, tuple[str, ...]]]
"""(service, subtype) to packet name, body layout and field names."""

ENTRIES: Final = {t.name: {p.entry.name: p.entry for p in parameters(t.body)} for t in TELEMETRY}
"""Dictionary entries: packet name, then parameter name."""


class DecodeError(ValueError):
    """Bytes that are no telemetry packet of this schema; `reason` says why, `data` keeps them."""

    def __init__(self, reason: str, data: bytes) -> None:
        super().__init__(f"{reason} ({len(data)} bytes)")
        self.reason = reason
        self.data = data


@dataclass(frozen=True, slots=True)
class Decoded:
    """One telemetry packet, raw values."""

    name: str
    apid: int
    service: int
    subtype: int
    time_status: int
    time_us: int
    """µs since the unit's boot (status 0) or since 2020-01-01 TAI (status 1)."""
    type_count: int
    boot_id: int
    record: int
    raw: dict[str, int | bytes]
    data: bytes


def decode(data: bytes, bodies: Bodies = BODIES) -> Decoded:
    """Decode one whole space packet; raises DecodeError.

    `bodies` are those of the schema that made the packet, where it is an older one.
    """
    if not whole(data):
        raise DecodeError("no space packet: length or CRC-16 does not hold", data)
    if len(data) < HEADER_SIZE + 2:
        raise DecodeError("too short for a telemetry packet", data)
    (
        first,
        sequence,
        _,
        pus,
        service,
        subtype,
        count,
        _,
        coarse,
        fine_high,
        fine_low,
        boot,
        record,
    ) = _HEADER.unpack_from(data)
    if first & 0xF800 != 0x0800 or pus >> 4 != PUS_VERSION:
        raise DecodeError("not PUS-C telemetry", data)
    if sequence != 0xC000 | (record & 0x3FFF):
        raise DecodeError("sequence count and record number disagree", data)
    known = bodies.get((service, subtype))
    if known is None:
        raise DecodeError(f"unknown telemetry [{service},{subtype}]", data)
    name, body, names = known
    if body.size != len(data) - HEADER_SIZE - 2:
        raise DecodeError(f"{name}: body is not {body.size} bytes", data)
    return Decoded(
        name,
        first & 0x7FF,
        service,
        subtype,
        pus & 15,
        cuc.to_us(coarse, fine_high << 16 | fine_low),
        count,
        boot,
        record,
        dict(zip(names, body.unpack_from(data, HEADER_SIZE), strict=True)),
        data,
    )


def engineering(entry: Entry, raw: int | bytes) -> Any:
    """A raw value as people read it: calibrated number, state word or text."""
    if isinstance(raw, bytes):
        return raw.hex() if entry.binary else raw.rstrip(b"\0").decode("utf-8", "replace")
    if entry.states:
        return entry.states.get(raw, f"unknown {raw}")
    if entry.scale == 1.0 and entry.offset == 0.0:
        return raw
    return raw * entry.scale + entry.offset
