"""ST[09] time reports."""

from __future__ import annotations

from construct import Struct

from protocol.schema.parameter import U64, parameter

TIME = Struct(
    parameter("since_boot_us", U64, "Time since boot when the packet was made", unit="µs"),
)
