"""Scenario to the integer event table of one unit (docs/architecture.md, "The event table").

The same scenario always gives the same tables; the firmware reads nothing else.
"""

from __future__ import annotations

import json
from binascii import crc32
from pathlib import Path
from typing import Any, Final

from ground.fleet import ACOUSTIC, PANES, SLOW, Window
from ground.model import UnitKey
from protocol.schema.timescale import utc_to_tai_us
from tools.scenario.kinds import FAULTS, VOLUMES
from tools.scenario.model import Event, Scenario

TABLE_VERSION: Final = 1

_SENSORS: Final = {name: i for i, name in enumerate(SLOW)} | {
    name: 8 + i for i, name in enumerate(ACOUSTIC)
}


def event_table(scenario: Scenario, unit: UnitKey) -> dict[str, Any]:
    """What one unit's simulated window does, in integers."""
    vehicle, window = scenario.fleet.vehicle(unit.vehicle), scenario.fleet.window(unit)
    if vehicle is None or window is None:
        raise KeyError(f"{unit} is not in scenario {scenario.name}")
    return {
        "version": TABLE_VERSION,
        # Every window has noise of its own; 30 bits are a small integer on a 32-bit board.
        "seed": crc32(f"{scenario.seed} {unit}".encode()) & 0x3FFFFFFF,
        "epoch_us": utc_to_tai_us(scenario.epoch),
        "duration_us": scenario.duration_us,
        "window": _geometry(window, vehicle.cabin_volume_m3),
        "events": [
            [event.t_us, event.kind, *_numbers(event)]
            for event in scenario.events_at(unit)
            if event.kind in _COLUMNS
        ],
    }


def write_config(
    scenario: Scenario,
    unit: UnitKey,
    folder: Path,
    link: str,
    key: Path,
    speed: float = 1.0,
    until_eof: bool = False,
    ca: Path | None = None,
) -> Path:
    """Write a unit's table and configuration below `folder`; returns the configuration's path.

    With `until_eof` the unit ends when its standard input does; `ca` is the file of the certificate
    behind an `mqtts://` broker's. The recorder's folder
    `<vehicle>-<window>` beside them is made by the unit itself.
    """
    window = scenario.fleet.window(unit)
    if window is None:
        raise KeyError(f"{unit} is not in scenario {scenario.name}")
    folder.mkdir(parents=True, exist_ok=True)
    stem = f"{unit.vehicle}-{unit.unit}"
    table = folder / f"{stem}.table.json"
    table.write_text(json.dumps(event_table(scenario, unit)), encoding="utf-8")
    config = folder / f"{stem}.json"
    values = {
        "version": 1,
        "vehicle": unit.vehicle,
        "unit": unit.unit,
        "apid": window.apid,
        "link": link,
        "key": str(key),
        "store": str(folder / stem),
        "table": str(table),
        "speed_milli": round(speed * 1000),
        "until_eof": until_eof,
    }
    if ca:
        values["ca"] = str(ca)
    config.touch(mode=0o600)  # a broker's password may stand in the link
    config.write_text(json.dumps(values, indent=1), encoding="utf-8")
    return config


def _geometry(window: Window, cabin_volume_m3: float) -> dict[str, Any]:
    return {
        "radius_um": round(window.radius_mm * 1e3),
        "ring_um": round(window.ring_mm * 1e3),
        "thickness_um": [round(t * 1e3) for t in window.thickness_mm],
        "gap_mm3": [round(v * 1e6) for v in window.gap_l],
        "vented": [int(v) for v in window.vented],
        "cabin_mm3": round(cabin_volume_m3 * 1e9),
        "velocity_mm_s": round(window.velocity_m_s * 1e3),
    }


# kind: (key, factor to the table's integer unit, or the words that it numbers)
_COLUMNS: Final[dict[str, tuple[tuple[str, float | dict[str, int]], ...]]] = {
    "impact": (
        ("pane", {name: i for i, name in enumerate(PANES)}),
        ("x_mm", 1e3),
        ("y_mm", 1e3),
        ("diameter_mm", 1e3),
        ("speed_km_s", 1e6),
        ("density_g_cm3", 1e3),
        ("angle_deg", 1e3),
    ),
    "leak": (("volume", {name: i for i, name in enumerate(VOLUMES)}), ("hole_mm", 1e3)),
    "thermal": (
        ("pane", {name: i for i, name in enumerate(PANES)}),
        ("delta_k", 1e3),
        ("over_s", 1e6),
    ),
    "sensor_fault": (("sensor", _SENSORS), ("fault", {name: i for i, name in enumerate(FAULTS)})),
    "pencil_lead_break": (("x_mm", 1e3), ("y_mm", 1e3)),
    "link_loss": (("for_s", 1e6),),
    "reboot": (),
}


def _numbers(event: Event) -> list[int]:
    return [
        code[event.values[key]] if isinstance(code, dict) else round(event.values[key] * code)
        for key, code in _COLUMNS[event.kind]
    ]
