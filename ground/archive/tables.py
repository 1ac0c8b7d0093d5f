"""The archive's tables. `seq` numbers packets and journal together: the order of the fold."""

from __future__ import annotations

from typing import Final

FORMAT_VERSION: Final = 3
APPLICATION_ID: Final = 0x50616E65
"""'Pane', in SQLite's header: tells our files from other SQLite databases."""

CRC: Final = "crc INTEGER NOT NULL DEFAULT 0"
"""The checksum of a row (ground/archive/digest.py)."""
DIGEST: Final = """CREATE TABLE digest (
    name TEXT PRIMARY KEY, rows INTEGER NOT NULL, crc INTEGER NOT NULL) WITHOUT ROWID"""
"""The checksum of each small table."""

PACKETS: Final = f"""
CREATE TABLE block (
    seq INTEGER PRIMARY KEY, last_seq INTEGER NOT NULL, unit INTEGER NOT NULL,
    boot INTEGER NOT NULL, name TEXT NOT NULL, link TEXT NOT NULL, schema INTEGER NOT NULL,
    hour INTEGER NOT NULL, first_us INTEGER NOT NULL, last_us INTEGER NOT NULL,
    count INTEGER NOT NULL, ident BLOB NOT NULL, data BLOB NOT NULL, {CRC});
CREATE INDEX block_history ON block (unit, name, hour, first_us, last_us);
CREATE INDEX block_hour ON block (hour);
CREATE TABLE rollup (
    unit INTEGER NOT NULL, name TEXT NOT NULL, width_s INTEGER NOT NULL, bucket INTEGER NOT NULL,
    schema INTEGER NOT NULL, count INTEGER NOT NULL, data BLOB NOT NULL, {CRC},
    PRIMARY KEY (unit, name, width_s, bucket, schema)) WITHOUT ROWID;
"""
"""A block holds like packets of one hour of onboard time (ground/archive/block.py), a roll-up the
extremes of each parameter over a span of it (ground/archive/rollup.py)."""

TABLES: Final = f"""
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE dictionary (hash INTEGER PRIMARY KEY, json TEXT NOT NULL);
CREATE TABLE unit (
    id INTEGER PRIMARY KEY, vehicle TEXT NOT NULL, name TEXT NOT NULL,
    UNIQUE (vehicle, name));
CREATE TABLE counter (unit INTEGER PRIMARY KEY, below INTEGER NOT NULL);
CREATE TABLE raw (
    id INTEGER PRIMARY KEY, link TEXT NOT NULL, received_us INTEGER NOT NULL,
    framed INTEGER NOT NULL, unit TEXT, data BLOB NOT NULL, {CRC});
{PACKETS}
CREATE TABLE journal (
    seq INTEGER PRIMARY KEY, time_us INTEGER NOT NULL, author TEXT NOT NULL,
    kind TEXT NOT NULL, data TEXT NOT NULL, {CRC});
{DIGEST};
"""
