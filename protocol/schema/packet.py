"""The whole packet in Construct: CCSDS 133.0-B primary and PUS-C secondary header, body, CRC."""

from __future__ import annotations

from binascii import crc_hqx
from typing import Any, Final

from construct import (
    BitsInteger,
    BitStruct,
    Bytes,
    Checksum,
    Const,
    Flag,
    Int8ub,
    Int16ub,
    Int24ub,
    Int32ub,
    RawCopy,
    Struct,
    this,
)

from protocol.schema.telecommand import TELECOMMANDS
from protocol.schema.telemetry import TELEMETRY

PRIMARY: Final = BitStruct(
    "version" / Const(0, BitsInteger(3)),
    "is_telecommand" / Flag,
    "has_secondary" / Const(True, Flag),
    "apid" / BitsInteger(11),
    "sequence_flags" / Const(3, BitsInteger(2)),
    "sequence_count" / BitsInteger(14),
    "length" / BitsInteger(16),
)

CUC: Final = Struct("coarse" / Int32ub, "fine" / Int24ub)

TM_SECONDARY: Final = Struct(
    "pus" / BitStruct("version" / Const(2, BitsInteger(4)), "time_status" / BitsInteger(4)),
    "service" / Int8ub,
    "subtype" / Int8ub,
    "type_count" / Int16ub,
    "destination" / Const(0, Int16ub),
    "time" / CUC,
)

TC_SECONDARY: Final = Struct(
    "pus" / BitStruct("version" / Const(2, BitsInteger(4)), "ack" / BitsInteger(4)),
    "service" / Int8ub,
    "subtype" / Int8ub,
    "source" / Const(0, Int16ub),
)


def _crc(data: bytes) -> int:
    return crc_hqx(data, 0xFFFF)


def _checked(*fields: Any) -> Struct:
    return Struct(
        "content" / RawCopy(Struct(*fields)), "crc" / Checksum(Int16ub, _crc, this.content.data)
    )


TM: Final = {
    t.name: _checked(
        "primary" / PRIMARY,
        "secondary" / TM_SECONDARY,
        "boot_id" / Int16ub,
        "record" / Int32ub,
        "body" / t.body,
    )
    for t in TELEMETRY
}
"""Whole telemetry packets by name."""

TC: Final = {
    c.name: _checked(
        "primary" / PRIMARY,
        "secondary" / TC_SECONDARY,
        "body" / c.body,
        "counter" / Int32ub,
        "mac" / Bytes(16),
    )
    for c in TELECOMMANDS
}
"""Whole telecommand packets by name."""

TM_OVERHEAD: Final = PRIMARY.sizeof() + TM_SECONDARY.sizeof() + 6 + 2
TC_OVERHEAD: Final = PRIMARY.sizeof() + TC_SECONDARY.sizeof() + 20 + 2

__all__ = ["CUC", "PRIMARY", "TC", "TC_OVERHEAD", "TM", "TM_OVERHEAD"]
