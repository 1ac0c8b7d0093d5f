"""Every telecommand's application data, declared once (protocol/schema/bodies)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from construct import Struct

from protocol.schema.bodies import (
    event,
    housekeeping,
    maintenance,
    monitoring,
    retrieval,
    setting,
    stimulus,
    storage,
)
from protocol.schema.effect import Effect, Relation
from protocol.wire.events import CLOCK_JUMPED, KEY_CHANGED, MAINTENANCE, STIMULUS


@dataclass(frozen=True)
class Telecommand:
    """One telecommand type; every one carries the security trailer.

    `hazardous` and `verifies` are for the ground and for people; they do not cross the wire.
    """

    name: str
    service: int
    subtype: int
    body: Struct
    summary: str
    hazardous: str = ""
    """Why it needs a second confirmation; empty: it needs none."""
    verifies: Effect | None = None
    """What telemetry must show when it has had its effect."""


_STRUCTURE = housekeeping.ONE_STRUCTURE
_MONITOR = monitoring.ONE_MONITOR


def _structure(kind: str, parameter: str, value: int | str) -> Effect:
    where = {"structure_id": "structure_id"}
    return Effect(f"{kind}_structure", parameter, Relation.EQUALS, value, where, f"report_{kind}")


def _monitor(parameter: str, value: int | str) -> Effect:
    where = {"monitor": "monitor"}
    return Effect("monitor", parameter, Relation.EQUALS, value, where, "report_monitor")


def _event(relation: Relation) -> Effect:
    return Effect("disabled_events", "disabled", relation, "event_id", {}, "report_disabled_events")


def _stimulus(subtype: int) -> Effect:
    return Effect("event_info", "a", Relation.EQUALS, subtype, {"event_id": STIMULUS})


_SETTING = Effect(
    "setting", "value", Relation.EQUALS, "value", {"setting": "setting"}, "report_setting"
)
_JUMPED = Effect("event_low", "a", Relation.EQUALS, "by_ms", {"event_id": CLOCK_JUMPED})
_STOPPED = Effect("event_medium", "event_id", Relation.EQUALS, MAINTENANCE)
_REBOOTED = Effect("boot", "reset_reason", Relation.EQUALS, 2, new_boot=True, within_s=60.0)
_ROTATED = Effect(
    "event_info", "event_id", Relation.EQUALS, KEY_CHANGED, {"event_id": KEY_CHANGED}, "alive"
)
_UNSEEN = "what it watches may go unseen"
_FALSE = "raises alarms as for the real thing"

TELECOMMANDS: Final = (
    Telecommand("alive", 17, 1, Struct(), "Are you alive"),
    Telecommand(
        "create_diagnostic",
        3,
        2,
        housekeeping.CREATE,
        "Make a diagnostic structure",
        verifies=_structure("diagnostic", "interval_ms", "interval_ms"),
    ),
    Telecommand("delete_diagnostic", 3, 4, _STRUCTURE, "Delete a diagnostic structure"),
    Telecommand(
        "enable_housekeeping",
        3,
        5,
        _STRUCTURE,
        "Send a housekeeping structure",
        verifies=_structure("housekeeping", "periodic", 1),
    ),
    Telecommand(
        "disable_housekeeping",
        3,
        6,
        _STRUCTURE,
        "Stop sending a housekeeping structure",
        hazardous="pressures and temperatures come no more",
        verifies=_structure("housekeeping", "periodic", 0),
    ),
    Telecommand(
        "enable_diagnostic",
        3,
        7,
        _STRUCTURE,
        "Send a diagnostic structure",
        verifies=_structure("diagnostic", "periodic", 1),
    ),
    Telecommand(
        "disable_diagnostic",
        3,
        8,
        _STRUCTURE,
        "Stop sending a diagnostic structure",
        verifies=_structure("diagnostic", "periodic", 0),
    ),
    Telecommand("report_housekeeping", 3, 9, _STRUCTURE, "Report a housekeeping structure"),
    Telecommand("report_diagnostic", 3, 11, _STRUCTURE, "Report a diagnostic structure"),
    Telecommand(
        "housekeeping_interval",
        3,
        31,
        housekeeping.INTERVAL,
        "Change how often it is sent",
        hazardous="leaks are found by housekeeping: a long interval finds them late",
        verifies=_structure("housekeeping", "interval_ms", "interval_ms"),
    ),
    Telecommand(
        "diagnostic_interval",
        3,
        32,
        housekeeping.INTERVAL,
        "Change how often it is sent",
        verifies=_structure("diagnostic", "interval_ms", "interval_ms"),
    ),
    Telecommand(
        "enable_event",
        5,
        5,
        event.ONE_EVENT,
        "Report an event again",
        verifies=_event(Relation.BIT_CLEAR),
    ),
    Telecommand(
        "disable_event",
        5,
        6,
        event.ONE_EVENT,
        "Do not report an event",
        hazardous="the event is not reported any more",
        verifies=_event(Relation.BIT_SET),
    ),
    Telecommand("report_disabled_events", 5, 7, Struct(), "Which events are disabled"),
    Telecommand(
        "enable_monitor",
        12,
        1,
        _MONITOR,
        "Check, and raise the monitor's event",
        verifies=_monitor("state", 2),
    ),
    Telecommand(
        "disable_monitor",
        12,
        2,
        _MONITOR,
        "Do not check",
        hazardous=_UNSEEN,
        verifies=_monitor("state", 0),
    ),
    Telecommand(
        "add_monitor",
        12,
        5,
        monitoring.DEFINITION,
        "Add a monitor, disabled",
        verifies=_monitor("high", "high"),
    ),
    Telecommand("delete_monitor", 12, 6, _MONITOR, "Delete a monitor", hazardous=_UNSEEN),
    Telecommand(
        "modify_monitor",
        12,
        7,
        monitoring.DEFINITION,
        "Change a monitor",
        hazardous=_UNSEEN,
        verifies=_monitor("high", "high"),
    ),
    Telecommand("report_monitor", 12, 8, _MONITOR, "Report a monitor"),
    Telecommand(
        "passivate_monitor",
        12,
        128,
        _MONITOR,
        "Check, and raise no event",
        hazardous=_UNSEEN,
        verifies=_monitor("state", 1),
    ),
    Telecommand("retrieve_time", 15, 9, retrieval.RETRIEVE_TIME, "Send a time's records again"),
    Telecommand("abort_retrieval", 15, 17, Struct(), "End every retrieval"),
    Telecommand("report_setting", 20, 1, setting.ONE_SETTING, "Report a setting"),
    Telecommand("set_setting", 20, 3, setting.VALUE, "Change a setting", verifies=_SETTING),
    Telecommand("retrieve", 130, 3, storage.RETRIEVE, "Send stored records again"),
    Telecommand(
        "commit",
        130,
        4,
        storage.COMMIT,
        "These records are safe on the ground",
        hazardous="the unit deletes these records",
    ),
    Telecommand(
        "stimulate_impact",
        131,
        1,
        stimulus.IMPACT,
        "Strike the simulated window",
        hazardous=_FALSE,
        verifies=_stimulus(1),
    ),
    Telecommand(
        "stimulate_leak",
        131,
        2,
        stimulus.LEAK,
        "Let a simulated volume leak",
        hazardous=_FALSE,
        verifies=_stimulus(2),
    ),
    Telecommand(
        "stimulate_thermal",
        131,
        3,
        stimulus.THERMAL,
        "Warm or cool a simulated pane",
        hazardous=_FALSE,
        verifies=_stimulus(3),
    ),
    Telecommand(
        "stimulate_fault",
        131,
        4,
        stimulus.SENSOR_FAULT,
        "Break a simulated sensor",
        hazardous="the sensor is blind until it is healed",
        verifies=_stimulus(4),
    ),
    Telecommand(
        "stimulate_lead_break",
        131,
        5,
        stimulus.PENCIL_LEAD_BREAK,
        "Break a pencil lead on the simulated window",
        hazardous=_FALSE,
        verifies=_stimulus(5),
    ),
    Telecommand(
        "stimulate_hang",
        131,
        6,
        stimulus.HANG,
        "Let a task of the unit hang",
        hazardous="the unit starts again when its watchdog bites",
        verifies=_stimulus(6),
    ),
    Telecommand(
        "stimulate_clock_jump",
        131,
        7,
        stimulus.CLOCK_JUMP,
        "Let the unit's clock jump",
        hazardous="what comes now bears a wrong time",
        verifies=_JUMPED,
    ),
    Telecommand(
        "reboot",
        132,
        1,
        Struct(),
        "Start the unit again",
        hazardous="the window is not watched meanwhile",
        verifies=_REBOOTED,
    ),
    Telecommand(
        "maintain",
        132,
        2,
        Struct(),
        "Stop for maintenance: the console is a REPL again",
        hazardous="the unit stops; only someone at its console can start it again",
        verifies=_STOPPED,
    ),
    Telecommand("self_test", 132, 3, Struct(), "Test the sensors"),
    Telecommand(
        "rotate_key",
        132,
        10,
        maintenance.ROTATE_KEY,
        "Derive the next key; both hold until a command under it comes",
        verifies=_ROTATED,
    ),
)

BY_NAME: Final = {command.name: command for command in TELECOMMANDS}
INDEX: Final = {command.name: i for i, command in enumerate(TELECOMMANDS)}
"""Numbers of protocol/wire/tables.py, TC_*."""
