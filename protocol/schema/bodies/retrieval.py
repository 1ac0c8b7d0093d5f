"""ST[15] storage and retrieval, by time."""

from __future__ import annotations

from construct import Struct

from protocol.schema.parameter import U16, U64, parameter

RETRIEVE_TIME = Struct(
    parameter("boot", U16, "Boot whose records are wanted"),
    parameter("from_us", U64, "First time, in the time scale of that boot's headers", unit="µs"),
    parameter("to_us", U64, "Last time", unit="µs"),
)
