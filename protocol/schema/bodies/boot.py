"""Service 128: who the unit is."""

from __future__ import annotations

from construct import Struct

from protocol.schema.parameter import U8, U32, parameter, text

BOOT = Struct(
    parameter("vehicle", text(16), "Vehicle that the unit belongs to"),
    parameter("unit", text(16), "Window that the unit watches"),
    parameter("schema_hash", U32, "Hash of the wire schema"),
    parameter("software", text(16), "Firmware version"),
    parameter(
        "reset_reason",
        U8,
        "Why the unit started",
        states={
            0: "power_on",
            1: "watchdog",
            2: "command",
            3: "fault",
            4: "brown_out",
            5: "unknown",
        },
    ),
    parameter("resets", U8, "Watchdog and fault resets in a row before this start"),
    parameter(
        "capability",
        U8,
        "What the acoustic front end gives",
        states={0: "none", 1: "edges", 2: "envelope", 3: "waveform"},
    ),
    parameter("sample_rate_hz", U32, "Rate of the acoustic front end", unit="Hz"),
    parameter("next_counter", U32, "Next command counter that the unit will take"),
    parameter("runtime", text(24), "Python that runs the unit", platform=True),
    parameter("unique_id", text(8), "Board identity", platform=True),
)
