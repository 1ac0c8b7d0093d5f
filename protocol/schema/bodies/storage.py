"""Service 130: what the recorder keeps, gives again and may forget."""

from __future__ import annotations

from construct import Struct

from protocol.schema.parameter import U8, U16, U32, parameter, text

KEPT_BOOTS = 8
"""Boots whose records a storage report can name."""
BITMAP_BYTES = 32


STORAGE = Struct(
    parameter("kept_boots", U8, "Boots with records on board"),
    *(
        field
        for i in range(KEPT_BOOTS)
        for field in (
            parameter(f"boot{i}_id", U16, f"Kept boot {i}"),
            parameter(f"boot{i}_oldest", U32, f"Oldest uncommitted record of kept boot {i}"),
            parameter(f"boot{i}_newest", U32, f"Newest record of kept boot {i}"),
        )
    ),
    parameter("capacity_bytes", U32, "Recorder size", unit="B", platform=True),
)

LOST = Struct(
    parameter("lost_boot", U16, "Boot of the records that were dropped"),
    parameter("lost_first", U32, "First record dropped"),
    parameter("lost_last", U32, "Last record dropped; others between may be kept"),
    parameter(
        "lost_class", U8, "What was dropped", states={0: "housekeeping", 1: "events and hits"}
    ),
)

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
        binary=True,
    ),
)
