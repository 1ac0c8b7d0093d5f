"""ST[12] onboard monitoring."""

from __future__ import annotations

from construct import Struct

from protocol.schema.onboard import POOL_STATES
from protocol.schema.parameter import I32, U8, U16, Parameter, parameter

CHECKS = {0: "limit", 1: "expected_value", 2: "delta"}
STATES = {0: "disabled", 1: "passive", 2: "enabled"}
RESULTS = {0: "unchecked", 1: "invalid", 2: "within", 3: "below", 4: "above", 5: "unexpected"}


_MONITOR = parameter("monitor", U16, "Monitor")
_PARAMETER = parameter("parameter", U16, "Onboard parameter that is watched", states=POOL_STATES)


def _definition() -> list[Parameter]:
    return [
        _PARAMETER,
        parameter("check", U8, "Kind of check", states=CHECKS),
        parameter("repetition", U8, "Equal results in a row that make a transition", default=1),
        parameter(
            "low",
            I32,
            "Lower limit, expected value, or lower limit of the change, in its unit and scale",
            onboard="parameter",
        ),
        parameter(
            "high",
            I32,
            "Upper limit, or upper limit of the change, in its unit and scale",
            onboard="parameter",
        ),
        parameter("mask", I32, "Raw bits that an expected-value check looks at", default=0),
        parameter(
            "over_s", U16, "Time over which a delta check takes the change", unit="s", default=0
        ),
        parameter(
            "valid",
            U16,
            "Checked only while this is not 0; 0: always",
            states=POOL_STATES,
            default=0,
        ),
        parameter("raises", U16, "Event raised on a violation while enabled; 0: none", default=0),
    ]


DEFINITION = Struct(_MONITOR, *_definition())

MONITOR_REPORT = Struct(
    _MONITOR,
    parameter("state", U8, "Whether it checks and raises its event", states=STATES),
    parameter("result", U8, "Its last result", states=RESULTS),
    *_definition(),
)

TRANSITION = Struct(
    _MONITOR,
    _PARAMETER,
    parameter("before", U8, "Result before", states=RESULTS),
    parameter("after", U8, "Result now", states=RESULTS),
    parameter(
        "found",
        I32,
        "Value, or change, that made the transition, in its unit and scale",
        onboard="parameter",
    ),
    parameter(
        "limit",
        I32,
        "Limit or expected value that it crossed, in its unit and scale",
        onboard="parameter",
    ),
    parameter("at_us", I32, "Time of the first of the results in a row, before now", unit="µs"),
)

ONE_MONITOR = Struct(_MONITOR)
