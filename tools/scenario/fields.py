"""Checks one TOML table against the keys it may have. Every reason says what is allowed."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from difflib import get_close_matches
from typing import Any, NamedTuple


class FieldError(ValueError):
    """One table does not hold what it should; the message is the reason."""


Check = Callable[[object], Any]
"""Takes a TOML value and returns it in its final type, or raises FieldError."""


class Key(NamedTuple):
    """A key that a table may have."""

    check: Check
    default: Any = None
    required: bool = True


def optional(check: Check, default: Any = None) -> Key:
    """A key that may be left out."""
    return Key(check, default, required=False)


def read(table: Mapping[str, object], keys: Mapping[str, Key]) -> dict[str, Any]:
    """The checked values of `table`, defaults filled in; raises FieldError."""
    for name in table:
        if name not in keys:
            raise FieldError(unknown("key", name, keys))
    values = {}
    for name, key in keys.items():
        if name in table:
            try:
                values[name] = key.check(table[name])
            except FieldError as error:
                raise FieldError(f"{name}: {error}") from None
        elif key.required:
            raise FieldError(f'missing key "{name}"')
        else:
            values[name] = key.default
    return values


def unknown(what: str, name: str, known: Iterable[str]) -> str:
    """Words for a name that does not exist, with the nearest one that does."""
    names = list(known)
    near = get_close_matches(name, names, n=1)
    hint = f'; did you mean "{near[0]}"?' if near else ""
    return f'unknown {what} "{name}"{hint} (known: {", ".join(names)})'


def number(low: float = -math.inf, high: float = math.inf, *, above: float = -math.inf) -> Check:
    """A finite number with low ≤ value ≤ high and value > above, as float.

    What becomes an integer of the event table needs both bounds.
    """

    def check(value: object) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise FieldError(f"must be a number, not {_kind(value)}")
        if not math.isfinite(value):
            raise FieldError("must be finite")
        if value <= above:
            raise FieldError(f"must be greater than {above:g}, not {value:g}")
        if value < low:
            raise FieldError(f"must be at least {low:g}, not {value:g}")
        if value > high:
            raise FieldError(f"must be at most {high:g}, not {value:g}")
        return float(value)

    return check


def whole(low: int, high: int) -> Check:
    """An integer with low ≤ value ≤ high."""

    def check(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise FieldError(f"must be a whole number, not {_kind(value)}")
        if not low <= value <= high:
            raise FieldError(f"must be {low} to {high}, not {value}")
        return value

    return check


def text(value: object) -> str:
    """Words that are not empty."""
    if not isinstance(value, str):
        raise FieldError(f"must be text, not {_kind(value)}")
    if not value.strip():
        raise FieldError("must not be empty")
    return value


def truth(value: object) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise FieldError(f"must be true or false, not {_kind(value)}")
    return value


def one_of(*words: str) -> Check:
    """One word of a few."""

    def check(value: object) -> str:
        word = text(value)
        if word not in words:
            near = get_close_matches(word, words, n=1)
            hint = f'; did you mean "{near[0]}"?' if near else ""
            raise FieldError(f'"{word}" is not one of {", ".join(words)}{hint}')
        return word

    return check


def moment(value: object) -> datetime:
    """A time with a zone, as ISO-8601 text or TOML's own date-time, that onboard time can show."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            raise FieldError(
                f'"{value}" is no ISO-8601 time such as 2025-11-04T00:00:00Z'
            ) from None
    if not isinstance(value, datetime):
        raise FieldError(f"must be an ISO-8601 time, not {_kind(value)}")
    if value.tzinfo is None:
        raise FieldError("must have a time zone, such as Z")
    try:
        year = (utc := value.astimezone(UTC)).year
    except OverflowError:  # a zone that leads out of the calendar
        year = value.year
    if not 2020 <= year < 2100:  # the wire's agency epoch is 2020
        raise FieldError(f"must lie in 2020 to 2099, not {year}")
    return utc


def tables(value: object) -> list[dict[str, object]]:
    """An array of tables ([[…]])."""
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise FieldError(f"must be an array of tables ([[…]]), not {_kind(value)}")
    return value


def _kind(value: object) -> str:
    words = {bool: "true/false", str: "text", list: "an array", dict: "a table"}
    return words.get(type(value), f"{value}")
