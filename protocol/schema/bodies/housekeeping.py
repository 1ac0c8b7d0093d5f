"""ST[03] housekeeping: one structure of all readings, and those made at run time."""

from __future__ import annotations

from construct import Struct

from protocol.schema.onboard import POOL_STATES
from protocol.schema.parameter import (
    I32,
    U8,
    U16,
    U32,
    Limits,
    Parameter,
    parameter,
)

SENSORS = 6
STRUCTURE_PARAMETERS = 12
"""Parameters that a structure made at run time can hold."""


def _pressure(volume: str, limits: Limits | None) -> Parameter:
    return parameter(f"p_{volume}", U32, f"Pressure, {volume}", unit="Pa", scale=0.1, limits=limits)


def _temperature(pane: str) -> Parameter:
    limits = Limits(
        low={"warning": -60.0, "critical": -90.0}, high={"warning": 80.0, "critical": 120.0}
    )
    return parameter(
        f"t_{pane}", I32, f"Temperature, {pane} pane", unit="°C", scale=0.001, limits=limits
    )


def _slots(kind: str) -> list[Parameter]:
    return [
        parameter(
            f"{kind}{i}_id", U16, f"Onboard parameter {i}, 0: none", states=POOL_STATES, default=0
        )
        for i in range(STRUCTURE_PARAMETERS)
    ]


_STRUCTURE_ID = parameter("structure_id", U16, "Structure; 1 is housekeeping")

HOUSEKEEPING = Struct(
    _STRUCTURE_ID,
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

DIAGNOSTIC = Struct(
    _STRUCTURE_ID,
    *(
        field
        for i in range(STRUCTURE_PARAMETERS)
        for field in (
            parameter(f"d{i}_id", U16, f"Onboard parameter {i}, 0: none", states=POOL_STATES),
            parameter(f"d{i}_value", I32, f"Raw value of parameter {i}", platform=True),
        )
    ),
)
"""It names its parameters itself: it can be read after its structure was deleted (ADR 9)."""

STRUCTURE = Struct(
    _STRUCTURE_ID,
    parameter("periodic", U8, "Whether it is sent", states={0: "disabled", 1: "enabled"}),
    parameter("interval_ms", U32, "Collection interval", unit="ms"),
    *_slots("s"),
)

_INTERVAL = parameter(
    "interval_ms",
    U32,
    "Collection interval, in steps of 20 ms",
    unit="ms",
    low=100,
    high=3_600_000,
)
CREATE = Struct(
    parameter("structure_id", U16, "New structure, 2 or more", low=2),
    _INTERVAL,
    *_slots("s"),
)
ONE_STRUCTURE = Struct(parameter("structure_id", U16, "Structure"))
INTERVAL = Struct(
    parameter("structure_id", U16, "Structure"),
    _INTERVAL,
)
