"""Tables of what people and the ground did and concluded: alarms, findings, journal, retention."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from ground.archive.archive import Archive
from ground.archive.entries import JournalRow
from ground.assessing import Assessing
from ground.export.sheet import Batch, Column, Sheet
from ground.export.telemetry import Range
from ground.model import PacketId, UnitKey

AT_ONCE: Final = 1000
HIDDEN: Final = "(not exported)"
_SECRET_WORDS: Final = ("key", "nonce", "password", "token", "secret", "hash")
"""Whatever the journal holds under a name with one of these stays where it is."""
_KEY: Final = re.compile(r"[0-9a-fA-F]{16,}")


def alarms(assessor: Assessing, wanted: Range) -> Sheet:
    """Every alarm of the archive as it stands now."""
    columns = (
        Column("id", "integer"),
        Column("utc", "time", summary="onboard time of the cause"),
        Column("raised_utc", "time", summary="ground time at which it rose"),
        Column("vehicle", "text"),
        Column("window", "text"),
        Column("severity", "text"),
        Column("what", "text"),
        Column("state", "text", summary="ISA-18.2; normal: closed"),
        Column("active", "flag"),
        Column("late", "flag"),
        Column("count", "integer", summary="how often it has risen while it was open"),
        Column("acknowledged_by", "text"),
        Column("acknowledged_utc", "time"),
        Column("notes", "text", summary="as JSON"),
        Column("evidence", "text", summary="packets: vehicle/window/boot/record, by spaces"),
    )
    rows = (
        (
            a.id, a.time_us, a.newest_rise_us, a.vehicle, a.unit.unit if a.unit else None,
            a.severity.label, a.what, a.state, a.active, a.late, a.count,
            a.acknowledged_by or None, a.acknowledged_us,
            _json([[n.time_us, n.author, n.words] for n in a.notes]) if a.notes else None,
            _evidence(a.evidence),
        )
        for a in assessor.alarms
        if _within(wanted, a.unit, a.time_us)
    )  # fmt: skip
    return Sheet("alarms", columns, _batched(columns, rows))


def findings(assessor: Assessing, wanted: Range) -> Sheet:
    """Every finding as it stands now, with what it was before."""
    columns = (
        Column("utc", "time"),
        Column("vehicle", "text"),
        Column("window", "text"),
        Column("verdict", "text"),
        Column("late", "flag"),
        Column("history", "text", summary="[ground time µs, earlier verdict] as JSON"),
        Column("evidence", "text", summary="packets: vehicle/window/boot/record, by spaces"),
    )
    rows = (
        (
            f.time_us, *f.unit, f.verdict, f.late,
            _json(f.history) if f.history else None, _evidence(f.evidence),
        )
        for f in assessor.findings
        if _within(wanted, f.unit, f.time_us)
    )  # fmt: skip
    return Sheet("findings", columns, _batched(columns, rows))


def audit(archive: Archive, wanted: Range) -> Sheet:
    """The journal: who did what when, the alarms' transitions, the station's starts and stops."""
    columns = (
        Column("seq", "integer", summary="its place in the order of the archive"),
        Column("utc", "time", summary="ground time"),
        Column("author", "text"),
        Column("act", "text"),
        Column("data", "text", summary="as JSON"),
    )
    rows = (
        (row.seq, row.time_us, row.author, row.kind, _json(without_secrets(row.data)))
        for row in _journal(archive)
        if wanted.start_us <= row.time_us < wanted.end_us
    )
    return Sheet("audit", columns, _batched(columns, rows))


def without_secrets(data: Any) -> Any:
    """The same without what a name calls a secret."""
    if isinstance(data, dict):
        return {
            name: HIDDEN if _secret(name, value) else without_secrets(value)
            for name, value in data.items()
        }
    if isinstance(data, list):
        return [without_secrets(value) for value in data]
    return data


def _secret(name: str, value: Any) -> bool:
    if name == "key":  # of an alarm: it says what it is about
        return _KEY.fullmatch(str(value)) is not None
    return any(word in name.lower() for word in _SECRET_WORDS)


def _journal(archive: Archive) -> Iterator[JournalRow]:
    """A thousand at a time, so that a running ground can clear its write-ahead log."""
    after = 0
    while rows := list(archive.journal_after(after, AT_ONCE)):
        yield from rows
        after = rows[-1].seq


def _within(wanted: Range, unit: UnitKey | None, time_us: int) -> bool:
    mine = not wanted.units or (unit is not None and unit in wanted.units)
    return mine and wanted.start_us <= time_us < wanted.end_us


def _batched(columns: tuple[Column, ...], rows: Iterable[tuple[Any, ...]]) -> Iterator[Batch]:
    some: list[tuple[Any, ...]] = []
    for row in rows:
        some.append(row)
        if len(some) == AT_ONCE:
            yield _batch(columns, some)
            some = []
    if some:
        yield _batch(columns, some)


def _batch(columns: tuple[Column, ...], rows: list[tuple[Any, ...]]) -> Batch:
    values = zip(*rows, strict=True)
    return {column.name: list(v) for column, v in zip(columns, values, strict=True)}


def _evidence(packets: tuple[PacketId, ...]) -> str | None:
    return " ".join("/".join(map(str, packet)) for packet in packets) or None


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
