"""Every telecommand's application data, declared once (protocol/schema/bodies)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from construct import Struct

from protocol.schema.bodies import (
    event,
    housekeeping,
    monitoring,
    retrieval,
    setting,
    stimulus,
    storage,
)


@dataclass(frozen=True)
class Telecommand:
    """One telecommand type; every one carries the security trailer."""

    name: str
    service: int
    subtype: int
    body: Struct
    summary: str


_STRUCTURE = housekeeping.ONE_STRUCTURE
_MONITOR = monitoring.ONE_MONITOR

TELECOMMANDS: Final = (
    Telecommand("alive", 17, 1, Struct(), "Are you alive"),
    Telecommand("create_diagnostic", 3, 2, housekeeping.CREATE, "Make a diagnostic structure"),
    Telecommand("delete_diagnostic", 3, 4, _STRUCTURE, "Delete a diagnostic structure"),
    Telecommand("enable_housekeeping", 3, 5, _STRUCTURE, "Send a housekeeping structure"),
    Telecommand("disable_housekeeping", 3, 6, _STRUCTURE, "Stop sending a housekeeping structure"),
    Telecommand("enable_diagnostic", 3, 7, _STRUCTURE, "Send a diagnostic structure"),
    Telecommand("disable_diagnostic", 3, 8, _STRUCTURE, "Stop sending a diagnostic structure"),
    Telecommand("report_housekeeping", 3, 9, _STRUCTURE, "Report a housekeeping structure"),
    Telecommand("report_diagnostic", 3, 11, _STRUCTURE, "Report a diagnostic structure"),
    Telecommand(
        "housekeeping_interval", 3, 31, housekeeping.INTERVAL, "Change how often it is sent"
    ),
    Telecommand("diagnostic_interval", 3, 32, housekeeping.INTERVAL, "Change how often it is sent"),
    Telecommand("enable_event", 5, 5, event.ONE_EVENT, "Report an event again"),
    Telecommand("disable_event", 5, 6, event.ONE_EVENT, "Do not report an event"),
    Telecommand("report_disabled_events", 5, 7, Struct(), "Which events are disabled"),
    Telecommand("enable_monitor", 12, 1, _MONITOR, "Check, and raise the monitor's event"),
    Telecommand("disable_monitor", 12, 2, _MONITOR, "Do not check"),
    Telecommand("add_monitor", 12, 5, monitoring.DEFINITION, "Add a monitor, disabled"),
    Telecommand("delete_monitor", 12, 6, _MONITOR, "Delete a monitor"),
    Telecommand("modify_monitor", 12, 7, monitoring.DEFINITION, "Change a monitor"),
    Telecommand("report_monitor", 12, 8, _MONITOR, "Report a monitor"),
    Telecommand("passivate_monitor", 12, 128, _MONITOR, "Check, and raise no event"),
    Telecommand("retrieve_time", 15, 9, retrieval.RETRIEVE_TIME, "Send a time's records again"),
    Telecommand("abort_retrieval", 15, 17, Struct(), "End every retrieval"),
    Telecommand("report_setting", 20, 1, setting.ONE_SETTING, "Report a setting"),
    Telecommand("set_setting", 20, 3, setting.VALUE, "Change a setting"),
    Telecommand("retrieve", 130, 3, storage.RETRIEVE, "Send stored records again"),
    Telecommand("commit", 130, 4, storage.COMMIT, "These records are safe on the ground"),
    Telecommand("stimulate_impact", 131, 1, stimulus.IMPACT, "Strike the simulated window"),
    Telecommand("stimulate_leak", 131, 2, stimulus.LEAK, "Let a simulated volume leak"),
    Telecommand("stimulate_thermal", 131, 3, stimulus.THERMAL, "Warm or cool a simulated pane"),
    Telecommand("stimulate_fault", 131, 4, stimulus.SENSOR_FAULT, "Break a simulated sensor"),
    Telecommand(
        "stimulate_lead_break",
        131,
        5,
        stimulus.PENCIL_LEAD_BREAK,
        "Break a pencil lead on the simulated window",
    ),
    Telecommand("stimulate_clock_jump", 131, 7, stimulus.CLOCK_JUMP, "Let the unit's clock jump"),
    Telecommand("reboot", 132, 1, Struct(), "Start the unit again"),
    Telecommand("maintain", 132, 2, Struct(), "Stop for maintenance: the console is a REPL again"),
    Telecommand("self_test", 132, 3, Struct(), "Test the sensors"),
)
