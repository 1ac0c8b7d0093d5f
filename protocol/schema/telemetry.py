"""Every telemetry packet's body, declared once. All else about the wire is generated from here.

Bodies are flat and of fixed size, so that a board packs them with one `pack_into` and the ground
unpacks them with one `unpack_from`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from construct import Struct

from protocol.schema.parameter import (
    I16,
    I32,
    U8,
    U16,
    U32,
    U64,
    Limits,
    Parameter,
    parameter,
    text,
)

SENSORS: Final = 6
"""Acoustic sensors of a window, ae1 … ae6."""

KEPT_BOOTS: Final = 8
"""Boots whose records a storage report can name."""


class Retention(IntEnum):
    """What goes first when the recorder overflows."""

    HOUSEKEEPING = 0
    EVENT = 1


@dataclass(frozen=True)
class Telemetry:
    """One telemetry packet type."""

    name: str
    service: int
    subtype: int
    body: Struct
    retention: Retention
    summary: str


def _pressure(volume: str, limits: Limits | None) -> Parameter:
    return parameter(f"p_{volume}", U32, f"Pressure, {volume}", unit="Pa", scale=0.1, limits=limits)


def _temperature(pane: str) -> Parameter:
    limits = Limits(
        low={"warning": -60.0, "critical": -90.0}, high={"warning": 80.0, "critical": 120.0}
    )
    return parameter(
        f"t_{pane}", I32, f"Temperature, {pane} pane", unit="°C", scale=0.001, limits=limits
    )


BOOT = Struct(
    parameter("vehicle", text(16), "Vehicle that the unit belongs to"),
    parameter("unit", text(16), "Window that the unit watches"),
    parameter("schema_hash", U32, "Hash of the wire schema"),
    parameter("software", text(16), "Firmware version"),
    parameter(
        "reset_reason",
        U8,
        "Why the unit started",
        states={0: "power_on", 1: "watchdog", 2: "command", 3: "fault"},
    ),
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

HOUSEKEEPING = Struct(
    parameter("structure_id", U16, "Housekeeping structure (ST[03])"),
    _pressure("gap1", None),
    _pressure("gap2", Limits(low={"watch": 95e3, "warning": 80e3, "critical": 50e3})),
    _pressure("cabin", Limits(low={"warning": 90e3, "distress": 80e3, "critical": 65.3e3})),
    _temperature("outer"),
    _temperature("middle"),
    _temperature("inner"),
    *(
        parameter(f"ae{k}_crossings", U16, f"Threshold crossings of ae{k} since the last report")
        for k in range(1, SENSORS + 1)
    ),
    parameter("ae_health", U8, "Healthy acoustic sensors, bit 0 = ae1"),
    parameter(
        "sensor_health",
        U8,
        "Healthy sensors, from bit 0: p_gap1 p_gap2 p_cabin t_outer t_middle t_inner",
    ),
    parameter("impacts", U32, "Hit reports in this boot"),
    parameter("commands_accepted", U16, "Commands taken in this boot"),
    parameter("commands_refused", U16, "Commands refused in this boot"),
    parameter("stored_bytes", U32, "Recorder bytes in use", unit="B"),
    parameter("link_dropped", U32, "Live packets that the link did not take", platform=True),
    parameter("heap_free", U32, "Free heap", unit="B", platform=True),
    parameter("longest_gap_us", U32, "Longest gap between steps", unit="µs", platform=True),
)

EVENT = Struct(
    parameter("event_id", U16, "Event definition (protocol/wire/events.py)"),
    parameter("a", I32, "First argument of the event"),
    parameter("b", I32, "Second argument of the event"),
    parameter("text", text(48), "Words of the event: file and line, a name"),
)


def _hit(k: int) -> tuple[Parameter, ...]:
    """Features of one sensor's burst after EN 1330-9."""
    return (
        parameter(
            f"ae{k}_arrival", I16, f"Arrival at ae{k} after the trigger", unit="µs", scale=0.1
        ),
        parameter(f"ae{k}_peak", U16, f"Peak amplitude at ae{k}", unit="dB_AE", scale=0.01),
        parameter(f"ae{k}_rise", U16, f"Rise time at ae{k}", unit="µs", scale=0.1),
        parameter(f"ae{k}_duration", U16, f"Duration at ae{k}", unit="µs", scale=0.1),
        parameter(f"ae{k}_counts", U16, f"Ring-down counts at ae{k}"),
        parameter(f"ae{k}_energy", U64, f"Energy at ae{k}", unit="eu"),
    )


HIT = Struct(
    parameter(
        "trigger_us", U64, "First crossing, in the time scale of the packet header", unit="µs"
    ),
    parameter("channels", U8, "Sensors with a hit, bit 0 = ae1"),
    parameter("saturated", U8, "Sensors that clipped, bit 0 = ae1"),
    parameter("truncated", U8, "Sensors still above threshold at the end, bit 0 = ae1"),
    parameter("flags", U8, "Bit 0: waveform missed"),
    parameter("gain_db", U8, "Gain of the capture", unit="dB"),
    *(field for k in range(1, SENSORS + 1) for field in _hit(k)),
)

TIME = Struct(
    parameter("since_boot_us", U64, "Time since boot when the packet was made", unit="µs"),
)

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

VERIFICATION = Struct(
    parameter("tc_packet_id", U16, "Packet id of the request"),
    parameter("tc_sequence", U16, "Packet sequence control of the request"),
    parameter("tc_counter", U32, "Security counter of the request"),
    parameter(
        "failure",
        U16,
        "Why it was refused or failed",
        states={
            0: "none",
            1: "malformed",
            2: "unsigned",
            3: "forged",
            4: "replay",
            5: "other address",
            6: "unknown type",
            7: "bad argument",
            8: "execution failed",
        },
    ),
)

ALIVE = Struct()

_EVENT, _HK = Retention.EVENT, Retention.HOUSEKEEPING

TELEMETRY: Final = (
    Telemetry(
        "boot",
        128,
        1,
        BOOT,
        _EVENT,
        "The unit's identity; first in a boot, again after 5 s, then each 30 s",
    ),
    Telemetry("housekeeping", 3, 25, HOUSEKEEPING, _HK, "Pressures, temperatures, health"),
    Telemetry("event_info", 5, 1, EVENT, _EVENT, "Event, informative"),
    Telemetry("event_low", 5, 2, EVENT, _EVENT, "Event, low severity"),
    Telemetry("event_medium", 5, 3, EVENT, _EVENT, "Event, medium severity"),
    Telemetry("event_high", 5, 4, EVENT, _EVENT, "Event, high severity"),
    Telemetry("hit", 129, 1, HIT, _EVENT, "An impact: the bursts of three or more sensors"),
    Telemetry("time", 9, 2, TIME, _HK, "Time report, at least each 5 s"),
    Telemetry("storage", 130, 1, STORAGE, _HK, "What the recorder keeps, each 10 s"),
    Telemetry("lost", 130, 2, LOST, _EVENT, "Records that the recorder had to drop"),
    Telemetry("accepted", 1, 1, VERIFICATION, _EVENT, "Request acceptance"),
    Telemetry("refused", 1, 2, VERIFICATION, _EVENT, "Request refused"),
    Telemetry("completed", 1, 7, VERIFICATION, _EVENT, "Request completed"),
    Telemetry("failed", 1, 8, VERIFICATION, _EVENT, "Request failed"),
    Telemetry("alive", 17, 2, ALIVE, _EVENT, "Answer to are-you-alive"),
)
