"""Service 131: what a test does to the simulated window and to the unit itself."""

from __future__ import annotations

from typing import Any

from construct import Struct

from protocol.schema.parameter import I32, U8, U32, U64, Parameter, parameter

PANES = {0: "outer", 1: "middle", 2: "inner"}
VOLUMES = {0: "gap1", 1: "gap2", 2: "cabin"}
FAULTS = {0: "stuck", 1: "drift", 2: "dead", 3: "noisy", 255: "healed"}
SENSORS = {
    **dict(enumerate(("p_gap1", "p_gap2", "p_cabin", "t_outer", "t_middle", "t_inner"))),
    **{8 + k: f"ae{k + 1}" for k in range(6)},
}


def _at() -> Parameter:
    return parameter("at_us", U64, "When, since boot; in the past: at once", unit="µs")


def _point() -> tuple[Any, ...]:
    return (
        parameter("x_um", I32, "From the pane's centre", unit="µm"),
        parameter("y_um", I32, "From the pane's centre", unit="µm"),
    )


IMPACT = Struct(
    _at(),
    parameter("pane", U8, "Pane", states=PANES),
    *_point(),
    parameter("diameter_um", U32, "Diameter of the particle", unit="µm"),
    parameter("speed_mm_s", U32, "Speed", unit="mm/s"),
    parameter("density_kg_m3", U32, "Density", unit="kg/m³"),
    parameter("angle_mdeg", U32, "From the pane's normal", unit="mdeg"),
)
LEAK = Struct(
    _at(),
    parameter("volume", U8, "Volume that leaks", states=VOLUMES),
    parameter("hole_um", U32, "Diameter of the hole", unit="µm"),
)
THERMAL = Struct(
    _at(),
    parameter("pane", U8, "Pane", states=PANES),
    parameter("delta_mk", I32, "Change of its temperature", unit="mK"),
    parameter("over_ms", U32, "Time that it takes", unit="ms"),
)
SENSOR_FAULT = Struct(
    _at(),
    parameter("sensor", U8, "Sensor", states=SENSORS),
    parameter("fault", U8, "Fault", states=FAULTS),
)
PENCIL_LEAD_BREAK = Struct(_at(), *_point())
CLOCK_JUMP = Struct(parameter("by_ms", I32, "Change of the unit's clock", unit="ms"))
