"""What differs between two runs of telemetry or two reports: place, field and both values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from protocol.schema.decode import ENTRIES, Decoded

LONG_BYTES: Final = 32
"""Longer values are compared by their digest: nobody reads a waveform's bytes."""
IDENTITY: Final = frozenset({"schema_hash", "software"})
"""Fields that name the build and tell nothing of what it does."""

Value = int | str


@dataclass(frozen=True, slots=True)
class Shown:
    """One packet as it is compared; bytes are hexadecimal."""

    unit: str
    boot: int
    record: int
    name: str
    values: Mapping[str, Value]
    """Every field of the body, and `time_us`."""

    @property
    def words(self) -> str:
        """Which packet it is."""
        return f"{self.unit}, boot {self.boot}, record {self.record}, {self.name}"


def shown(unit: str, decoded: Decoded) -> Shown:
    """A decoded packet for comparison."""
    values = {name: _value(raw) for name, raw in decoded.raw.items()}
    return Shown(
        unit, decoded.boot_id, decoded.record, decoded.name, {"time_us": decoded.time_us, **values}
    )


def packet_differences(
    expected: Iterable[Shown], found: Iterable[Shown], *, other_build: bool = False
) -> Iterator[str]:
    """Words for each difference. Fields that are new are none.

    With `other_build` neither are fields of the platform and those that name the build.
    """
    have = {(p.unit, p.boot, p.record): p for p in found}
    for was in expected:
        now = have.pop((was.unit, was.boot, was.record), None)
        if now is None:
            yield f"{was.words}: is missing"
        elif now.name != was.name:
            yield f"{was.words}: is {now.name}"
        else:
            for field, value in was.values.items():
                if other_build and _of_the_build(was.name, field):
                    continue
                if now.values.get(field) != value:
                    yield f"{was.words}: {field} is {now.values.get(field)}, was {value}"
    for extra in have.values():
        yield f"{extra.words}: is new"


def report_differences(expected: Any, found: Any, path: str = "report") -> Iterator[str]:
    """Words for each difference of two JSON values. Keys that are new are none."""
    if isinstance(expected, dict) and isinstance(found, dict):
        for key, value in expected.items():
            yield from report_differences(value, found.get(key), f"{path}.{key}")
    elif isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        for i, (was, now) in enumerate(zip(expected, found, strict=True)):
            yield from report_differences(was, now, f"{path}[{i}]")
    elif expected != found:
        yield f"{path} is {found!r}, was {expected!r}"


def _value(raw: int | bytes) -> Value:
    if isinstance(raw, int):
        return raw
    return raw.hex() if len(raw) <= LONG_BYTES else f"sha256 {sha256(raw).hexdigest()}"


def _of_the_build(name: str, field: str) -> bool:
    entry = ENTRIES.get(name, {}).get(field)
    return field in IDENTITY or (entry is not None and entry.platform)
