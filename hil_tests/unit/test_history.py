"""Histories from blocks and roll-ups equal those from every packet; archives of format 1 go on."""

from __future__ import annotations

import random
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from ground.archive.archive import SCHEMA, Archive
from ground.archive.block import FULL, HOUR_US
from ground.archive.digest import COVERED, SMALL, of_row, of_table
from ground.archive.entries import JournalRow, StoredPacket
from ground.archive.errors import ArchiveUnwritable, DamagedArchive
from ground.archive.history import extremes, history, newest
from ground.archive.rollup import SECOND_US, WIDTHS_S
from ground.fleet import Fleet
from ground.model import Chunk, Packet, UnitKey
from ground.station import Station
from ground.summary import summary
from ground.verdict.assessor import Assessor
from hil_tests.sim.fake_unit import FakeUnit
from protocol.schema.decode import decode
from tools.bench import stream

UNIT = UnitKey("sz20", "w1")
T0 = 1_762_214_400 * SECOND_US
Point = tuple[int, float]


def brute(points: list[Point], width_us: int) -> list[Point]:
    """Of each bin of one length the lowest and highest, of equals the earliest, in time order."""
    bins: dict[int, list[Point]] = {}
    for point in points:
        bins.setdefault(point[0] // width_us, []).append(point)
    kept: list[Point] = []
    for _, part in sorted(bins.items()):
        low = min(part, key=lambda p: (p[1], p[0]))
        high = min(part, key=lambda p: (-p[1], p[0]))
        kept += sorted({low, high})
    return kept


def filled(path: Path, seed: int) -> tuple[Archive, list[Point]]:
    """Two days with gaps, late packets, other types and another unit between; commits at random."""
    rng, unit = random.Random(seed), FakeUnit()
    archive = Archive(path)
    times = sorted(rng.randrange(48 * 3600) for _ in range(1500))
    order = [*times[:700], *times[800:], *times[700:800]]
    points = []
    for second in order:
        p_pa = rng.randrange(90_000, 101_000)
        time_us = T0 + second * SECOND_US + rng.randrange(SECOND_US)
        for made in [unit.housekeeping(p_pa)] + ([unit.time()] if rng.random() < 0.1 else []):
            packet = Packet(UNIT, decode(made), rng.choice("ab"), time_us, time_us, False)
            archive.add_packet(packet, time_us)
        points.append((time_us, 10 * p_pa * 0.1))
        if rng.random() < 0.05:
            archive.commit()
        if rng.random() < 0.1:
            other = Packet(UnitKey("sz21", "w1"), decode(made), "a", time_us, time_us, False)
            archive.add_packet(other, time_us)
    archive.commit()
    return archive, sorted(points)


@pytest.mark.parametrize("seed", range(3))
def test_a_plot_equals_that_of_every_packet(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    archive, points = filled(tmp_path / "a.db", seed)
    assert history(archive, UNIT, "p_gap2", 0, 2**62) == points
    rolled = 0
    for _ in range(40):
        start_us = T0 + rng.randrange(-HOUR_US, 47 * HOUR_US)
        end_us = start_us + rng.choice([10 * SECOND_US, HOUR_US, 24 * HOUR_US, 50 * HOUR_US])
        inside = [p for p in points if start_us <= p[0] < end_us]
        assert history(archive, UNIT, "p_gap2", start_us, end_us) == inside
        size = rng.choice([1, 2, 3, 10, 100, 1000])
        found = extremes(archive, UNIT, "p_gap2", (start_us, end_us), size)
        assert len(found) <= max(size, 2)
        if len(inside) <= size:
            assert found == inside
        assert newest(archive, UNIT, "p_gap2", (start_us, end_us), size) == inside[-size:]
        if len(inside) <= max(size, 2):
            continue
        assert set(found) <= set(inside)
        for best in (min, max):
            assert best(v for _, v in found) == best(v for _, v in inside)
        span_us = inside[-1][0] - inside[0][0]
        widths = [w * k * SECOND_US for w in WIDTHS_S for k in range(1, 400)]
        widths = [w for w in widths if size // 8 <= span_us // w <= size]
        if any(found == brute(inside, width_us) for width_us in widths):
            rolled += 1
    assert rolled > 5
    assert extremes(archive, UNIT, "p_gap2", (0, T0 - 1), 10) == []
    assert extremes(archive, UNIT, "vehicle", (0, 2**62), 10) == []
    assert newest(archive, UnitKey("no", "one"), "p_gap2", (0, 2**62), 10) == []
    archive.close()


@pytest.mark.parametrize("which", ["bucket % 7 = 0", "1", "width_s = 300"])
def test_a_plot_of_damaged_roll_ups_is_decoded_and_told(tmp_path: Path, which: str) -> None:
    path, span = tmp_path / "a.db", (T0, T0 + 48 * HOUR_US)
    archive, _ = filled(path, 1)
    plots = {size: extremes(archive, UNIT, "p_gap2", span, size) for size in (50, 200, 1000)}
    assert archive.damage == ""
    archive.close()
    with sqlite3.connect(path) as db:
        # the sign of the first lowest value, and a count: neither is out of bounds for SQLite
        db.execute(
            "UPDATE rollup SET data = CAST(substr(data, 1, 7) || x'c0' || substr(data, 9) AS BLOB),"
            f" count = count + 1 WHERE {which}"
        )
    db.close()
    archive = Archive(path, write=False)
    for size, plot in plots.items():
        assert extremes(archive, UNIT, "p_gap2", span, size) == plot
    assert "roll-ups of" in archive.damage and "not as they were stored" in archive.damage
    archive.close()


def test_small_blocks_are_joined_and_the_fold_keeps_its_order(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    archive, units = Archive(path), [FakeUnit(), FakeUnit(vehicle="sz21")]
    expected = []
    for k in range(2 * FULL):
        for unit in units:
            made = decode(unit.housekeeping() if k % 10 else unit.time())
            time_us = T0 + k * SECOND_US
            key = UnitKey(unit.vehicle, unit.unit)
            archive.add_packet(Packet(key, made, "line", time_us + 1, time_us, False), time_us + 2)
            expected.append(made.data)
        if k % 50 == 0:
            archive.add_journal(time_us, "ground", "stop", {})
            expected.append(b"journal")
        archive.commit()
    archive.close()
    with sqlite3.connect(path) as db:
        (blocks,) = db.execute(
            "SELECT count(*) FROM block WHERE unit = 1 AND name = 'housekeeping'"
        ).fetchone()
    assert blocks == 1 + 2 * FULL * 9 // 10 - FULL
    again = Archive(path, write=False)
    found = list(again.entries())
    assert [e.data if isinstance(e, StoredPacket) else b"journal" for e in found] == expected
    assert [e.seq for e in found] == list(range(1, len(found) + 1))
    assert sum(isinstance(e, JournalRow) for e in found) == 11
    again.close()


OLD_TABLES = """
CREATE TABLE packet (
    seq INTEGER PRIMARY KEY, unit INTEGER NOT NULL, boot INTEGER NOT NULL,
    record INTEGER NOT NULL, name TEXT NOT NULL, onboard_us INTEGER NOT NULL,
    time_status INTEGER NOT NULL, time_us INTEGER NOT NULL, received_us INTEGER NOT NULL,
    taken_us INTEGER NOT NULL, late INTEGER NOT NULL, link TEXT NOT NULL,
    schema INTEGER NOT NULL, data BLOB NOT NULL, UNIQUE (unit, boot, record));
CREATE INDEX packet_history ON packet (unit, name, onboard_us);
"""


def without_checksums(path: Path) -> None:
    """The same archive as format 2 had it."""
    with sqlite3.connect(path) as db:
        for name in ("raw", "block", "rollup", "journal"):
            db.execute(f"ALTER TABLE {name} DROP COLUMN crc")
        db.execute("DROP TABLE digest")
        db.execute("PRAGMA user_version = 2")
    db.close()


def made_old(new: Path, old: Path) -> None:
    """The same archive as format 1 had it: a row for each packet."""
    archive = Archive(new, write=False)
    entries = [e for e in archive.entries() if isinstance(e, StoredPacket)]
    late = {
        int(seq): (int(onboard_us), int(is_late))
        for unit in archive.units()
        for name in ("boot", "housekeeping", "time", "hit")
        for block in archive.blocks_of(unit, name, 0, 2**62)
        for seq, onboard_us, _, _, _, is_late in block.ident.tolist()
    }
    units = {unit: archive._units.number(unit) for unit in archive.units()}
    archive.close()
    shutil.copy(new, old)
    without_checksums(old)
    with sqlite3.connect(old) as db:
        for statement in (*OLD_TABLES.split(";"), "DROP TABLE block", "DROP TABLE rollup"):
            db.execute(statement)
        for e in entries:
            d, (onboard_us, is_late) = decode(e.data), late[e.seq]
            db.execute(
                "INSERT INTO packet VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (e.seq, units[e.unit], e.boot, e.record, d.name, onboard_us, d.time_status,
                 d.time_us, e.received_us, e.taken_us, is_late, e.link, e.schema, e.data),
            )  # fmt: skip
        db.execute("PRAGMA user_version = 1")
    db.close()


@pytest.mark.parametrize("version", [1, 2])
def test_an_archive_of_an_older_format_is_read_and_goes_on(tmp_path: Path, version: int) -> None:
    station = Station(Archive(tmp_path / "new.db"), Fleet(), Assessor)
    station.start(T0)
    unit = FakeUnit()
    for k in range(400):
        unit.now = k * SECOND_US
        packets = [unit.boot()] if k == 0 else []
        packets += [unit.housekeeping(101_000 if k < 200 else 70_000)]
        packets += [unit.time()] if k % 5 == 0 else []
        packets += [unit.hit()] if k == 100 else []
        data = b"".join(packets)
        station.receive(Chunk("mqtt", T0 + unit.now + 5, data, framed=False, unit=UNIT))
        station.tick(T0 + unit.now + SECOND_US)
        station.commit()
    station.stop(T0 + 401 * SECOND_US)
    report = summary(station)
    plot = history(station.archive, UNIT, "p_gap2", 0, 2**62)
    station.archive.close()
    old = tmp_path / "old.db"
    if version == 1:
        made_old(tmp_path / "new.db", old)
    else:
        shutil.copy(tmp_path / "new.db", old)
        without_checksums(old)
    before = old.read_bytes()

    read = Archive(old, write=False)
    assert summary(Station(read, Fleet(), Assessor)) == report
    assert history(read, UNIT, "p_gap2", 0, 2**62) == plot
    assert extremes(read, UNIT, "p_gap2", (0, 2**62), 4) != []
    read.close()
    assert old.read_bytes() == before

    archive = Archive(old)
    again = Station(archive, Fleet(), Assessor)
    assert summary(again) == report
    unit.now += SECOND_US
    again.start(T0 + unit.now)
    data = unit.housekeeping()
    again.receive(Chunk("mqtt", T0 + unit.now + 5, data, framed=False, unit=UNIT))
    again.commit()
    assert len(history(archive, UNIT, "p_gap2", 0, 2**62)) == len(plot) + 1
    archive.close()
    with sqlite3.connect(old) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (3,)
        for name, columns in COVERED.items():
            rows = db.execute(f"SELECT {columns}, crc FROM {name}").fetchall()
            assert rows and all(of_row(*row[:-1]) == row[-1] for row in rows), name
        sealed = [(name, *of_table(db, name)) for name in sorted(SMALL)]
        assert db.execute("SELECT * FROM digest ORDER BY name").fetchall() == sealed
    db.close()


def test_a_migration_without_room_changes_nothing_and_says_how_much_it_takes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.db"
    archive = Archive(path)
    archive.add_raw(Chunk("line", 5, bytes(100_000), True, UNIT))
    archive.commit()
    archive.close()
    without_checksums(path)
    before = path.read_bytes()

    def full(db: sqlite3.Connection) -> None:
        db.execute(f"PRAGMA max_page_count = {db.execute('PRAGMA page_count').fetchone()[0]}")
        db.executemany("INSERT INTO digest VALUES (?, 0, 0)", [("x" * 500_000,)])

    monkeypatch.setattr("ground.archive.migrate.seal", full)
    with pytest.raises(ArchiveUnwritable, match=r"format 2 to 3 .*full.*free 0 MB"):
        Archive(path)
    monkeypatch.undo()
    assert path.read_bytes() == before
    assert len(list(Archive(path).raw())) == 1


def test_a_migration_that_is_killed_begins_anew(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    archive = Archive(path)
    archive.add_raw(Chunk("line", 5, bytes(100_000), True, UNIT))
    archive.commit()
    archive.close()
    without_checksums(path)
    program = (
        "import os, pathlib\n"
        "from ground.archive import migrate\n"
        "from ground.archive.archive import Archive\n"
        "migrate.seal = lambda db: os.kill(os.getpid(), 9)\n"
        f"Archive(pathlib.Path({str(path)!r}))"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == -9
    with sqlite3.connect(path) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (2,)
    db.close()
    assert len(list(Archive(path).raw())) == 1


def test_a_block_that_contradicts_itself_is_damage(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    archive = Archive(path)
    made = decode(FakeUnit().boot())
    archive.add_packet(Packet(UNIT, made, "line", T0, T0, False), T0)
    archive.commit()
    archive.close()
    with sqlite3.connect(path) as db:
        db.execute("UPDATE block SET ident = x'00'")
    with pytest.raises((DamagedArchive, ValueError)):
        list(Archive(path, write=False).entries())


def test_the_bench_stream_is_what_units_send() -> None:
    table = stream.housekeeping(2, T0, SECOND_US, 20)
    made = [decode(p) for p in stream.packets(table)]
    assert [d.record for d in made] == list(range(1, 21))
    assert {d.name for d in made} == {"housekeeping"}
    assert {d.apid for d in made} == {3}
    assert made[1].time_us - made[0].time_us == SECOND_US
    assert decode(stream.boot(2, T0)).raw["unit"][:2] == b"w3"  # type: ignore[index]
    assert SCHEMA
