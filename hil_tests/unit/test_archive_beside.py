"""What is read beside a ground station that writes: what came after the archive was opened."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from ground.archive import packets
from ground.archive.archive import Archive
from ground.archive.block import FULL
from ground.archive.entries import StoredPacket
from ground.archive.history import extremes, history, newest
from ground.evidence.gather import gather
from ground.export import telemetry
from ground.fleet import Fleet
from ground.model import Chunk, Packet, UnitKey
from ground.station import Station
from ground.summary import summary
from ground.verdict.assessor import Assessor
from hil_tests.sim.fake_unit import FakeUnit
from protocol.schema.decode import decode
from protocol.wire import frame
from tools.cli.main import main

S = 1_000_000
T0 = 1_762_214_400 * S
LATE = UnitKey("sz21", "w1")


@pytest.fixture
def both(tmp_path: Path) -> Iterator[tuple[Archive, Archive]]:
    """One that writes, and one that reads, opened before anything was committed."""
    path = tmp_path / "a.db"
    with closing(Archive(path)) as writer, closing(Archive(path, write=False)) as reader:
        yield writer, reader


def put(archive: Archive, unit: UnitKey, data: bytes, at_us: int) -> None:
    archive.add_packet(Packet(unit, decode(data), "line", at_us, at_us, False), at_us)


def test_a_unit_that_came_after_the_archive_was_opened(both: tuple[Archive, Archive]) -> None:
    writer, reader = both
    sent = FakeUnit()
    put(writer, UnitKey("sz20", "w1"), sent.housekeeping(), T0)
    writer.commit()
    assert [e.unit for e in reader.entries() if isinstance(e, StoredPacket)] == [("sz20", "w1")]
    for k in range(3):
        put(writer, LATE, sent.housekeeping(), T0 + k * S)
    writer.commit()
    units = [e.unit for e in reader.entries() if isinstance(e, StoredPacket)]
    assert units == [UnitKey("sz20", "w1"), LATE, LATE, LATE]
    assert reader.units() == [UnitKey("sz20", "w1"), LATE]


READINGS = {
    "blocks": lambda a: list(a.blocks_of(LATE, "housekeeping", 0, 2**62)),
    "extent": lambda a: a.extent(LATE, "housekeeping", 0, 2**62),
    "roll-ups": lambda a: a.rollups_of(LATE, "housekeeping", 30, (0, 2**40), 0)[0],
    "history": lambda a: history(a, LATE, "p_gap2", 0, 2**62),
    "newest": lambda a: newest(a, LATE, "p_gap2", (0, 2**62), 9),
    "extremes": lambda a: extremes(a, LATE, "p_gap2", (0, 2**62), 2),
    "telemetry": lambda a: list(a.telemetry()),
    "export": lambda a: list(telemetry.values(a, telemetry.Range(units=(LATE,))).batches),
}


@pytest.mark.parametrize("name", READINGS)
def test_each_reading_finds_that_unit_first(both: tuple[Archive, Archive], name: str) -> None:
    writer, reader = both
    sent = FakeUnit()
    for k in range(3):
        put(writer, LATE, sent.housekeeping(), T0 + k * S)
    assert not READINGS[name](reader)
    writer.commit()
    assert READINGS[name](reader)


def test_what_a_station_knows_and_evidence_of_it(both: tuple[Archive, Archive]) -> None:
    writer, reader = both
    station, sent = Station(writer, Fleet(), Assessor), FakeUnit()
    station.start(T0)
    for k, data in enumerate((sent.boot(), sent.housekeeping(), sent.hit())):
        station.receive(Chunk("line", T0 + k * S, frame.encode(data), framed=True))
        station.tick(T0 + k * S)
    station.commit()
    seen = Station(reader, Fleet(), Assessor)  # of a schema that was not there at its opening
    assert summary(seen) == summary(station)
    assert gather(reader, 1).alarm["vehicle"] == "sz20"


def meanwhile(archive: Archive, act: Callable[[], object]) -> packets.Rows:
    """What a reading asks of, with a commit of the ground station after each statement."""

    def rows(*statement: Any) -> Iterator[tuple[Any, ...]]:
        found = list(archive._rows(*statement))
        act()
        return iter(found)

    return rows


def test_blocks_that_are_joined_meanwhile_lose_no_packet(both: tuple[Archive, Archive]) -> None:
    writer, reader = both
    sent = FakeUnit()

    def grow(count: int) -> None:
        for _ in range(count):
            put(writer, LATE, sent.housekeeping(), T0)
            writer.commit()

    def last(rows: packets.Rows) -> list[int]:
        found = packets.ordered(rows, lambda _: None, FULL - 3)
        return [seq for block in found for seq in block.ident["seq"].tolist()]

    grow(FULL - 1)
    assert last(meanwhile(reader, lambda: grow(1)))[:2] == [FULL - 2, FULL - 1]
    assert last(reader._rows) == [FULL - 2, FULL - 1, FULL]  # of the joined block


def test_hours_that_are_dropped_meanwhile_are_passed_over(both: tuple[Archive, Archive]) -> None:
    writer, reader = both
    put(writer, LATE, FakeUnit().housekeeping(), T0)
    writer.commit()
    rows = meanwhile(reader, lambda: writer.drop_blocks([(1, 1)]))
    assert list(packets.telemetry(rows)) == []
    put(writer, LATE, FakeUnit().housekeeping(), T0)
    writer.commit()
    rows = meanwhile(reader, lambda: writer.drop_blocks([(2, 2)]))
    assert packets.extent(rows, 1, "housekeeping", 0, 2**62) is None


def test_a_reader_leaves_nothing_beside_an_archive_that_nobody_has_open(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with closing(Archive(path)) as archive:
        put(archive, LATE, FakeUnit().housekeeping(), T0)
        archive.commit()
    before = path.read_bytes()
    for commands in (["fsck", str(path)], ["report", str(path), "--json"]):
        assert main(commands) in (0, 1)  # as received there is nothing of the packet
        assert [p.name for p in tmp_path.iterdir()] == ["a.db"]
    assert path.read_bytes() == before


def test_a_reader_leaves_the_log_of_others(tmp_path: Path) -> None:
    """Of a station that writes, and what a dead one has not yet written into the file."""
    path = tmp_path / "a.db"
    with closing(Archive(path)) as writer:
        put(writer, LATE, FakeUnit().housekeeping(), T0)
        writer.commit()
        with closing(Archive(path, write=False)) as reader:
            assert reader.units() == [LATE]
        killed = tmp_path / "killed"
        killed.mkdir()
        for name in ("a.db", "a.db-wal"):
            shutil.copy(tmp_path / name, killed / name)
        put(writer, UnitKey("sz20", "w1"), FakeUnit().housekeeping(), T0)
        writer.commit()
        with closing(Archive(path, write=False)) as reader:
            assert len(reader.units()) == 2
    log = (killed / "a.db-wal").read_bytes()
    assert log
    with closing(Archive(killed / "a.db", write=False)) as reader:
        assert reader.units() == [LATE]
    assert (killed / "a.db-wal").read_bytes() == log
