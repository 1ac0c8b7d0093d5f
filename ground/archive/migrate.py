"""Archives of older formats made into those of today, in place and in one transaction.

Format 1 had a row for each packet, format 2 no checksums. Reading leaves the file as it is.
"""

from __future__ import annotations

import json
import sqlite3
from functools import cache
from typing import Final

import numpy as np

from ground.archive.block import HOUR_US, Gathering, Kind
from ground.archive.digest import COVERED, of_row, seal
from ground.archive.formats import ROW_A_PACKET, WITHOUT_CRC, contradiction
from ground.archive.layouts import tables
from ground.archive.storing import Storing
from ground.archive.tables import CRC, DIGEST, FORMAT_VERSION, PACKETS

AT_ONCE: Final = 50_000
"""Packets in memory."""


def migrate(db: sqlite3.Connection, version: int) -> None:
    """All of it, or nothing; raises what SQLite raises, ValueError for rows that are wrong.

    Also ValueError, in words, where the tables are not those of the version.
    """
    db.execute("BEGIN IMMEDIATE")
    try:
        if wrong := contradiction(db, version):
            raise ValueError(wrong)
        if version == ROW_A_PACKET:
            for statement in PACKETS.split(";"):
                db.execute(statement)
            _move(db)
            db.execute("DROP TABLE packet")
        _check_all(db, ("raw", "journal") if version == ROW_A_PACKET else tuple(COVERED))
        db.execute(f"PRAGMA user_version = {FORMAT_VERSION}")
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise


def for_reading(db: sqlite3.Connection, version: int) -> sqlite3.Connection:
    """An archive that must not be written, as if of today: a migrated copy of one of format 1."""
    if version == WITHOUT_CRC:
        for name in COVERED:
            select = f"SELECT *, NULL AS crc FROM main.{name}"  # noqa: S608
            db.execute(f"CREATE TEMP VIEW {name} AS {select}")
        return db
    copy = sqlite3.connect(":memory:", isolation_level=None)
    try:
        db.backup(copy)
        migrate(copy, version)
    except BaseException:
        copy.close()
        raise
    db.close()
    return copy


def _check_all(db: sqlite3.Connection, names: tuple[str, ...]) -> None:
    """Give the rows that stand there their checksums."""
    db.create_function("row_crc", -1, of_row, deterministic=True)
    for name in names:
        db.execute(f"ALTER TABLE {name} ADD COLUMN {CRC}")
        db.execute(f"UPDATE {name} SET crc = row_crc({COVERED[name]})")  # noqa: S608
    db.execute(DIGEST)
    seal(db)


def _move(db: sqlite3.Connection) -> None:
    dictionaries = dict(db.execute("SELECT hash, json FROM dictionary"))

    @cache
    def of_schema(schema: int) -> dict[str, np.dtype[np.void]]:
        return tables(json.loads(dictionaries[schema])) if schema in dictionaries else {}

    storing = Storing(db, lambda schema, name: of_schema(schema).get(name))
    waiting = Gathering()
    rows = db.execute(
        "SELECT unit, boot, name, link, schema, seq, onboard_us, received_us, taken_us, record,"
        " late, data FROM packet ORDER BY seq"
    )
    while some := rows.fetchmany(AT_ONCE):
        for unit, boot, name, link, schema, seq, onboard_us, *ident, data in some:
            kind = Kind(unit, boot, name, link, schema, onboard_us // HOUR_US)
            waiting.add(kind, (seq, onboard_us, *ident), data)
        storing.stands(storing.write(list(waiting.blocks()), ()))
        waiting = Gathering()
