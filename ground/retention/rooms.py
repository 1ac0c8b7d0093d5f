"""Which classes may stand in a state of retention, and what they are made of."""

from __future__ import annotations

import re
from importlib import import_module
from typing import Any, Final

import numpy as np

ROOMS: Final = (
    "ground.alarms.",
    "ground.commanding.",
    "ground.fleet",
    "ground.model",
    "ground.monitor.",
    "ground.stream.",
    "ground.verdict.",
    "protocol.schema.",
)
"""Modules whose classes hold state; no others are ever made."""
_NUMBERS: Final = re.compile(r"[<>|=]?[biuf][1248]")
"""Types of NumPy's that hold numbers and nothing else."""


class GraphError(ValueError):
    """What is to be read is no state; the words say why."""


class OtherClassesError(GraphError):
    """Of a version whose classes were others, and nothing says what became of them."""


def attributes_of(value: Any) -> dict[str, Any]:
    """Those that an object has, in slots or not."""
    found = dict(getattr(value, "__dict__", {}))
    for base in type(value).__mro__:
        slots = base.__dict__.get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            if hasattr(value, name):
                found[name] = getattr(value, name)
    return found


def check_same(made: Any, was: Any) -> None:
    """Refuse what would come back as something else."""
    if repr(made) != repr(was):
        raise GraphError(f"{str(was)[:40]} would become {str(made)[:40]}")


def numbers(code: str) -> np.dtype[Any]:
    """NumPy's type of that name; raises GraphError for one that may hold anything else."""
    if not _NUMBERS.fullmatch(code):
        raise GraphError(f"{code[:40]} is no type of numbers")
    return np.dtype(code)


def holds_state(module: str) -> bool:
    """True for a module of ROOMS."""
    return any(module == room or (room[-1] == "." and module.startswith(room)) for room in ROOMS)


def check_allowed(module: str, name: str) -> None:
    """Raises GraphError."""
    if not holds_state(module):
        raise GraphError(f"{module}.{name} holds no state")


def class_named(name: str) -> type:
    """The class `module:Name`; raises GraphError."""
    module, _, what = name.partition(":")
    check_allowed(module, what)
    try:
        found = getattr(import_module(module), what)
    except (ImportError, AttributeError) as error:
        raise OtherClassesError(f"{name} is not known ({error})") from None
    if not isinstance(found, type) or found.__module__ != module:
        raise GraphError(f"{name} is no class of that module")
    return found
