from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from ground.archive.archive import SCHEMA, Archive
from ground.archive.digest import COVERED, of_row
from ground.archive.entries import JournalRow, StoredPacket
from ground.archive.errors import (
    ArchiveFull,
    ArchiveInUse,
    ArchiveUnwritable,
    DamagedArchive,
    ForeignArchive,
)
from ground.archive.history import history
from ground.archive.layouts import bodies
from ground.archive.lock import is_locked
from ground.model import Chunk, Packet, UnitKey
from hil_tests.sim.fake_unit import FakeUnit
from protocol.schema.decode import ENTRIES, decode, engineering
from protocol.schema.dictionary import as_json
from protocol.schema.layout import BODIES

UNIT = UnitKey("sz20", "w1")


def add(archive: Archive, data: bytes, onboard_us: int = 0) -> Packet:
    packet = Packet(UNIT, decode(data), "line", onboard_us + 5, onboard_us, False)
    archive.add_packet(packet, onboard_us + 7)
    return packet


def filled(path: Path, packets: int = 200) -> Archive:
    archive = Archive(path)
    unit = FakeUnit()
    for k in range(packets):
        archive.add_raw(Chunk("line", k, b"\0" * 500, True, UNIT))
        add(archive, unit.housekeeping(100_000 + k), k * 1_000_000)
    archive.commit()
    return archive


def test_entries_come_back_in_their_order(tmp_path: Path) -> None:
    archive = Archive(tmp_path / "a.db")
    unit = FakeUnit()
    first = add(archive, unit.boot(), 1)
    archive.add_journal(10, "Ada", "acknowledge", {"alarm": 3, "comment": "§"})
    second = add(archive, unit.time(), 2)
    archive.add_journal(11, "ground", "stop", {})
    archive.commit()
    archive.close()
    again = Archive(tmp_path / "a.db", write=False)
    assert list(again.entries()) == [
        StoredPacket(1, UNIT, 1, 0, "line", 6, 8, SCHEMA, first.decoded.data),
        JournalRow(2, 10, "Ada", "acknowledge", {"alarm": 3, "comment": "§"}),
        StoredPacket(3, UNIT, 1, 1, "line", 7, 9, SCHEMA, second.decoded.data),
        JournalRow(4, 11, "ground", "stop", {}),
    ]
    assert [row.kind for row in again.journal(newest=1)] == ["stop"]


def test_what_is_not_committed_is_not_there(tmp_path: Path) -> None:
    archive = Archive(tmp_path / "a.db")
    add(archive, FakeUnit().boot())
    archive.commit()
    add(archive, FakeUnit(boot_id=2).boot())
    archive.close()
    assert len(list(Archive(tmp_path / "a.db").entries())) == 1


def test_raw_bytes_come_back_as_they_came(tmp_path: Path) -> None:
    archive = Archive(tmp_path / "a.db")
    chunks = [Chunk("a", 5, b"\0\xff", True), Chunk("b", 4, b"xyz", False, UNIT)]
    for chunk in chunks:
        archive.add_raw(chunk)
    assert archive.pending_bytes == 5
    archive.commit()
    assert archive.pending_bytes == 0
    assert list(archive.raw()) == chunks


def test_history_reads_one_parameter_over_a_range_as_it_was_live(tmp_path: Path) -> None:
    archive = filled(tmp_path / "a.db")
    unit = FakeUnit()
    expected = [
        (k * 1_000_000, engineering(ENTRIES["housekeeping"]["p_gap2"], 10 * (100_000 + k)))
        for k in range(20, 30)
    ]
    assert history(archive, UNIT, "p_gap2", 20_000_000, 30_000_000) == expected
    assert history(archive, UNIT, "nonsense", 0, 10**12) == []
    assert history(archive, UNIT, "vehicle", 0, 10**12) == []
    assert history(archive, UnitKey("no", "one"), "p_gap2", 0, 10**12) == []
    add(archive, unit.boot(), 5)


def test_an_older_schema_is_read_through_its_own_dictionary(tmp_path: Path) -> None:
    archive = filled(tmp_path / "a.db", 3)
    old = as_json()
    housekeeping = next(t for t in old["telemetry"] if t["name"] == "housekeeping")
    housekeeping["parameters"][2]["name"] = "p_old"
    archive.close()
    with sqlite3.connect(tmp_path / "a.db") as db:
        db.create_function("row_crc", -1, of_row)
        db.execute("UPDATE block SET schema = 77")
        db.execute(f"UPDATE block SET crc = row_crc({COVERED['block']})")
        db.execute("INSERT INTO dictionary VALUES (77, json(?))", (json.dumps(old),))
    archive = Archive(tmp_path / "a.db")
    assert [v for _, v in history(archive, UNIT, "p_old", 0, 10**12)] == [100_000, 100_001, 100_002]
    assert history(archive, UNIT, "p_gap2", 0, 10**12) == []


def test_the_stored_dictionary_gives_the_generated_decoder() -> None:
    ours = bodies(as_json())
    assert {k: (n, s.format, f) for k, (n, s, f) in ours.items()} == {
        k: (n, s.format, f) for k, (n, s, f) in BODIES.items()
    }


def test_a_second_ground_is_refused_and_reading_is_not(tmp_path: Path) -> None:
    archive = filled(tmp_path / "a.db", 3)
    with pytest.raises(ArchiveInUse, match="another ground station"):
        Archive(tmp_path / "a.db")
    assert len(list(Archive(tmp_path / "a.db", write=False).entries())) == 3
    archive.close()
    Archive(tmp_path / "a.db").close()


def test_the_lock_dies_with_its_process(tmp_path: Path) -> None:
    program = (
        "import os, pathlib\n"
        "from ground.archive.archive import Archive\n"
        f"a = Archive(pathlib.Path({str(tmp_path / 'a.db')!r}))\n"
        "a.add_journal(1, 'x', 'start', {}); a.commit(); a.add_journal(2, 'x', 'stop', {})\n"
        "os.kill(os.getpid(), 9)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == -9
    assert [row.kind for row in Archive(tmp_path / "a.db").journal()] == ["start"]


@pytest.mark.parametrize("write", [True, False])
def test_a_truncated_archive_says_so(tmp_path: Path, write: bool) -> None:
    path = tmp_path / "a.db"
    filled(path).close()
    whole = path.read_bytes()
    for size in (50, 4096, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:size])
        with pytest.raises(DamagedArchive, match=r"cut short|damaged"):
            Archive(path, write=write)
        assert path.read_bytes() == whole[:size]


def test_a_damaged_page_says_so(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    filled(path).close()
    data = bytearray(path.read_bytes())
    data[8192:] = b"\xa5" * (len(data) - 8192)
    path.write_bytes(data)
    with pytest.raises(DamagedArchive, match="damaged"):
        list(Archive(path).entries())


@pytest.mark.parametrize("content", [b"", b"hello\n" * 100])
def test_a_foreign_file_is_refused_and_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.db"
    path.write_bytes(content)
    with pytest.raises(ForeignArchive, match="no Panewatch archive"):
        Archive(path)
    assert path.read_bytes() == content


def test_a_foreign_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE t (x)")
    db.close()
    before = path.read_bytes()
    with pytest.raises(ForeignArchive, match="no Panewatch archive"):
        Archive(path)
    assert path.read_bytes() == before


def test_an_archive_of_a_later_format_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    Archive(path).close()
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 99")
    with pytest.raises(ForeignArchive, match="format 99"):
        Archive(path)


def test_a_folder_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ArchiveUnwritable, match="another folder"):
        Archive(tmp_path / "file" / "a.db")
    with pytest.raises(ArchiveUnwritable):
        Archive(tmp_path / "absent.db", write=False)
    (tmp_path / "folder.db").mkdir()
    with pytest.raises(ArchiveUnwritable):
        Archive(tmp_path / "folder.db")


def test_a_full_disk_keeps_all_for_the_next_commit(tmp_path: Path) -> None:
    archive = filled(tmp_path / "a.db", 5)
    db = archive._db
    db.execute(f"PRAGMA max_page_count = {db.execute('PRAGMA page_count').fetchone()[0]}")
    unit = FakeUnit(boot_id=2)
    for _ in range(500):
        add(archive, unit.housekeeping())
    for _ in range(2):
        with pytest.raises(ArchiveFull, match="free space"):
            archive.commit()
    assert len(list(archive.entries())) == 5
    db.execute("PRAGMA max_page_count = 1000000")
    archive.commit()
    assert len(list(archive.entries())) == 505


def test_counters_survive(tmp_path: Path) -> None:
    archive = Archive(tmp_path / "a.db")
    archive.reserve_counter(UNIT, 256)
    archive.reserve_counter(UnitKey("sz21", "w1"), 512)
    archive.commit()
    archive.close()
    again = Archive(tmp_path / "a.db")
    assert (again.counter(UNIT), again.counter(UnitKey("sz21", "w1"))) == (256, 512)
    assert again.counter(UnitKey("no", "one")) == 0


def test_a_value_that_cannot_be_stored_costs_no_raw_bytes(tmp_path: Path) -> None:
    archive = Archive(tmp_path / "a.db")
    chunk = Chunk("line", 5, b"\x01\x02", True, None)
    archive.add_raw(chunk)
    archive.add_journal(2**63, "ground", "stop", {})
    with pytest.raises(OverflowError):
        archive.commit()
    archive.close()
    again = Archive(tmp_path / "a.db", write=False)
    assert list(again.raw()) == [chunk]
    assert list(again.entries()) == []


@pytest.mark.parametrize(
    "statement", ["DROP TABLE block", "UPDATE meta SET value = CAST(x'ff' AS TEXT)"]
)
def test_what_fails_to_open_lets_go_of_the_lock(tmp_path: Path, statement: str) -> None:
    """Also after the file itself was found good."""
    path = tmp_path / "a.db"
    filled(path, 3).close()
    whole = path.read_bytes()
    with sqlite3.connect(path) as db:
        db.execute(statement)
    db.close()
    with pytest.raises(DamagedArchive):
        Archive(path)
    assert not is_locked(path)
    assert not path.with_name("a.db-wal").exists()  # its connection is closed, too
    path.write_bytes(whole)
    Archive(path).close()
