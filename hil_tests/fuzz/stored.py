"""An archive whose file is damaged, or was made by a stranger, as a target of the fuzzer."""

from __future__ import annotations

import functools
import json
import sqlite3
import tempfile
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, Final

from ground.archive.archive import Archive
from ground.archive.check.fsck import fsck
from ground.archive.digest import COVERED, SMALL, of_row, seal
from ground.archive.errors import ArchiveError, folding
from ground.archive.history import extremes, history, newest
from ground.fleet import Fleet
from ground.model import Chunk, UnitKey
from ground.rebuild import stored_fleet
from ground.report import report
from ground.station import Station
from ground.verdict.assessor import Assessor
from hil_tests.support.bench import Bench
from tools.cli.fsck import as_json, in_words

S: Final = 1_000_000
T0: Final = 1_762_214_400 * S
UNIT: Final = UnitKey("sz20", "w1")
FLEET: Final = Fleet.from_dict(
    {"vehicle": [{"id": "sz20", "role": "return", "window": [{"id": "w1"}]}]}
)
PAGE: Final = 4096
TABLES: Final = [
    *((table, names.split(", ")) for table, names in (COVERED | SMALL).items()),
    ("block", ["seq", "last_seq", "first_us", "last_us", "count"]),
]
"""Each with its columns; those of a block that follow from others apart."""


def archive(data: bytes) -> None:
    """Refused in words or read to the end; what damage changes is named by `fsck`.

    The first byte tells whether bytes of the file are damaged, or rows and their checksums told
    anew, as someone would who knows the format.
    """
    whole, expected = _sound_archive()
    retold = data[:1] >= b"\x80"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "archive.sqlite"
        path.write_bytes(whole if retold else _damaged(whole, data[1:]))
        if retold:
            _retell(path, data[1:])
        named = _named(path)
        found = _content(path)
        with suppress(ArchiveError), folding(path):
            Archive(path).close()  # as a ground station that starts on it
    assert retold or named or found == expected


def facts(known: Station) -> dict[str, object]:
    """All that a ground station knows."""
    return report(known.assessor, scenario=None, packets=0, sha256="")


def _damaged(whole: bytes, data: bytes) -> bytes:
    """Four bytes each: place, place, value, and what to do there."""
    content = bytearray(whole)
    pages = len(content) // PAGE
    for i in range(0, len(data) - 3, 4):
        at = int.from_bytes(data[i : i + 2], "big") * len(content) >> 16
        value, how = data[i + 2 : i + 4]
        if how < 0xC0:
            end = min(at + 1 + how % 8, len(content))
            content[at:end] = bytes([value]) * (end - at)
        elif how < 0xE0:  # another page instead
            page, other = at - at % PAGE, value % pages * PAGE
            content[page : page + PAGE] = content[other : other + PAGE]
        else:  # a pointer to another page
            at -= at % 4
            content[at : at + 4] = (value % pages + 1).to_bytes(4, "big")
    return bytes(content)


def _retell(path: Path, data: bytes) -> None:
    """Six bytes each: table, row, column, kind of value, value, value."""
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.create_function("row_crc", -1, of_row)
        db.execute("PRAGMA synchronous = OFF")
        for i in range(0, min(len(data), 96) - 5, 6):
            table, columns = TABLES[data[i] % len(TABLES)]
            column = columns[data[i + 2] % len(columns)]
            found = db.execute(
                f"SELECT {columns[0]}, {column} FROM {table}"
                f" LIMIT 1 OFFSET {data[i + 1]} % (SELECT max(count(*), 1) FROM {table})"
            ).fetchone()
            if found is None:
                continue
            with suppress(sqlite3.Error):  # what the table itself refuses
                db.execute(
                    f"UPDATE {table} SET {column} = ? WHERE {columns[0]} = ?",
                    (_value(found[1], data[i + 3], data[i + 4 : i + 6]), found[0]),
                )
        for table, names in COVERED.items():
            db.execute(f"UPDATE {table} SET crc = row_crc({names})")
        seal(db)


def _value(old: Any, kind: int, octets: bytes) -> Any:
    number = int.from_bytes(octets, "big", signed=True)
    if kind >= 0x80 and isinstance(old, bytes | str) and old:
        made = bytearray(old if isinstance(old, bytes) else old.encode())
        made[octets[0] * len(made) >> 8] = octets[1]
        return bytes(made) if isinstance(old, bytes) else made.decode("utf-8", "replace")
    choices = (number, number << 47, octets.decode("latin-1"), octets, None, number / 7, "1" * 5000)
    return choices[kind % len(choices)]


def _named(path: Path) -> bool:
    """True when the check finds something; it changes nothing."""
    before = path.read_bytes()
    try:
        found = fsck(path, lambda *_: None)
    except ArchiveError as error:
        assert str(path) in str(error)
        return True
    assert path.read_bytes() == before
    told = json.loads(as_json(path, found).encode())
    assert told["whole"] is not bool(found.damage)
    assert all(line.isprintable() and line.encode() for line in in_words(path, found))
    return bool(found.damage)


def _content(path: Path) -> object:
    """All that readers give; None where they refuse."""
    opened = None
    try:
        with folding(path):
            opened = Archive(path, write=False)
            return _read(opened)
    except ArchiveError as error:
        assert str(path) in str(error)
        return None
    finally:
        if opened is not None:
            opened.close()


def _read(opened: Archive) -> dict[str, Any]:
    span = (0, 2**62)
    return {
        "known": facts(Station(opened, stored_fleet(opened), Assessor)),
        "raw": list(opened.raw()),
        "packets": list(opened.telemetry()),
        "dictionaries": opened.dictionaries(),
        "units": opened.units(),
        "history": history(opened, UNIT, "p_gap2", *span),
        "plot": extremes(opened, UNIT, "p_gap2", span, 2),
        "newest": newest(opened, UNIT, "p_gap2", span, 3),
    }


@functools.cache
def _sound_archive() -> tuple[bytes, object]:
    """A small archive's file, and what is in it."""
    unit = Bench()
    unit.run(5)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "archive.sqlite"
        made = Station(Archive(path), FLEET, Assessor)
        made.start(T0)
        for packet in unit.packets:
            made.receive(Chunk("broker", T0, packet, framed=False, unit=UNIT))
        made.stop(T0 + 5 * S)
        made.archive.close()
        with closing(Archive(path, write=False)) as again:
            return path.read_bytes(), _read(again)
