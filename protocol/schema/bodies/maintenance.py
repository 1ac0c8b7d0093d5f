"""Service 132: restart, maintenance, self-test, keys."""

from __future__ import annotations

from construct import Struct

from protocol.schema.bodies.housekeeping import SENSORS
from protocol.schema.parameter import I16, I32, U16, parameter, text

_SLOW = {
    "p_gap1": ("Pa", 0.1),
    "p_gap2": ("Pa", 0.1),
    "p_cabin": ("Pa", 0.1),
    "t_outer": ("K", 0.001),
    "t_middle": ("K", 0.001),
    "t_inner": ("K", 0.001),
}

SELF_TEST = Struct(
    parameter("tested", U16, "Sensors that have a self-test, bits as in `failed`"),
    parameter("failed", U16, "Sensors that failed it, bits 0 p_gap1 … 5 t_inner, 8 ae1 … 13 ae6"),
    *(
        field
        for name, (unit, scale) in _SLOW.items()
        for field in (
            parameter(
                f"{name}_offset", I32, f"Offset of {name} at its reference", unit=unit, scale=scale
            ),
            parameter(
                f"{name}_noise",
                I32,
                f"Noise of {name} in the last minute, rms",
                unit=unit,
                scale=scale,
            ),
        )
    ),
    *(
        field
        for k in range(1, SENSORS + 1)
        for field in (
            parameter(
                f"ae{k}_pulse",
                I16,
                f"Peak at ae{k} of another sensor's pulse",
                unit="dB_AE",
                scale=0.01,
            ),
            parameter(
                f"ae{k}_change",
                I16,
                "Change of it since the first self-test",
                unit="dB",
                scale=0.01,
            ),
        )
    ),
)

ROTATE_KEY = Struct(
    parameter(
        "nonce",
        text(16),
        "The next key is HMAC-SHA256 under the present one over `rotate` and this",
        binary=True,
    ),
)
