"""An alarm as evidence holds it: everything but its number, which counts the alarms before it."""

from __future__ import annotations

from dataclasses import fields
from enum import Enum
from typing import Any, Final

from ground.model import Alarm

_NUMBER: Final = "id"


def alarm_fields(alarm: Alarm) -> dict[str, Any]:
    """By the names of ground.model.Alarm, JSON-ready."""
    return {f.name: _plain(getattr(alarm, f.name)) for f in fields(Alarm) if f.name != _NUMBER}


def differences(expected: dict[str, Any], reached: dict[str, Any]) -> list[tuple[str, Any, Any]]:
    """(field, expected, reached) of each that differs; of one that a side lacks None."""
    names = [*expected, *(name for name in reached if name not in expected)]
    return [
        (name, expected.get(name), reached.get(name))
        for name in names
        if expected.get(name) != reached.get(name)
    ]


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.name.lower() if isinstance(value, int) else value.value
    if hasattr(value, "__dataclass_fields__"):
        return {f.name: _plain(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, dict):
        return {str(key): _plain(v) for key, v in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(v) for v in value]
    return value
