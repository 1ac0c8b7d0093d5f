"""Every telecommand's application data, declared once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from construct import Struct

from protocol.schema.parameter import U16, U32, parameter, text

BITMAP_BYTES: Final = 32


@dataclass(frozen=True)
class Telecommand:
    """One telecommand type; every one carries the security trailer."""

    name: str
    service: int
    subtype: int
    body: Struct
    summary: str


RETRIEVE = Struct(
    parameter("boot", U16, "Boot whose records are wanted"),
    parameter("first", U32, "First record wanted"),
    parameter("last", U32, "Last record wanted"),
)

COMMIT = Struct(
    parameter("boot", U16, "Boot whose records are on the ground's disk"),
    parameter("cumulative", U32, "Every record below this one is committed"),
    parameter(
        "bitmap",
        text(BITMAP_BYTES),
        "Bit i (byte i // 8, from its lowest) is set when record cumulative + i is committed",
    ),
)

TELECOMMANDS: Final = (
    Telecommand("alive", 17, 1, Struct(), "Are you alive"),
    Telecommand("retrieve", 130, 3, RETRIEVE, "Send stored records again"),
    Telecommand("commit", 130, 4, COMMIT, "These records are safe on the ground"),
)
