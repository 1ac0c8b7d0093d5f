"""`panewatch fsck` calls what is whole whole, names what is damaged and reads the rest."""

from __future__ import annotations

import json
import random
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ground.archive.archive import Archive
from ground.archive.check.blocks import unit_name
from ground.archive.check.damage import Findings
from ground.archive.check.fsck import fsck
from ground.archive.digest import COVERED, of_row
from ground.archive.errors import ArchiveError, ForeignArchive, folding
from ground.archive.history import extremes, history
from ground.fleet import Fleet
from ground.model import Chunk, UnitKey
from ground.station import Station
from ground.strangers import TAKEN_MAX
from ground.verdict.assessor import Assessor
from hil_tests.sim.fake_unit import FakeUnit
from hil_tests.sim.ground_bench import T0, Bench, S
from hil_tests.unit.test_history import without_checksums
from protocol.wire import frame
from tools.cli.main import main

UNIT = UnitKey("sz20", "w1")
PAGE = 4096


def made(path: Path, seconds: int) -> Path:
    """An archive as a ground station leaves it: a unit on a serial line, a commit in 7 s."""
    station = Station(Archive(path), Fleet(), Assessor)
    station.start(T0)
    unit = FakeUnit()
    for k in range(seconds):
        unit.now = k * S
        packets = [unit.boot()] if k == 0 else []
        packets += [unit.housekeeping(100_000 + k)]
        packets += [unit.time()] if k % 5 == 0 else []
        data = b"".join(map(frame.encode, packets))
        station.receive(Chunk("serial", T0 + unit.now + 5, data, framed=True))
        station.tick(T0 + unit.now + S)
        if k % 7 == 0:
            station.commit()
    station.archive.reserve_counter(UNIT, 256)
    station.stop(T0 + (seconds + 1) * S)
    station.archive.close()
    return path


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("fsck") / "small.sqlite", 40)


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("fsck") / "large.sqlite", 700)


@pytest.fixture
def copy(large: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(large, tmp_path / "a.sqlite"))


def check(path: Path) -> Findings:
    findings = fsck(path, lambda *_: None)
    for one in findings.damage:
        assert "None" not in f"{one} {one.next}", one
    return findings


def places(path: Path) -> list[str]:
    return [str(one) for one in check(path).damage]


def content(path: Path) -> tuple[Any, ...]:
    """All that readers can ask of an archive."""
    archive = Archive(path, write=False)
    try:
        with folding(path):
            return (
                list(archive.entries()), list(archive.raw()), list(archive.telemetry()),
                archive.dictionaries(), archive.meta("session"), archive.meta("fleet"),
                archive.counter(UNIT), history(archive, UNIT, "p_gap2", 0, 2**62),
                extremes(archive, UNIT, "p_gap2", (0, 2**62), 20),
            )  # fmt: skip
    finally:
        archive.close()


def page_of(path: Path, part: bytes) -> int:
    """The page that holds these bytes, from 0."""
    at = path.read_bytes().find(part)
    assert at >= 0
    return at // PAGE


def overwrite(path: Path, page: int) -> None:
    with path.open("r+b") as file:
        file.seek(page * PAGE)
        file.write(b"\xa5" * PAGE)


@pytest.mark.parametrize("seed", range(6))
def test_a_flipped_byte_is_named_or_changes_nothing(small: Path, tmp_path: Path, seed: int) -> None:
    whole, expected = small.read_bytes(), content(small)
    rng, path = random.Random(seed), tmp_path / "a.sqlite"
    named = 0
    for k in range(25):
        at = rng.randrange(PAGE if k % 5 == 0 else len(whole))
        octets = bytearray(whole)
        octets[at] ^= rng.choice([1 << rng.randrange(8), rng.randrange(1, 256)])
        path.write_bytes(octets)
        try:
            damaged = bool(check(path).damage)
        except ArchiveError:
            damaged = True
        assert damaged or content(path) == expected, f"byte {at}"
        named += damaged
    assert named


def test_an_archive_with_losses_refills_and_restarts_is_whole(tmp_path: Path) -> None:
    units = [FakeUnit(), FakeUnit(vehicle="sz21")]
    bench = Bench(tmp_path, units, loss=0.3)
    for framed in (True, False):
        bench.framed = framed
        bench.seconds(25)
        bench.station.receive(Chunk("line-sz20", T0 + bench.now, b"noise\0no", framed=True))
        bench.commit()
        bench.kill()
        bench.open()
    bench.commit()
    running = check(bench.path)
    bench.station.archive.add_journal(T0, "ada", "inspection", {})  # not committed yet
    assert running.damage == check(bench.path).damage == []
    assert running.counts["packets"] == sum(len(bench.archived(unit)) for unit in units)
    assert any("noise" in note for note in running.notes)
    bench.kill()


def test_whole_and_damaged_on_the_command_line(
    copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["fsck", str(copy), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["whole"] and told["format"] == 3 and told["damage"] == []
    assert told["counts"]["packets"] == 841 and told["counts"]["raw"] == 700
    with sqlite3.connect(copy) as db:
        db.execute("UPDATE journal SET author = 'eve' WHERE seq = 1")
    db.close()
    assert main(["fsck", str(copy)]) == 1
    words = capsys.readouterr().out
    assert "damaged in 1 place" in words and "841 packets" in words
    assert "journal row 1, 2025-11-04T00:00:00" in words and "its checksum does not hold" in words
    assert "next: do not rely on it" in words
    assert main(["fsck", str(copy), "--json"]) == 1
    (one,) = json.loads(capsys.readouterr().out)["damage"]
    assert one["table"] == "journal" and one["rows"] == [1, 1]


@pytest.mark.parametrize(
    ("octets", "words"),
    [(b"hello\n" * 100, "no Panewatch archive"), (None, "cannot be read (No such file")],
)
def test_what_is_no_archive(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], octets: bytes | None, words: str
) -> None:
    path = tmp_path / "a.sqlite"
    if octets is not None:
        path.write_bytes(octets)
    assert main(["fsck", str(path)]) == 2
    assert words in capsys.readouterr().err


def test_another_database_is_no_archive(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite"
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE t (x)")
    db.close()
    with pytest.raises(ForeignArchive, match="no Panewatch archive"):
        fsck(path, lambda *_: None)


def test_an_archive_of_format_2_is_checked_as_far_as_it_goes(copy: Path) -> None:
    without_checksums(copy)
    before = copy.read_bytes()
    found = check(copy)
    assert found.damage == [] and found.format == 2 and "no checksums" in found.notes[0]
    assert copy.read_bytes() == before
    with sqlite3.connect(copy) as db:
        db.execute("UPDATE rollup SET count = count + 1 WHERE width_s = 3600")
    db.close()
    assert any("3600 s is not what its packets give" in words for words in places(copy))


def test_damaged_names_forge_no_line_and_stop_no_output(
    copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with sqlite3.connect(copy) as db:
        db.execute("UPDATE unit SET name = CAST(x'77ff0a31' AS TEXT)")
        db.execute("UPDATE rollup SET count = count + 1 WHERE width_s = 86400")
    db.close()
    assert main(["fsck", str(copy)]) == 1
    assert "housekeeping of sz20/w??1" in capsys.readouterr().out.encode().decode()
    assert main(["fsck", str(copy), "--json"]) == 1
    (told,) = capsys.readouterr().out.encode().splitlines()
    assert any(one.get("unit") == "sz20/w\udcff\n1" for one in json.loads(told)["damage"])


Change = Callable[[sqlite3.Connection], object]


def sql(statement: str, *values: Any) -> Change:
    return lambda db: db.execute(statement, values)


def swapped_times(db: sqlite3.Connection) -> None:
    (ident,) = db.execute("SELECT ident FROM block WHERE name = 'housekeeping'").fetchone()
    other = ident[:8] + bytes([ident[8] ^ 1]) + ident[9:]
    db.execute("UPDATE block SET ident = ? WHERE ident = ?", (other, ident))


def spoilt_packet(db: sqlite3.Connection) -> None:
    (data,) = db.execute("SELECT data FROM block WHERE name = 'housekeeping'").fetchone()
    other = data[: 92 * 2 + 40] + bytes([data[92 * 2 + 40] ^ 4]) + data[92 * 2 + 41 :]
    db.execute("UPDATE block SET data = ? WHERE data = ?", (other, data))


CHANGES: dict[str, tuple[Change, str]] = {
    "raw bytes": (sql("UPDATE raw SET data = x'00' WHERE id = 3"),
                  "raw row 3, link serial, 2025-11-04T00:00:02"),
    "raw row gone": (sql("DELETE FROM raw WHERE id BETWEEN 300 AND 309"),
                     "boot 1, record 360-371, link serial: packets are stored of which the raw"),
    "packets gone": (sql("DELETE FROM block WHERE name = 'time'"),
                     "packets that were received whole are not stored"),
    "packet": (spoilt_packet, "housekeeping of sz20/w1, boot 1, record 4, 2025-11-04T00:00:02"),
    "times": (swapped_times, "housekeeping of sz20/w1, boot 1, record 1-"),
    "summary": (sql("UPDATE block SET last_us = last_us - 1 WHERE name = 'time'"),
                "time of sz20/w1, boot 1, record 2, 2025-11-04T00:00:00.000005Z: its summary"),
    "roll-up": (sql("UPDATE rollup SET count = count + 1 WHERE width_s = 300"),
                "rollup, housekeeping of sz20/w1, 2025-11-04T00:00:00.000000Z to "
                "2025-11-04T00:05:00.000000Z: roll-up of 300 s: its checksum"),
    "roll-up gone": (sql("DELETE FROM rollup WHERE width_s = 86400"), "roll-up of 86400 s is miss"),
    "journal": (sql("UPDATE journal SET data = '[]' WHERE seq = 1"), "journal row 1"),
    "meta": (sql("UPDATE meta SET value = 'x' WHERE key = 'session'"), "meta: the table and its c"),
    "meta of bytes": (sql("UPDATE meta SET value = x'78'"), "meta: the table and its checksum"),
    "counter": (sql("UPDATE counter SET below = 1"), "counter: the table and its checksum"),
    "unit": (sql("UPDATE unit SET name = 'w9'"), "unit: the table and its checksum"),
    "dictionary": (sql("UPDATE dictionary SET json = json || ' '"), "dictionary: the table and"),
    "index": (sql("DROP INDEX block_hour"), "block_hour: is missing"),
    "checksum": (sql("DELETE FROM digest WHERE name = 'unit'"), "unit: its checksum is missing"),
    "format": (sql("PRAGMA user_version = 2"), "the header says format 2"),
    "kind of file": (sql("PRAGMA application_id = 7"), "does not say that it is an archive"),
}  # fmt: skip


@pytest.mark.parametrize("name", CHANGES)
def test_what_was_changed_is_named(copy: Path, name: str) -> None:
    change, words = CHANGES[name]
    with sqlite3.connect(copy) as db:
        change(db)
    db.close()
    found = places(copy)
    assert any(words in one for one in found), found


def test_a_damaged_page_costs_its_own_rows_alone(copy: Path) -> None:
    with sqlite3.connect(copy) as db:
        seq, data = db.execute(
            "SELECT seq, data FROM block WHERE count > 200 ORDER BY seq LIMIT 1 OFFSET 1"
        ).fetchone()
        (lost,) = db.execute("SELECT data FROM raw WHERE id = 350").fetchone()
    db.close()
    with sqlite3.connect(copy, isolation_level=None) as db:
        db.execute("VACUUM")  # free pages hold what was joined
    db.close()
    before = check(copy).counts
    overwrite(copy, page_of(copy, data[9_000:9_100]))  # on a page of that row alone
    found = check(copy)
    words = [str(one) for one in found.damage]
    assert any(one.startswith(f"block row {seq}, housekeeping of sz20/w1, 2025") for one in words)
    assert found.counts["block"] == before["block"] - 1
    assert found.counts["raw"] == 700
    overwrite(copy, page_of(copy, lost))
    found = check(copy)
    assert found.counts["raw"] > 650
    (raw,) = [one for one in found.damage if one.table == "raw" and one.rows]
    first, last = raw.rows or (0, 0)
    assert last is not None and first <= 350 <= last
    assert found.counts["raw"] == 700 - (last - first + 1)


@pytest.mark.parametrize("table", ["raw", "block", "rollup", "journal", "meta", "dictionary"])
def test_a_table_without_its_first_page_does_not_hide_the_others(copy: Path, table: str) -> None:
    before = check(copy).counts
    with sqlite3.connect(copy) as db:
        roots = dict(db.execute("SELECT name, rootpage FROM sqlite_master"))
    db.close()
    overwrite(copy, roots[table] - 1)
    found = check(copy)
    assert any(one.table == table for one in found.damage)
    for other in before.keys() - {table, "packets" if table == "block" else ""}:
        assert found.counts[other] == before[other]


def test_the_log_of_a_killed_ground_is_checked_too(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite"
    archive = Archive(path)
    for k in range(5):
        archive.add_journal(k, "ada", "note", {"k": k})
        archive.commit()
    there = tmp_path / "killed.sqlite"
    wal = there.with_name("killed.sqlite-wal")
    shutil.copy(path, there)
    whole = path.with_name("a.sqlite-wal").read_bytes()
    wal.write_bytes(whole)
    assert check(there).damage == []
    for at in (20, len(whole) - 5000, len(whole) - 100):
        octets = bytearray(whole)
        octets[at] ^= 1
        wal.write_bytes(octets)
        assert any("write-ahead log" in words for words in places(there)), at
    archive.close()


def test_what_a_commit_joins_or_rolls_up_stays_damaged(copy: Path) -> None:
    """Writing on does not give damage a checksum that holds."""
    with sqlite3.connect(copy) as db:
        db.execute("UPDATE rollup SET count = count + 1 WHERE width_s = 86400")
        seq, data = db.execute(
            "SELECT seq, data FROM block WHERE name = 'housekeeping' ORDER BY seq DESC"
        ).fetchone()
        spoilt = data[:40] + bytes([data[40] ^ 4]) + data[41:]
        db.execute("UPDATE block SET data = ? WHERE seq = ?", (spoilt, seq))
    db.close()
    station = Station(Archive(copy), Fleet(), Assessor)
    assert "not as they were stored" in station.archive.damage
    station.start(T0 + 800 * S)
    unit = FakeUnit(boot_id=1)
    unit.record = 100_000
    for k in range(300):
        unit.now = (800 + k) * S
        data = frame.encode(unit.housekeeping())
        station.receive(Chunk("serial", T0 + unit.now, data, framed=True))
        station.commit()
    station.stop(T0 + 1200 * S)
    station.archive.close()
    found = places(copy)
    assert any("roll-up of 86400 s: its checksum" in words for words in found)
    assert any("packets whose CRC-16 does not hold" in words for words in found)


def test_the_checksums_are_what_the_document_says(copy: Path) -> None:
    with sqlite3.connect(copy) as db:
        for name, columns in COVERED.items():
            for *row, crc in db.execute(f"SELECT {columns}, crc FROM {name}"):
                assert of_row(*row) == crc
    db.close()
    assert of_row(1, "ä", None, b"\1\2") == 0x53B6C97F


def test_a_unit_whose_number_is_lost_too_is_named_in_words() -> None:
    assert unit_name({}, 7) == "unit number 7, whose name is lost"
    assert unit_name({}, None) == "a unit, whose name is lost"


def test_of_an_archive_that_nothing_opens_no_rest_is_promised(copy: Path, capsys: Any) -> None:
    with copy.open("r+b") as file:
        file.truncate(copy.stat().st_size - 3 * PAGE)
    assert main(["fsck", str(copy)]) == 1
    said = capsys.readouterr().out
    assert "no other command opens it as it is" in said
    assert "stays readable" not in said
    assert main(["report", str(copy)]) == 2, "and so it is"


def test_of_one_that_opens_the_rest_stays_readable(copy: Path, capsys: Any) -> None:
    with sqlite3.connect(copy) as db:
        db.execute("UPDATE block SET data = zeroblob(10) WHERE seq = (SELECT min(seq) FROM block)")
    assert main(["fsck", str(copy)]) == 1
    assert "the rest of it stays readable" in capsys.readouterr().out
    assert main(["export", str(copy), "--out", str(copy.with_suffix(".csv"))]) == 0


def flooded(path: Path, framed: bool) -> Station:
    """A flood of units that nobody configured, all with one APID and boot, over one link."""
    fleet = {"vehicle": [{"id": "sz20", "role": "return", "window": [{"id": "w1"}]}]}
    station = Station(Archive(path), Fleet.from_dict(fleet), Assessor)
    station.start(T0)
    units = [FakeUnit(vehicle=f"v{k}") for k in range(TAKEN_MAX + 6)]
    for k, unit in enumerate([*units, units[TAKEN_MAX - 1]]):
        packets = [
            *([unit.boot()] * (k < len(units))),
            *(unit.housekeeping() for _ in range(3 + 50 * (k > TAKEN_MAX))),
        ]
        link = f"line-{unit.vehicle}" if framed and unit is units[TAKEN_MAX - 1] else "line"
        link = link if framed else "mqtt"
        data = b"".join(map(frame.encode, packets)) if framed else b"".join(packets)
        named = None if framed else UnitKey(unit.vehicle, "w1")
        station.receive(Chunk(link, T0 + k * 1000, data, framed, named))
    station.tick(T0 + S)
    assert station.strangers.packets > 100
    return station


@pytest.mark.parametrize("framed", [False, True])
def test_what_the_station_refused_is_no_damage(tmp_path: Path, framed: bool) -> None:
    """Strangers beyond those that are taken in share APID and boot with others."""
    station = flooded(tmp_path / "a.sqlite", framed)
    station.stop(T0 + 2 * S)
    station.archive.close()
    found = check(tmp_path / "a.sqlite")
    assert [str(one) for one in found.damage] == []
    assert any("kept as bytes alone" in note for note in found.notes)


@pytest.mark.parametrize("framed", [False, True])
def test_nor_does_a_flood_hide_damage(tmp_path: Path, framed: bool) -> None:
    station = flooded(tmp_path / "a.sqlite", framed)
    station.stop(T0 + 2 * S)
    station.archive.close()
    with sqlite3.connect(tmp_path / "a.sqlite") as db:
        db.execute(
            "DELETE FROM block WHERE name = 'housekeeping' AND unit ="
            " (SELECT id FROM unit WHERE vehicle = 'v63')"
        )
    db.close()
    told = places(tmp_path / "a.sqlite")
    assert any("v63/w1" in one and "received whole are not stored" in one for one in told), told


def test_what_came_in_another_schema_is_no_damage(tmp_path: Path) -> None:
    """An update half done: a unit's topic carries packets that are not to be read."""
    path = tmp_path / "a.sqlite"
    station = Station(Archive(path), Fleet(), Assessor)
    station.start(T0)
    unit = FakeUnit()
    for k in range(9):
        data = unit.boot() if k == 0 else unit.housekeeping()
        schema = 1 if k in (4, 5) else None
        station.receive(Chunk("mqtt", T0 + k * S, data, False, UNIT, schema=schema))
        station.tick(T0 + k * S)
    station.stop(T0 + 20 * S)
    station.archive.close()
    found = check(path)
    assert [str(one) for one in found.damage] == []
    assert any(note.startswith("2 packets of 1 boots") for note in found.notes), found.notes


def test_records_that_are_not_believed_are_stored(tmp_path: Path) -> None:
    """A forged record number, and boots that one unit cannot have: all of it stays."""
    path = tmp_path / "a.sqlite"
    station = Station(Archive(path), Fleet(), Assessor)
    station.start(T0)
    unit = FakeUnit()
    for k in range(30):
        unit.now = k * S
        packets = [unit.boot()] if k == 0 else [unit.housekeeping()]
        if k == 10:
            real, unit.next_record = unit.next_record, 3_000_000_000
            packets.append(unit.housekeeping())
            unit.next_record = real
        if k in (15, 18):
            real, unit.boot_id = unit.boot_id, 30_000 + k
            packets.append(unit.housekeeping())
            unit.boot_id = real
        station.receive(Chunk("mqtt", T0 + k * S, b"".join(packets), False, UNIT))
        station.tick(T0 + k * S)
    station.stop(T0 + 40 * S)
    station.archive.close()
    assert places(path) == []
