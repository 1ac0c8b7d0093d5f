"""The archive's tables. `seq` numbers packets and journal together: the order of the fold."""

from __future__ import annotations

from typing import Final

FORMAT_VERSION: Final = 1
APPLICATION_ID: Final = 0x50616E65
"""'Pane', in SQLite's header: tells our files from other SQLite databases."""

TABLES: Final = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE dictionary (hash INTEGER PRIMARY KEY, json TEXT NOT NULL);
CREATE TABLE unit (
    id INTEGER PRIMARY KEY, vehicle TEXT NOT NULL, name TEXT NOT NULL,
    UNIQUE (vehicle, name));
CREATE TABLE counter (unit INTEGER PRIMARY KEY, below INTEGER NOT NULL);
CREATE TABLE raw (
    id INTEGER PRIMARY KEY, link TEXT NOT NULL, received_us INTEGER NOT NULL,
    framed INTEGER NOT NULL, unit TEXT, data BLOB NOT NULL);
CREATE TABLE packet (
    seq INTEGER PRIMARY KEY, unit INTEGER NOT NULL, boot INTEGER NOT NULL,
    record INTEGER NOT NULL, name TEXT NOT NULL, onboard_us INTEGER NOT NULL,
    time_status INTEGER NOT NULL, time_us INTEGER NOT NULL, received_us INTEGER NOT NULL,
    taken_us INTEGER NOT NULL, late INTEGER NOT NULL, link TEXT NOT NULL,
    schema INTEGER NOT NULL, data BLOB NOT NULL, UNIQUE (unit, boot, record));
CREATE INDEX packet_history ON packet (unit, name, onboard_us);
CREATE TABLE journal (
    seq INTEGER PRIMARY KEY, time_us INTEGER NOT NULL, author TEXT NOT NULL,
    kind TEXT NOT NULL, data TEXT NOT NULL);
"""
