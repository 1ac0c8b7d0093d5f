"""Service 129: hits."""

from __future__ import annotations

from construct import Struct

from protocol.schema.bodies.housekeeping import SENSORS
from protocol.schema.parameter import I16, U8, U16, U64, Parameter, parameter


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
    parameter("picked", U8, "Sensors whose arrival is a pick of A0, bit 0 = ae1"),
    parameter("picked_s0", U8, "Sensors whose arrival is one of S0; of neither: a first crossing"),
    parameter("saturated", U8, "Sensors that clipped, bit 0 = ae1"),
    parameter("truncated", U8, "Sensors still above threshold at the end, bit 0 = ae1"),
    parameter("flags", U8, "Bit 0: waveform missed"),
    parameter("gain_db", U8, "Gain of the capture", unit="dB"),
    parameter("waveform", U16, "Large data transaction of its waveforms, 0: none"),
    *(field for k in range(1, SENSORS + 1) for field in _hit(k)),
)
