"""History of one parameter, decoded when read."""

from __future__ import annotations

from ground.archive.archive import Archive
from ground.archive.layouts import fields
from ground.model import UnitKey


def history(
    archive: Archive, unit: UnitKey, parameter: str, start_us: int, end_us: int
) -> list[tuple[int, float]]:
    """(onboard time µs UTC, engineering value), start ≤ time < end, in time order.

    Packets of an older schema are read through the dictionary that the archive kept of it.
    """
    readers = {
        (schema, field.packet): field.read
        for schema, dictionary in archive.dictionaries().items()
        for field in fields(dictionary, parameter)
    }
    points = [
        (onboard_us, readers[schema, name](data))
        for name in sorted({name for _, name in readers})
        for onboard_us, schema, data in archive.packets_of(unit, name, start_us, end_us)
        if (schema, name) in readers
    ]
    return sorted(points, key=lambda point: point[0])
