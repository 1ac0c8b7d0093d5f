"""How packets of any schema are decoded: from the dictionary that the archive keeps of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from struct import Struct, calcsize
from typing import Any, Final

from protocol.schema.decode import Bodies
from protocol.wire.tm import HEADER_SIZE

Dictionary = dict[str, Any]

_DEFAULTS: Final = {"scale": 1.0, "offset": 0.0}


@dataclass(frozen=True, slots=True)
class Field:
    """One numeric parameter in one packet type."""

    packet: str
    read: Callable[[bytes], float]
    """Engineering value from a whole packet; equals protocol.schema.decode.engineering."""


def bodies(dictionary: Dictionary) -> Bodies:
    """The decoder table of a stored dictionary (see protocol.schema.decode)."""
    return {
        (t["service"], t["subtype"]): (
            t["name"],
            Struct(">" + "".join(p["format"] for p in t["parameters"])),
            tuple(p["name"] for p in t["parameters"]),
        )
        for t in dictionary["telemetry"]
    }


def fields(dictionary: Dictionary, parameter: str) -> list[Field]:
    """Where a numeric parameter stands in the packets of a stored dictionary."""
    found = []
    for t in dictionary["telemetry"]:
        before = ">"
        for p in t["parameters"]:
            if p["name"] == parameter and not p["format"].endswith("s"):
                found.append(Field(t["name"], _reader(before, p)))
            before += p["format"]
    return found


def _reader(before: str, p: dict[str, Any]) -> Callable[[bytes], float]:
    at = HEADER_SIZE + calcsize(before)
    unpack = Struct(">" + p["format"]).unpack_from
    scale, offset = p["scale"], p["offset"]
    if {"scale": scale, "offset": offset} == _DEFAULTS:
        return lambda data: unpack(data, at)[0]
    return lambda data: unpack(data, at)[0] * scale + offset
