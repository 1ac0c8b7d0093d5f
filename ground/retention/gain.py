"""Whether dropping an archive's beginning is worth it: what is known there takes space as well."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ground.archive.archive import Archive
from ground.retention import dropping
from ground.retention.evidence import Span, kept, needed
from ground.retention.record import written_bytes
from ground.retention.state import Remembering, capture


@dataclass(frozen=True, slots=True)
class Gain:
    """Bytes, about."""

    frees: int
    """What the packets and raw bytes that go hold."""
    takes: int
    """What is written down of what is known, beyond what an earlier drop has written already."""


def gain(station: Remembering, seq: int, until_us: int) -> Gain:
    """Of a drop up to a number and a ground time; raises GraphError."""
    archive = station.archive
    stay = kept(archive, needed(station.assessor, station.inspections), seq)
    blocks = dropping.going(archive, seq, stay).blocks
    raw = dropping.raw_rows(archive, until_us, stay)
    held = _bytes(archive, "block", "seq", "length(ident) + length(data)", blocks)
    held += _bytes(archive, "raw", "id", "length(data) + 32", raw)
    return Gain(held, len(capture(station)) * 4 // 3 - written_bytes(archive))


def _bytes(archive: Archive, table: str, key: str, size: str, spans: Iterable[Span]) -> int:
    words = f"SELECT coalesce(sum({size}), 0) FROM {table} WHERE {key} BETWEEN ? AND ?"  # noqa: S608
    return sum(int(archive.maintain(words, *span)[0][0]) for span in spans)
