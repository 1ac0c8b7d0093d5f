"""Generates protocol/vectors.json: one worked packet of each type, for every other decoder."""

from __future__ import annotations

import json
from typing import Any

from protocol.schema import encode
from protocol.schema.identity import schema_hash
from protocol.schema.parameter import Parameter, parameters
from protocol.schema.telecommand import TELECOMMANDS
from protocol.schema.telemetry import TELEMETRY
from protocol.wire import tc
from protocol.wire.cuc import STATUS_TAI, from_us
from protocol.wire.frame import MAX_PACKET

_TIME_US = 184_377_600_123_457
_KEY = bytes(range(32))


def vectors() -> str:
    """The file's text; values are raw, text in hexadecimal."""
    telemetry = []
    coarse, fine = from_us(_TIME_US)
    for i, t in enumerate(TELEMETRY):
        values = [_sample(p, n) for n, p in enumerate(parameters(t.body))]
        buffer = bytearray(MAX_PACKET)
        record = 70_000 + i
        size = encode.pack(buffer, i, 5, STATUS_TAI, coarse, fine, 300 + i, 7, record, values)
        telemetry.append(
            {
                "name": t.name,
                "apid": 5,
                "time_us": _TIME_US,
                "type_count": 300 + i,
                "boot_id": 7,
                "record": record,
                "values": _named(t.body, values),
                "packet": buffer[:size].hex(),
            }
        )
    telecommands = []
    for i, c in enumerate(TELECOMMANDS):
        values = [_sample(p, n) for n, p in enumerate(parameters(c.body))]
        telecommands.append(
            {
                "name": c.name,
                "apid": 5,
                "sequence": 20 + i,
                "counter": 1000 + i,
                "key": _KEY.hex(),
                "values": _named(c.body, values),
                "packet": tc.build(i, 5, 20 + i, 1000 + i, _KEY, values).hex(),
            }
        )
    whole = {
        "schema": f"{schema_hash():08x}",
        "telemetry": telemetry,
        "telecommands": telecommands,
    }
    return json.dumps(whole, indent=1) + "\n"


def _sample(p: Parameter, n: int) -> int | bytes:
    """A value that uses the field's whole width and, where it has one, its sign; a known state."""
    if p.entry.states:
        return sorted(p.entry.states)[n % len(p.entry.states)]
    size = p.sizeof()
    if p.is_text:
        return f"text{n}".encode().ljust(size, b"\0")
    top: int = 1 << (8 * size - 1)
    signed = p.struct_format.islower()
    return (-top if n % 2 else top - 1 - n) if signed else top + n


def _named(body: Any, values: list[int | bytes]) -> dict[str, int | str]:
    return {
        p.entry.name: v.hex() if isinstance(v, bytes) else v
        for p, v in zip(parameters(body), values, strict=True)
    }
