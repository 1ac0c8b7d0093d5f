"""Tables of packets, hour by hour of onboard time: so memory and locks stay small."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ground.archive.archive import Archive
from ground.archive.block import HOUR_US, Block
from ground.export.sheet import HEAD, Batch, Column, Sheet
from ground.model import UnitKey
from protocol.schema.events import EVENTS, LEVELS
from protocol.wire import cuc
from protocol.wire.tm import HEADER_SIZE

PARAMETERS: Final = "housekeeping"
EVENT_TYPES: Final = tuple(f"event_{level}" for level in LEVELS if level)
END_US: Final = 2**62
_WIDE: Final = {"B": "integer", "b": "integer", "Q": "unsigned"}
_SUMMARIES: Final = {event.number: event.summary for event in EVENTS}

Told = Callable[[float], None]
"""Gets the share of a table that is done."""


@dataclass(frozen=True)
class Range:
    """What of an archive is wanted; empty tuples: all."""

    units: tuple[UnitKey, ...] = ()
    parameters: tuple[str, ...] = ()
    start_us: int = 0
    end_us: int = END_US
    """Not included."""
    told: Told = field(default=lambda _: None)


def values(archive: Archive, wanted: Range, name: str = PARAMETERS) -> Sheet:
    """Engineering values of one packet type, a column a parameter, units from the dictionary.

    Columns are those of every schema that wrote here; what a schema has not is None.
    """
    columns = _columns(archive, name, wanted.parameters)

    def batch(unit: UnitKey, block: Block) -> Batch | None:
        layout = archive.table_of(block.kind.schema, name)
        if layout is None or layout.itemsize != block.size:
            return None
        table = np.frombuffer(block.data, layout)
        known = set(layout.names or ())
        made: dict[str, Any] = dict(_head(unit, block))
        for column, scale, offset in columns:
            raw = table[f"body_{column.name}"] if f"body_{column.name}" in known else None
            made[column.name] = _engineering(raw, column, scale, offset, len(block.ident))
        return made

    found = tuple(column for column, _, _ in columns)
    return Sheet(
        "parameters" if name == PARAMETERS else name,
        (*HEAD, *found),
        _batches(archive, wanted, [name], batch),
    )


def packets(archive: Archive, wanted: Range) -> Sheet:
    """Every packet as it came, in hexadecimal."""
    names = sorted({t["name"] for d in archive.dictionaries().values() for t in d["telemetry"]})
    columns = (
        Column("packet", "text", summary="type, as the dictionary names it"),
        Column("schema", "text", summary="hash of the dictionary that it is read by"),
        Column("link", "text"),
        Column("size", "integer", "byte"),
        Column("data", "text", summary="the space packet in hexadecimal"),
    )

    def batch(unit: UnitKey, block: Block) -> Batch:
        count, size = len(block.ident), block.size
        return dict(_head(unit, block)) | {
            "packet": [block.kind.name] * count,
            "schema": [f"{block.kind.schema:08x}"] * count,
            "link": [block.kind.link] * count,
            "size": [size] * count,
            "data": [block.data[k * size : (k + 1) * size].hex() for k in range(count)],
        }

    return Sheet("packets", (*HEAD, *columns), _batches(archive, wanted, names, batch))


def events(archive: Archive, wanted: Range) -> Sheet:
    """What units told of by ST[05], with the event's meaning."""
    columns = (
        Column("severity", "text"),
        Column("event", "integer", summary="number of the event"),
        Column("a", "integer"),
        Column("b", "integer"),
        Column("text", "text"),
        Column("meaning", "text"),
    )

    def batch(unit: UnitKey, block: Block) -> Batch | None:
        layout = archive.table_of(block.kind.schema, block.kind.name)
        if layout is None or layout.itemsize != block.size:
            return None
        table = np.frombuffer(block.data, layout)
        numbers = table["body_event_id"].tolist()
        return dict(_head(unit, block)) | {
            "severity": [block.kind.name.removeprefix("event_")] * len(numbers),
            "event": numbers,
            "a": table["body_a"].tolist(),
            "b": table["body_b"].tolist(),
            "text": [_text(one.tobytes()) for one in table["body_text"]],
            "meaning": [_SUMMARIES.get(number, "") for number in numbers],
        }

    return Sheet("events", (*HEAD, *columns), _batches(archive, wanted, EVENT_TYPES, batch))


def known_parameters(archive: Archive, name: str = PARAMETERS) -> list[str]:
    """Numeric parameters of one packet type, of every schema that wrote here."""
    return [column.name for column, _, _ in _columns(archive, name, ())]


def _columns(
    archive: Archive, name: str, chosen: tuple[str, ...]
) -> list[tuple[Column, float, float]]:
    found: dict[str, tuple[Column, float, float]] = {}
    for dictionary in archive.dictionaries().values():
        for kind in dictionary["telemetry"]:
            for p in kind["parameters"] if kind["name"] == name else ():
                if p["format"].endswith("s") or (chosen and p["name"] not in chosen):
                    continue
                scale, offset = p["scale"], p["offset"]
                plain = scale == 1.0 and offset == 0.0
                whole: Any = _WIDE.get(p["format"], "integer")
                digits = None if plain else max(0, math.ceil(-math.log10(abs(scale)) - 1e-9))
                column = Column(
                    p["name"], whole if plain else "number", p["unit"], p["summary"], digits
                )
                found.setdefault(p["name"], (column, scale, offset))
    return list(found.values())


def _engineering(
    raw: NDArray[Any] | None, column: Column, scale: float, offset: float, count: int
) -> list[Any]:
    if raw is None:
        return [None] * count
    if column.kind != "number":
        made: list[Any] = raw.tolist()
        return made
    numbers = raw.astype(np.float64) * scale + offset
    return np.round(numbers, column.decimals or 0).tolist()  # type: ignore[no-any-return]


def _head(unit: UnitKey, block: Block) -> Batch:
    ident, count = block.ident, len(block.ident)
    rows = np.frombuffer(block.data, np.uint8).reshape(count, -1)
    clock, onboard_us = _onboard(rows)
    return {
        "utc": ident["onboard_us"].tolist(),
        "vehicle": [unit.vehicle] * count,
        "window": [unit.unit] * count,
        "boot": [block.kind.boot] * count,
        "record": ident["record"].tolist(),
        "onboard": onboard_us,
        "clock": clock,
        "received_utc": ident["received_us"].tolist(),
        "late": (ident["late"] != 0).tolist(),
    }


def _onboard(rows: NDArray[np.uint8]) -> tuple[list[str | None], list[int | None]]:
    """What the secondary header's CUC field says (protocol/wire/tm.py)."""
    if rows.shape[1] < HEADER_SIZE + 2:
        return [None] * len(rows), [None] * len(rows)
    octets = rows[:, 13:20].astype(np.int64)
    coarse = octets[:, 0] << 24 | octets[:, 1] << 16 | octets[:, 2] << 8 | octets[:, 3]
    fine = octets[:, 4] << 16 | octets[:, 5] << 8 | octets[:, 6]
    time_us = coarse * 1_000_000 + ((fine * 1_000_000 + (1 << 23)) >> 24)
    status = rows[:, 6] & 0x0F
    words: list[str | None] = ["TAI" if s == cuc.STATUS_TAI else "boot" for s in status.tolist()]
    return words, time_us.tolist()


def _batches(
    archive: Archive,
    wanted: Range,
    names: list[str] | tuple[str, ...],
    made: Callable[[UnitKey, Block], Batch | None],
) -> Iterator[Batch]:
    """Unit by unit, within a unit by onboard time to the hour, within that by type and time."""
    units = [u for u in archive.units() if not wanted.units or u in wanted.units]
    for at, unit in enumerate(units):
        spans = [
            span
            for name in names
            if (span := archive.extent(unit, name, wanted.start_us, wanted.end_us))
        ]
        if not spans:
            continue
        start_us, end_us = min(s[0] for s in spans), max(s[1] for s in spans)
        begin_us = start_us
        while begin_us < end_us:
            hour_end_us = min((begin_us // HOUR_US + 1) * HOUR_US, end_us)
            for name in names:
                blocks = list(archive.blocks_of(unit, name, begin_us, hour_end_us))
                for block in _in_time(blocks):
                    batch = made(unit, block)
                    if batch is not None:
                        yield batch
            wanted.told((at + (hour_end_us - start_us) / (end_us - start_us)) / len(units))
            begin_us = _next(archive, unit, names, hour_end_us, end_us)


def _next(
    archive: Archive, unit: UnitKey, names: list[str] | tuple[str, ...], from_us: int, end_us: int
) -> int:
    """Where the next packets are: units may be away for years."""
    if from_us >= end_us:
        return end_us
    spans = [s for name in names if (s := archive.extent(unit, name, from_us, end_us))]
    return max(from_us, min((s[0] for s in spans), default=end_us))


def _in_time(blocks: list[Block]) -> Iterator[Block]:
    """Like blocks as one, by onboard time; of equal times in the order of taking."""
    alike: dict[tuple[Any, ...], list[Block]] = {}
    for block in sorted(blocks, key=lambda b: int(b.ident["onboard_us"].min())):
        alike.setdefault((block.kind, block.size), []).append(block)
    for (kind, size), some in alike.items():
        ident = np.concatenate([b.ident for b in some])
        rows = np.frombuffer(b"".join(b.data for b in some), np.uint8).reshape(len(ident), size)
        order = np.lexsort((ident["seq"], ident["onboard_us"]))
        yield Block(kind, ident[order], rows[order].tobytes())


def _text(octets: bytes) -> str:
    return octets.rstrip(b"\0").decode("utf-8", "replace")
