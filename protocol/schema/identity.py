"""The schema hash: 32 bits that change whenever anything that crosses the wire changes."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256

from protocol.schema.onboard import POOL, SETTINGS, PoolParameter, Setting
from protocol.schema.parameter import parameters
from protocol.schema.telecommand import TELECOMMANDS
from protocol.schema.telemetry import TELEMETRY

WIRE_VERSION = 1
"""Raise when headers, trailer or framing change: what the declarations below do not show."""


def wire_lines() -> Iterator[str]:
    """The wire contract as text: one line a packet (its fields' names and formats) or number."""
    yield f"wire {WIRE_VERSION}"
    for kind, declared in (("tm", TELEMETRY), ("tc", TELECOMMANDS)):
        for packet in declared:
            fields = " ".join(
                f"{p.entry.name}:{p.struct_format}:{p.entry.scale!r}:{p.entry.offset!r}"
                for p in parameters(packet.body)
            )
            yield f"{kind} {packet.service}.{packet.subtype} {packet.name} {fields}".rstrip()
    numbered: tuple[PoolParameter | Setting, ...] = (*POOL, *SETTINGS)
    for known in numbered:
        yield f"{type(known).__name__} {known.number} {known.name} {known.scale!r}"


def schema_hash() -> int:
    """First 32 bits of the SHA-256 over `wire_lines`."""
    digest = sha256("\n".join(wire_lines()).encode()).digest()
    return int.from_bytes(digest[:4], "big")
