"""A Construct field that carries its own dictionary entry: unit, calibration, limits, words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import construct

U8: Final = construct.Int8ub
U16: Final = construct.Int16ub
U32: Final = construct.Int32ub
U64: Final = construct.Int64ub
I16: Final = construct.Int16sb
I32: Final = construct.Int32sb


def text(size: int) -> Any:
    """UTF-8 text in `size` bytes, padded with zero bytes."""
    return construct.Bytes(size)


@dataclass(frozen=True)
class Limits:
    """Soft limits of a parameter in its engineering unit; None where a side has no limit.

    Levels are those of XTCE: watch, warning, distress, critical, severe. `persistence` samples
    in a row must violate before an alarm rises.
    """

    low: dict[str, float] = field(default_factory=dict)
    high: dict[str, float] = field(default_factory=dict)
    persistence: int = 3


@dataclass(frozen=True)
class Entry:
    """Dictionary entry of one parameter. Engineering value = raw * scale + offset, in `unit`."""

    name: str
    summary: str
    unit: str = ""
    scale: float = 1.0
    offset: float = 0.0
    limits: Limits | None = None
    states: dict[int, str] = field(default_factory=dict)
    binary: bool = False
    """True for bytes that are no text; people read them in hexadecimal."""
    platform: bool = False
    """True when the value hangs on the computer and not on the scenario; comparisons mask it."""
    low: int | None = None
    """Lowest raw value that a command may carry; None: the lowest of its type."""
    high: int | None = None
    default: int | None = None
    """Raw value of an argument that nobody gives; None: it must be given."""
    setting: str = ""
    """Argument that names the setting whose range, scale and unit hold for this one."""
    onboard: str = ""
    """Argument that names the onboard parameter whose scale and unit hold for this one."""


class Parameter(construct.Renamed):  # type: ignore[misc]
    """A named Construct field with its dictionary entry."""

    def __init__(self, entry: Entry, subcon: Any) -> None:
        super().__init__(subcon, newname=entry.name, newdocs=entry.summary)
        self.entry = entry

    @property
    def struct_format(self) -> str:
        """The field's code in Python's struct notation, big-endian, without the order mark."""
        if isinstance(self.subcon, construct.FormatField):
            return str(self.subcon.fmtstr).lstrip(">")
        if isinstance(self.subcon, construct.Bytes):
            return f"{self.subcon.length}s"
        raise TypeError(f"{self.entry.name}: only fixed integers and bytes cross the wire")

    @property
    def is_text(self) -> bool:
        """True for a zero-padded byte field."""
        return isinstance(self.subcon, construct.Bytes)


def parameter(name: str, subcon: Any, summary: str, **entry: Any) -> Parameter:
    """Declare one field; keyword arguments are those of Entry."""
    return Parameter(Entry(name=name, summary=summary, **entry), subcon)


def parameters(body: construct.Struct) -> Iterator[Parameter]:
    """The declared fields of a packet body, in wire order."""
    for subcon in body.subcons:
        if not isinstance(subcon, Parameter):
            raise TypeError(f"{subcon!r} is declared without a dictionary entry")
        yield subcon
