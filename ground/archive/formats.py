"""Which format an archive says it has, and which its tables show: damage can make the two differ.

An archive that is taken for an older one would get new checksums over what is damaged.
"""

from __future__ import annotations

import sqlite3
from typing import Final

from ground.archive.digest import COVERED
from ground.archive.tables import FORMAT_VERSION

ROW_A_PACKET: Final = 1
"""The format before blocks."""
WITHOUT_CRC: Final = 2
"""The format before checksums."""
READABLE: Final = (ROW_A_PACKET, WITHOUT_CRC, FORMAT_VERSION)
"""Formats that this version can make its own."""

Marks = frozenset[str]
"""Tables and `table.crc` columns that not every format has."""
_BLOCKS: Final = frozenset(("block", "rollup"))
MARKS: Final[dict[int, Marks]] = {
    ROW_A_PACKET: frozenset(("packet",)),
    WITHOUT_CRC: _BLOCKS,
    FORMAT_VERSION: _BLOCKS | {"digest"} | {f"{name}.crc" for name in COVERED},
}
_EVERY: Final = frozenset[str]().union(*MARKS.values())


def claimed(db: sqlite3.Connection) -> int:
    """What the header says."""
    return int(db.execute("PRAGMA user_version").fetchone()[0])


def marks_of(db: sqlite3.Connection) -> Marks:
    """What of MARKS stands in the list of tables; raises what SQLite raises."""
    names = {str(n) for (n,) in db.execute("SELECT name FROM main.sqlite_master")}
    found = set(names)
    for name in names & COVERED.keys():
        columns = db.execute(f"PRAGMA main.table_info({name})")
        found.update(f"{name}.{column[1]}" for column in columns)
    return frozenset(found & _EVERY)


def nearest(marks: Marks) -> int | None:
    """The format whose tables these are, or were before some were lost; None: nobody can tell."""
    return min(MARKS, key=lambda of: len(MARKS[of] ^ marks)) if marks else None


def contradiction(db: sqlite3.Connection, version: int) -> str:
    """In which way the tables are not of the format that the header says, in words; else empty.

    Of today's format lost tables are damage like other and no contradiction. Raises what SQLite
    raises.
    """
    marks = marks_of(db)
    of = nearest(marks)
    if marks == MARKS[version] or (version == FORMAT_VERSION and of in (version, None)):
        return ""
    words = f"says that it is of format {version}, and its tables are "
    if of not in (version, None):
        return f"{words}those of format {of}"
    missing = ", ".join(sorted(MARKS[version] - marks))
    beside = ", ".join(sorted(marks - MARKS[version]))
    told = [f"{missing} missing" if missing else "", f"{beside} too many" if beside else ""]
    return f"{words}not ({'; '.join(filter(None, told))})"
