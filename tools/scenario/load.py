"""Reads a scenario file strictly: whatever is not understood is an error that names its place."""

from __future__ import annotations

import math
from typing import Any, Final

from ground.fleet import Fleet, FleetError
from ground.model import UnitKey
from tools.scenario.error import ScenarioError
from tools.scenario.fields import (
    FieldError,
    Key,
    moment,
    number,
    optional,
    read,
    tables,
    text,
    unknown,
    whole,
)
from tools.scenario.find import find
from tools.scenario.kinds import KINDS, MAX_DURATION_S, check_inspection
from tools.scenario.model import Event, Scenario
from tools.scenario.toml_file import read_toml

MAX_WINDOWS: Final = 64
"""Each is a program of its own in `panewatch run`."""

_TOP: Final = {
    "name": Key(text),
    "seed": Key(whole(0, 0xFFFFFFFF)),
    "duration_s": Key(number(above=0, high=MAX_DURATION_S)),
    "epoch": Key(moment),
    "vehicle": Key(tables),
    "event": optional(tables, ()),
}


def load(name_or_path: str) -> Scenario:
    """The scenario of that name or path; raises ScenarioError."""
    return parse(read_toml(find(name_or_path), name_or_path), name_or_path)


def parse(data: dict[str, Any], file: str) -> Scenario:
    """The scenario in parsed TOML; `file` is for the words of a ScenarioError."""
    place = "scenario"
    try:
        top = read(data, _TOP)
        _check_count(top["vehicle"])
        fleet = Fleet.from_dict({"vehicle": top["vehicle"]})
        if not any(v.windows for v in fleet.vehicles):
            raise FieldError("no vehicle has a window, so there is no unit to run")
        _check_names(fleet)
        duration_us = round(top["duration_s"] * 1e6)
        events = []
        for i, table in enumerate(top["event"], start=1):
            kind = table.get("kind")
            place = f"event {i} ({kind})" if isinstance(kind, str) else f"event {i}"
            events.append(_event(table, fleet, duration_us))
    except FleetError as error:
        raise ScenarioError(file, error.place, error.reason) from None
    except FieldError as error:
        raise ScenarioError(file, place, str(error)) from None
    return Scenario(
        top["name"],
        top["seed"],
        duration_us,
        top["epoch"],
        fleet,
        tuple(sorted(events, key=lambda event: event.t_us)),
    )


def _check_count(vehicles: list[dict[str, object]]) -> None:
    """Before anything is made of them."""
    tables = [vehicle.get("window") for vehicle in vehicles]
    count = sum(len(windows) for windows in tables if isinstance(windows, list))
    if max(count, len(vehicles)) > MAX_WINDOWS:
        raise FieldError(
            f"vehicles and windows: at most {MAX_WINDOWS} of each, not {len(vehicles)} and {count}"
        )


def _check_names(fleet: Fleet) -> None:
    """Keys and stores are kept as vehicle-window: no two units may have one name there."""
    named: dict[str, UnitKey] = {}
    for unit in (UnitKey(v.id, w.id) for v in fleet.vehicles for w in v.windows):
        other = named.setdefault(f"{unit.vehicle}-{unit.unit}", unit)
        if other != unit:
            raise FieldError(
                f"{other} and {unit} would share {unit.vehicle}-{unit.unit}.key; rename one"
            )


def _event(table: dict[str, object], fleet: Fleet, duration_us: int) -> Event:
    if "kind" not in table:
        raise FieldError(f'missing key "kind" (known kinds: {", ".join(KINDS)})')
    kind_name = text(table["kind"])
    if kind_name not in KINDS:
        raise FieldError(unknown("kind", kind_name, KINDS))
    kind = KINDS[kind_name]
    keys = {"t_s": Key(number(0, MAX_DURATION_S)), "kind": Key(text), "vehicle": Key(text)}
    if kind.at_window:
        keys["window"] = Key(text)
    values = read(table, keys | kind.keys)
    t_us = round(values.pop("t_s") * 1e6)
    if t_us > duration_us:
        raise FieldError(f"t_s: {t_us / 1e6:g} is after the end (duration_s {duration_us / 1e6:g})")
    del values["kind"]
    vehicle_id, window_id = values.pop("vehicle"), values.pop("window", None)
    _check_place(fleet, vehicle_id, window_id, values)
    if kind_name == "inspection":
        check_inspection(values)
    return Event(t_us, kind_name, vehicle_id, window_id, values)


def _check_place(
    fleet: Fleet, vehicle_id: str, window_id: str | None, values: dict[str, Any]
) -> None:
    """The vehicle, the window and the point on it must exist."""
    vehicle = fleet.vehicle(vehicle_id)
    if vehicle is None:
        raise FieldError(unknown("vehicle", vehicle_id, [v.id for v in fleet.vehicles]))
    if window_id is None:
        return
    window = fleet.window(UnitKey(vehicle_id, window_id))
    if window is None:
        words = unknown("window", window_id, [w.id for w in vehicle.windows])
        raise FieldError(f"{words} of {vehicle_id}")
    if "x_mm" in values:
        x, y = values["x_mm"], values["y_mm"]
        distance = math.hypot(x, y)
        if distance > window.radius_mm:
            raise FieldError(
                f"({x:g}, {y:g}) mm is {distance:.1f} mm from the centre, "
                f"outside the pane of radius {window.radius_mm:g} mm"
            )
