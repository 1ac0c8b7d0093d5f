"""Encodes telemetry with Construct itself: the CPython firmware's packer.

Same signature and same bytes as protocol/wire/tm.py, which is the generated twin for boards.
"""

from __future__ import annotations

from collections.abc import Sequence

from protocol.schema.packet import TM, TM_OVERHEAD
from protocol.schema.parameter import parameters
from protocol.schema.telemetry import TELEMETRY

_TYPES = [
    (
        TM[t.name],
        [(p.entry.name, p.sizeof() if p.is_text else 0) for p in parameters(t.body)],
        t.service,
        t.subtype,
        TM_OVERHEAD + t.body.sizeof(),
    )
    for t in TELEMETRY
]


def pack(
    buffer: bytearray | memoryview,
    packet: int,
    apid: int,
    status: int,
    coarse: int,
    fine: int,
    type_count: int,
    boot_id: int,
    record: int,
    values: Sequence[int | bytes],
) -> int:
    """Write one packet into buffer; returns its length in bytes (see protocol/wire/tm.py)."""
    whole, fields, service, subtype, size = _TYPES[packet]
    data: bytes = whole.build(
        {
            "content": {
                "value": {
                    "primary": {
                        "is_telecommand": False,
                        "apid": apid,
                        "sequence_count": record & 0x3FFF,
                        "length": size - 7,
                    },
                    "secondary": {
                        "pus": {"time_status": status},
                        "service": service,
                        "subtype": subtype,
                        "type_count": type_count & 0xFFFF,
                        "time": {"coarse": coarse, "fine": fine},
                    },
                    "boot_id": boot_id,
                    "record": record,
                    "body": {
                        name: value.ljust(text_size, b"\0") if isinstance(value, bytes) else value
                        for (name, text_size), value in zip(fields, values, strict=True)
                    },
                }
            }
        }
    )
    buffer[:size] = data
    return len(data)
