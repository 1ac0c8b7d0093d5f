"""Every telemetry packet, declared once. All else about the wire is generated from here.

Bodies (protocol/schema/bodies, a service a file) are flat and of fixed size, so that a board packs
them with one `pack_into` and the ground unpacks them with one `unpack_from`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from construct import Struct

from protocol.schema.bodies import (
    boot,
    event,
    hit,
    housekeeping,
    large_data,
    maintenance,
    monitoring,
    setting,
    storage,
    time,
    verification,
)


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


_EVENT, _HK = Retention.EVENT, Retention.HOUSEKEEPING
_VERIFICATION = verification.VERIFICATION

TELEMETRY: Final = (
    Telemetry(
        "boot",
        128,
        1,
        boot.BOOT,
        _EVENT,
        "The unit's identity; first in a boot, again after 5 s, then each 30 s",
    ),
    Telemetry(
        "housekeeping", 3, 25, housekeeping.HOUSEKEEPING, _HK, "Pressures, temperatures, health"
    ),
    Telemetry(
        "diagnostic", 3, 26, housekeeping.DIAGNOSTIC, _HK, "A structure that was made at run time"
    ),
    Telemetry(
        "housekeeping_structure", 3, 10, housekeeping.STRUCTURE, _EVENT, "Housekeeping structure"
    ),
    Telemetry(
        "diagnostic_structure", 3, 12, housekeeping.STRUCTURE, _EVENT, "Diagnostic structure"
    ),
    Telemetry("event_info", 5, 1, event.EVENT, _EVENT, "Event, informative"),
    Telemetry("event_low", 5, 2, event.EVENT, _EVENT, "Event, low severity"),
    Telemetry("event_medium", 5, 3, event.EVENT, _EVENT, "Event, medium severity"),
    Telemetry("event_high", 5, 4, event.EVENT, _EVENT, "Event, high severity"),
    Telemetry("disabled_events", 5, 8, event.DISABLED_EVENTS, _EVENT, "Events that are disabled"),
    Telemetry("hit", 129, 1, hit.HIT, _EVENT, "An impact: the bursts of three or more sensors"),
    Telemetry("time", 9, 2, time.TIME, _HK, "Time report, at least each 5 s"),
    Telemetry("monitor", 12, 9, monitoring.MONITOR_REPORT, _EVENT, "Monitor and its last result"),
    Telemetry(
        "monitor_transition", 12, 12, monitoring.TRANSITION, _EVENT, "A monitor's result changed"
    ),
    Telemetry("waveform_first", 13, 1, large_data.PART, _HK, "First part of waveforms"),
    Telemetry("waveform_next", 13, 2, large_data.PART, _HK, "Part of waveforms"),
    Telemetry("waveform_last", 13, 3, large_data.PART, _HK, "Last part of waveforms"),
    Telemetry("setting", 20, 2, setting.VALUE, _EVENT, "Value of a setting"),
    Telemetry("storage", 130, 1, storage.STORAGE, _HK, "What the recorder keeps, each 10 s"),
    Telemetry("lost", 130, 2, storage.LOST, _EVENT, "Records that the recorder had to drop"),
    Telemetry("self_test", 132, 4, maintenance.SELF_TEST, _EVENT, "What a self-test measured"),
    Telemetry("accepted", 1, 1, _VERIFICATION, _EVENT, "Request acceptance"),
    Telemetry("refused", 1, 2, _VERIFICATION, _EVENT, "Request refused"),
    Telemetry("started", 1, 3, _VERIFICATION, _EVENT, "Request started, where it takes its time"),
    Telemetry("completed", 1, 7, _VERIFICATION, _EVENT, "Request completed"),
    Telemetry("failed", 1, 8, _VERIFICATION, _EVENT, "Request failed"),
    Telemetry("alive", 17, 2, Struct(), _EVENT, "Answer to are-you-alive"),
)
