"""Rows of raw bytes and of the journal, with their checksums."""

from __future__ import annotations

import json
from typing import Any, Final

from ground.archive.digest import of_row
from ground.model import Chunk, UnitKey

Row = tuple[Any, ...]

RAW: Final = (
    "INSERT INTO raw (link, received_us, framed, unit, data, crc) VALUES (?, ?, ?, ?, ?, ?)"
)
JOURNAL: Final = "INSERT INTO journal VALUES (?, ?, ?, ?, ?, ?)"
READ_RAW: Final = "SELECT link, received_us, framed, unit, data FROM raw ORDER BY id"


def raw_row(chunk: Chunk) -> Row:
    """For RAW."""
    unit = str(chunk.unit) if chunk.unit else None
    row = (chunk.link, chunk.received_us, int(chunk.framed), unit, chunk.data)
    return (*row, of_row(*row))


def chunk_of(row: Row) -> Chunk:
    """From READ_RAW's."""
    link, received_us, framed, unit, data = row
    return Chunk(link, received_us, data, bool(framed), UnitKey(*unit.split("/")) if unit else None)


def journal_row(seq: int, time_us: int, author: str, kind: str, data: dict[str, Any]) -> Row:
    """For JOURNAL."""
    row = (seq, time_us, author, kind, text(data))
    return (*row, of_row(*row))


def text(value: Any) -> str:
    """JSON as the archive keeps it."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
