"""Service 131: what a test does to the simulated window and to the unit itself."""

from __future__ import annotations

from typing import Any

from construct import Struct

from protocol.schema.parameter import I32, U8, U32, U64, Parameter, parameter

_EDGE_UM = 200_000
PANES = {0: "outer", 1: "middle", 2: "inner"}
VOLUMES = {0: "gap1", 1: "gap2", 2: "cabin"}
FAULTS = {0: "stuck", 1: "drift", 2: "dead", 3: "noisy", 255: "healed"}
TASKS = {0: "sampling", 1: "link", 2: "health"}
HANGS = {0: "await", 1: "stubborn", 2: "busy"}
"""Awaits; awaits and does not let itself be cancelled; gives no other task a turn."""
SENSORS = {
    **dict(enumerate(("p_gap1", "p_gap2", "p_cabin", "t_outer", "t_middle", "t_inner"))),
    **{8 + k: f"ae{k + 1}" for k in range(6)},
}


def _at() -> Parameter:
    return parameter("at_us", U64, "When, since boot; in the past: at once", unit="µs", default=0)


def _point() -> tuple[Any, ...]:
    return (
        parameter("x_um", I32, "From the pane's centre", unit="µm", low=-_EDGE_UM, high=_EDGE_UM),
        parameter("y_um", I32, "From the pane's centre", unit="µm", low=-_EDGE_UM, high=_EDGE_UM),
    )


IMPACT = Struct(
    _at(),
    parameter("pane", U8, "Pane", states=PANES),
    *_point(),
    parameter("diameter_um", U32, "Diameter of the particle", unit="µm", low=1, high=20_000),
    parameter("speed_mm_s", U32, "Speed", unit="mm/s", high=100_000_000),
    parameter("density_kg_m3", U32, "Density", unit="kg/m³", high=30_000),
    parameter("angle_mdeg", U32, "From the pane's normal", unit="mdeg", high=90_000),
)
LEAK = Struct(
    _at(),
    parameter("volume", U8, "Volume that leaks", states=VOLUMES),
    parameter("hole_um", U32, "Diameter of the hole", unit="µm", low=1, high=100_000),
)
THERMAL = Struct(
    _at(),
    parameter("pane", U8, "Pane", states=PANES),
    parameter("delta_mk", I32, "Change of its temperature", unit="mK", low=-500_000, high=500_000),
    parameter("over_ms", U32, "Time that it takes", unit="ms", low=1, high=86_400_000),
)
SENSOR_FAULT = Struct(
    _at(),
    parameter("sensor", U8, "Sensor", states=SENSORS),
    parameter("fault", U8, "Fault", states=FAULTS),
)
PENCIL_LEAD_BREAK = Struct(_at(), *_point())
HANG = Struct(
    parameter("task", U8, "Task that hangs", states=TASKS),
    parameter("kind", U8, "How", states=HANGS),
    parameter("for_ms", U32, "How long; 0: for ever", unit="ms"),
)
CLOCK_JUMP = Struct(
    parameter(
        "by_ms", I32, "Change of the unit's clock", unit="ms", low=1 - (1 << 30), high=(1 << 30) - 1
    )
)
