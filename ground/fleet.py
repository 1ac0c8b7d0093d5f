"""Vehicles and their windows: what is configured, never what happens to them.

The input is the `[[vehicle]]` tables of a scenario file; defaults are those of the flight units.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from difflib import get_close_matches
from typing import Any, Final

from ground.model import UnitKey

ROLES: Final = ("return", "station", "rescue")
UNKNOWN_ROLE: Final = "unknown"
"""Role of a vehicle that nobody configured: no return status, like a station."""
PANES: Final = ("outer", "middle", "inner")
ACOUSTIC: Final = tuple(f"ae{k}" for k in range(1, 7))
SLOW: Final = ("p_gap1", "p_gap2", "p_cabin", "t_outer", "t_middle", "t_inner")

_ID: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,15}")


class FleetError(ValueError):
    """Vehicle tables that cannot be used; `place` says where, `reason` what to correct."""

    def __init__(self, place: str, reason: str) -> None:
        super().__init__(f"{place}: {reason}")
        self.place = place
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Window:
    """A window of three panes with a ring of six acoustic sensors on the outer one."""

    id: str
    apid: int
    radius_mm: float = 130.0
    ring_mm: float = 120.0
    thickness_mm: tuple[float, float, float] = (14.0, 12.0, 12.0)
    gap_l: tuple[float, float] = (1.0, 1.0)
    vented: tuple[bool, bool] = (True, False)
    velocity_m_s: float = 3690.0
    """A0 group velocity in the pick band, 80 to 200 kHz."""

    @property
    def sensors(self) -> tuple[tuple[float, float], ...]:
        """Positions (x, y) in mm of ae1 … ae6: sensor k at 60°·(k-1)."""
        return tuple(
            (
                self.ring_mm * math.cos(math.radians(60 * k)),
                self.ring_mm * math.sin(math.radians(60 * k)),
            )
            for k in range(len(ACOUSTIC))
        )

    def thickness_of(self, pane: str) -> float:
        """Thickness of a pane in mm; a pane nobody knows is taken as the outer one."""
        return self.thickness_mm[PANES.index(pane)] if pane in PANES else self.thickness_mm[0]


@dataclass(frozen=True, slots=True)
class Vehicle:
    """A spacecraft."""

    id: str
    name: str
    role: str
    seats: int = 3
    crew: int | None = None
    """None: not given, which is not nobody."""
    docked: str | None = None
    cabin_volume_m3: float = 6.0
    reentry_delta_k: float = 300.0
    """Temperature difference over the outer pane that the fracture rule assumes."""
    windows: tuple[Window, ...] = ()

    @property
    def has_return_status(self) -> bool:
        """True when people would come home in it."""
        return self.role in ("return", "rescue")


@dataclass(frozen=True, slots=True)
class Fleet:
    """Every vehicle that the ground watches."""

    vehicles: tuple[Vehicle, ...] = field(default=())

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Fleet:
        """Read `{"vehicle": [{…, "window": [{…}]}]}`; raises FleetError naming the place."""
        _known("fleet", data, ("vehicle",))
        vehicles: list[Vehicle] = []
        apids: dict[int, str] = {}
        next_apid = 1
        for i, table in enumerate(_tables("vehicle", data.get("vehicle", []))):
            vehicle = _vehicle(f"vehicle {i + 1}", table, next_apid)
            next_apid += len(vehicle.windows)
            if any(v.id == vehicle.id for v in vehicles):
                raise FleetError(f"vehicle {i + 1}", f'id "{vehicle.id}" is taken')
            for window in vehicle.windows:
                place = f"{vehicle.id}/{window.id}"
                if window.apid in apids:
                    raise FleetError(place, f"apid {window.apid} is taken by {apids[window.apid]}")
                apids[window.apid] = place
            vehicles.append(vehicle)
        for vehicle in vehicles:
            if vehicle.docked is not None and vehicle.docked not in {v.id for v in vehicles}:
                raise FleetError(vehicle.id, f'docked: no vehicle "{vehicle.docked}"')
        return cls(tuple(vehicles))

    def to_dict(self) -> dict[str, Any]:
        """The tables again: `Fleet.from_dict(f.to_dict()) == f` for a configured fleet."""
        return {
            "vehicle": [
                _table(v, skip="windows") | {"window": [_table(w) for w in v.windows]}
                for v in self.vehicles
            ]
        }

    def units(self) -> list[UnitKey]:
        """One at each window."""
        return [UnitKey(v.id, w.id) for v in self.vehicles for w in v.windows]

    def vehicle(self, vehicle_id: str) -> Vehicle | None:
        """The vehicle of that id, or None."""
        return next((v for v in self.vehicles if v.id == vehicle_id), None)

    def window(self, unit: UnitKey) -> Window | None:
        """The window that a unit watches, or None."""
        vehicle = self.vehicle(unit.vehicle)
        if vehicle is None:
            return None
        return next((w for w in vehicle.windows if w.id == unit.unit), None)

    def place(self, unit: UnitKey) -> tuple[Vehicle, Window]:
        """Vehicle and window of a unit; raises KeyError for one that is not in the fleet."""
        vehicle, window = self.vehicle(unit.vehicle), self.window(unit)
        if vehicle is None or window is None:
            raise KeyError(unit)
        return vehicle, window

    def with_unit(self, unit: UnitKey) -> Fleet:
        """This fleet with a default window for a unit that nobody configured."""
        if self.window(unit) is not None:
            return self
        window = Window(
            unit.unit, 1 + max((w.apid for v in self.vehicles for w in v.windows), default=0)
        )
        known = self.vehicle(unit.vehicle)
        if known is None:
            made = Vehicle(unit.vehicle, unit.vehicle, UNKNOWN_ROLE, windows=(window,))
            return Fleet((*self.vehicles, made))
        grown = replace(known, windows=(*known.windows, window))
        return Fleet(tuple(grown if v is known else v for v in self.vehicles))


def _number(low: float, high: float) -> Callable[[Any], float]:
    def check(value: Any) -> float:
        if (
            isinstance(value, bool)
            or not isinstance(value, int | float)
            or not low <= value <= high
        ):
            raise ValueError(f"must be a number from {low:g} to {high:g}")
        return float(value)

    return check


def _whole(low: int, high: int) -> Callable[[Any], int]:
    def check(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise ValueError(f"must be a whole number from {low} to {high}")
        return value

    return check


def _array(each: Callable[[Any], Any], count: int) -> Callable[[Any], tuple[Any, ...]]:
    def check(value: Any) -> tuple[Any, ...]:
        if not isinstance(value, list | tuple) or len(value) != count:
            raise ValueError(f"must be an array of {count}")
        return tuple(each(item) for item in value)

    return check


def _truth(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("must be true or false")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError("must be text")
    return value


def _id(value: Any) -> str:
    if not isinstance(value, str) or not _ID.fullmatch(value):
        raise ValueError("must be 1 to 16 of a-z 0-9 _ -, beginning with a letter or digit")
    return value


def _role(value: Any) -> str:
    if value not in (*ROLES, UNKNOWN_ROLE):
        raise ValueError(f"must be one of {', '.join(ROLES)}")
    return str(value)


_VEHICLE_KEYS: Final[dict[str, Callable[[Any], Any]]] = {
    "id": _id,
    "name": _text,
    "role": _role,
    "seats": _whole(0, 100),
    "crew": _whole(0, 100),
    "docked": _id,
    "cabin_volume_m3": _number(0.1, 10_000),
    "reentry_delta_k": _number(0, 3000),
}
_WINDOW_KEYS: Final[dict[str, Callable[[Any], Any]]] = {
    "id": _id,
    "apid": _whole(1, 2046),
    "radius_mm": _number(10, 1000),
    "ring_mm": _number(5, 1000),
    "thickness_mm": _array(_number(1, 200), 3),
    "gap_l": _array(_number(0.001, 1000), 2),
    "vented": _array(_truth, 2),
    "velocity_m_s": _number(100, 10_000),
}


def _vehicle(place: str, table: Mapping[str, Any], first_apid: int) -> Vehicle:
    _known(place, table, (*_VEHICLE_KEYS, "window"))
    given = _checked(place, table, _VEHICLE_KEYS)
    for key in ("id", "role"):
        if key not in given:
            raise FleetError(place, f'missing key "{key}"')
    windows: list[Window] = []
    for i, window_table in enumerate(_tables(f"{given['id']}: window", table.get("window", []))):
        where = f"{given['id']}: window {i + 1}"
        _known(where, window_table, _WINDOW_KEYS)
        values = {"apid": first_apid + i} | _checked(where, window_table, _WINDOW_KEYS)
        if "id" not in values:
            raise FleetError(where, 'missing key "id"')
        if any(w.id == values["id"] for w in windows):
            raise FleetError(where, f'id "{values["id"]}" is taken')
        window = Window(**values)
        if window.ring_mm > window.radius_mm:
            raise FleetError(
                where, f"ring_mm {window.ring_mm:g} lies outside radius_mm {window.radius_mm:g}"
            )
        windows.append(window)
    return Vehicle(**({"name": given["id"]} | given), windows=tuple(windows))


def _checked(
    place: str, table: Mapping[str, Any], keys: Mapping[str, Callable[[Any], Any]]
) -> dict[str, Any]:
    values = {}
    for key, check in keys.items():
        if key in table:
            try:
                values[key] = check(table[key])
            except ValueError as error:
                raise FleetError(place, f"{key}: {error}, not {table[key]!r}") from None
    return values


def _known(place: str, table: Mapping[str, Any], keys: Any) -> None:
    for key in table:
        if key not in keys:
            near = get_close_matches(key, list(keys), n=1)
            hint = f'; did you mean "{near[0]}"?' if near else ""
            raise FleetError(place, f'unknown key "{key}"{hint} (known: {", ".join(keys)})')


def _tables(place: str, value: Any) -> list[Mapping[str, Any]]:
    if not isinstance(value, list | tuple) or not all(isinstance(v, Mapping) for v in value):
        raise FleetError(place, "must be an array of tables")
    return list(value)


def _table(thing: Vehicle | Window, skip: str = "") -> dict[str, Any]:
    values = {f.name: getattr(thing, f.name) for f in fields(thing) if f.name != skip}
    return {k: list(v) if isinstance(v, tuple) else v for k, v in values.items() if v is not None}
