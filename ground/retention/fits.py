"""Whether a value is of the type that the code declares, for what is read from a file."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from types import NoneType, UnionType
from typing import Any, Final, Literal, Union, get_args, get_origin

import numpy as np

WIDE: Final[dict[Any, tuple[type, ...]]] = {
    int: (int, np.integer),
    float: (float, int, np.floating, np.integer),
    bool: (bool, np.bool_),
}
"""What Python's own numbers stand for in annotations."""


def fits(value: Any, hint: Any) -> bool:
    """True where the value may have that type; a hint that says nothing takes everything."""
    origin, inner = get_origin(hint), get_args(hint)
    if hint in (Any, None):
        return hint is Any or value is None
    if origin is None:
        plain = isinstance(hint, type) and not getattr(hint, "_is_protocol", False)
        return not plain or isinstance(value, WIDE.get(hint, hint))
    if origin in (Union, UnionType):
        return any(fits(value, one) for one in inner)
    if origin in (Literal, Callable):
        return value in inner if origin is Literal else value is None or callable(value)
    if isinstance(origin, type):
        return isinstance(value, origin) and _holds(value, inner)
    return True


def _holds(value: Any, inner: tuple[Any, ...]) -> bool:
    """What a container of the right kind holds."""
    if isinstance(value, Mapping):
        return len(inner) != 2 or all(
            fits(k, inner[0]) and fits(v, inner[1]) for k, v in value.items()
        )
    if isinstance(value, tuple) and not (len(inner) == 2 and inner[1] is Ellipsis):
        return not inner or (len(value) == len(inner) and all(map(fits, value, inner)))
    if isinstance(value, Collection) and not isinstance(value, np.ndarray) and inner:
        return all(fits(one, inner[0]) for one in value)
    return True


def described(hint: Any) -> str:
    """A type in words of one line."""
    name = hint.__name__ if isinstance(hint, type) and not get_args(hint) else str(hint)
    return "None" if hint in (None, NoneType) else name
