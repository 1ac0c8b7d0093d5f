"""A table on its way out of an archive: named columns with units, and its rows batch by batch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["time", "integer", "unsigned", "number", "text", "flag"]
"""time: µs since 1970, UTC; the others as JSON has them, unsigned up to 64 bits."""
Batch = Mapping[str, Sequence[Any]]
"""Values of each column by its name, all equally many; None where there is none."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column."""

    name: str
    kind: Kind
    unit: str = ""
    summary: str = ""
    decimals: int | None = None
    """Of numbers: more digits than these are noise of the conversion."""

    @property
    def title(self) -> str:
        """Name and unit, as in a file's head: `p_gap2 [Pa]`."""
        return f"{self.name} [{self.unit}]" if self.unit else self.name


@dataclass(frozen=True, slots=True)
class Sheet:
    """One table; `batches` can be gone through once."""

    name: str
    columns: tuple[Column, ...]
    batches: Iterator[Batch]


HEAD = (
    Column("utc", "time", summary="onboard time of the packet in UTC, by time correlation"),
    Column("vehicle", "text"),
    Column("window", "text"),
    Column("boot", "integer", summary="boot id"),
    Column("record", "integer", summary="record number within the boot"),
    Column("onboard", "integer", "µs", "the unit's own clock, as in the packet"),
    Column("clock", "text", summary="what `onboard` counts from: boot, or TAI (2020-01-01 TAI)"),
    Column("received_utc", "time", summary="ground receive time"),
    Column("late", "flag", summary="older than what had come before it"),
)
"""Begins every table of packets."""
