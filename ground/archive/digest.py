"""Checksums of what an archive stores: of each large row, and of each small table as a whole.

CRC-32 (zlib) over the row's columns but for the BLOBs as a JSON array, and then the BLOBs. They
tell damage by disks and cables; against people who change an archive on purpose they do not help.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from json import JSONEncoder
from typing import Any, Final
from zlib import crc32

COVERED: Final = {
    "raw": "link, received_us, framed, unit, data",
    "block": "unit, boot, name, link, schema, hour, ident, data",
    "rollup": "unit, name, width_s, bucket, schema, count, data",
    "journal": "seq, time_us, author, kind, data",
}
"""Columns under a row's `crc`, in its order; a block's others follow from `ident`."""
SMALL: Final = {
    "meta": "key, value",
    "dictionary": "hash, json",
    "unit": "id, vehicle, name",
    "counter": "unit, below",
}
"""Tables under a row of `digest` each, by their first column."""

_SEAL: Final = "INSERT OR REPLACE INTO digest VALUES (?, ?, ?)"
_text = JSONEncoder(separators=(",", ":"), default=repr).encode
"""Bytes where only damage puts them get some text that no sound row has."""


def of_row(*values: Any) -> int:
    """Checksum of COVERED's columns: integers, text or None, then bytes."""
    octets = [v for v in values if isinstance(v, bytes)]
    made = crc32(_text([v for v in values if not isinstance(v, bytes)]).encode())
    for one in octets:
        made = crc32(one, made)
    return made


def of_rows(rows: Iterable[tuple[Any, ...]]) -> tuple[int, int]:
    """How many, and the checksum of all of them in their order."""
    count = made = 0
    for row in rows:
        count, made = count + 1, crc32(_text(row).encode(), made)
    return count, made


def of_table(db: sqlite3.Connection, name: str) -> tuple[int, int]:
    """Rows and checksum of a small table as it stands."""
    return of_rows(db.execute(f"SELECT {SMALL[name]} FROM {name} ORDER BY 1"))  # noqa: S608


def seal(db: sqlite3.Connection) -> None:
    """Write the checksums of the small tables, within the transaction that changes them."""
    db.executemany(_SEAL, [(name, *of_table(db, name)) for name in SMALL])
