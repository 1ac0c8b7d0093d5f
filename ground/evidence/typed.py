"""JSON that somebody else wrote: every value is held against what it must be, before it is used."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any, Final

from protocol.schema.timescale import LAST_US

TEXT_MAX: Final = 4096
LINES_MAX: Final = 2_000_000


class WrongError(ValueError):
    """A value that cannot be; the words name its place."""


class Table:
    """An object of which each value is asked for by its type. All raise WrongError."""

    def __init__(self, place: str, data: Any) -> None:
        if not isinstance(data, dict):
            raise WrongError(f"{place}: must be an object")
        self.place = place
        self.data: dict[str, Any] = data

    def __iter__(self) -> Iterator[str]:
        return iter(self.data)

    def table(self, name: str) -> Table:
        """An object."""
        return Table(f"{self.place}: {name[:40]}", self.data.get(name))

    def text(self, name: str) -> str:
        """Text that is not too long."""
        value = self.data.get(name)
        if not isinstance(value, str) or len(value) > TEXT_MAX:
            raise WrongError(f"{self.place}: {name[:40]} must be text")
        return value

    def whole(self, name: str, low: int, high: int) -> int:
        """A whole number."""
        value = self.data.get(name)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise WrongError(f"{self.place}: {name[:40]} must be a whole number {low} to {high}")
        return value

    def time(self, name: str) -> int:
        """µs since 1970 within the calendar."""
        return self.whole(name, 0, LAST_US)

    def number(self, name: str, low: float, high: float) -> float:
        """A finite number."""
        value = self.data.get(name)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise WrongError(f"{self.place}: {name[:40]} must be a number")
        if not (math.isfinite(value) and low <= value <= high):
            raise WrongError(f"{self.place}: {name[:40]} must be {low:g} to {high:g}")
        return float(value)

    def hexes(self, name: str, longest: int) -> bytes:
        """Bytes as hexadecimal digits."""
        value = self.data.get(name)
        if not isinstance(value, str) or len(value) > 2 * longest:
            raise WrongError(f"{self.place}: {name[:40]} must be at most {longest} bytes as hex")
        try:
            return bytes.fromhex(value)
        except ValueError:
            raise WrongError(f"{self.place}: {name[:40]} must be bytes as hex") from None


def read_json(place: str, data: bytes) -> Any:
    """One JSON value; raises WrongError."""
    try:
        return json.loads(data.decode(), parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise WrongError(f"{place}: is no JSON ({str(error)[:60]})") from None


def lines_of(place: str, data: bytes) -> Iterator[Table]:
    """The objects of a file with one a line; raises WrongError."""
    lines = data.split(b"\n")
    if lines.pop() != b"":
        raise WrongError(f"{place}: its last line has no end")
    if len(lines) > LINES_MAX:
        raise WrongError(f"{place}: has {len(lines)} lines; a bundle has {LINES_MAX} at most")
    for number, line in enumerate(lines, start=1):
        where = f"{place}, line {number}"
        yield Table(where, read_json(where, line))


def _refuse(name: str) -> float:
    raise ValueError(f"{name} is no JSON")
