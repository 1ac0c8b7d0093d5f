"""Retention in virtual time: what is dropped changes nothing that the ground knows."""

from __future__ import annotations

import asyncio
import json
import random
import sqlite3
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from ground.acts import limits_entry
from ground.alarms.book import AlarmRefusedError
from ground.archive.archive import Archive
from ground.archive.check.fsck import fsck
from ground.archive.errors import ForeignArchive
from ground.archive.history import extremes, history
from ground.clock import SteadyClock
from ground.evidence.bundle import write
from ground.evidence.errors import EvidenceError
from ground.evidence.gather import gather
from ground.evidence.verify import verify
from ground.limits_trial import try_limits
from ground.model import Alarm, Chunk, Inspection
from ground.monitor.limit_set import CONTEXTS, LimitSet
from ground.rebuild import fold
from ground.retention import dropping, evidence, graph, keeper, record, rooms
from ground.retention.keeper import Keeper, Policy
from ground.service import Service
from ground.station import Station
from ground.summary import summary
from ground.verdict.assessor import Assessor
from hil_tests.sim.fake_unit import FakeUnit
from hil_tests.sim.ground_bench import T0, S
from hil_tests.sim.test_station_assessed import FLEET, SZ20, SZ21, AssessedBench
from hil_tests.support.process import Program
from protocol.wire import frame
from tools.cli.main import main
from tools.cli.recorded import known_from, open_archive

AROUND_S = 5


class KeptBench(AssessedBench):
    """With retention; an empty policy keeps all."""

    policy = Policy()

    def open(self) -> None:
        self.keeper = Keeper(self.policy, lambda: T0 + self.now) if self.policy else None
        self.station = Station(
            Archive(self.path), FLEET, Assessor, self.keys,
            passed=self.keeper.passed if self.keeper else None,
        )  # fmt: skip
        self.station.archive.maintain("PRAGMA synchronous = OFF")  # only for the test's speed
        self.station.start(T0 + self.now)
        self.commit()

    def second(self) -> None:
        super().second()
        if self.keeper:
            self.keeper.second(self.station)

    def deliver_together(self, unit: FakeUnit, count: int) -> None:
        """Housekeeping in one piece."""
        data = b"".join(frame.encode(unit.housekeeping(1e5 + k % 7)) for k in range(count))
        line = f"line-{unit.vehicle}"
        self.station.receive(Chunk(line, T0 + self.now + 2_000, data, framed=True))

    def restart(self) -> None:
        self.kill()
        self.open()

    def known(self) -> dict[str, Any]:
        streams = self.station.streams.items()
        return self.conclusions() | {
            "holes": {unit: s.holes() for unit, s in streams},
            "counts": {unit: (s.packets, s.count(True), s.count(False)) for unit, s in streams},
            "newest": {
                unit: {k: boot.records.newest for k, boot in s.boots.items()} for unit, s in streams
            },
            "inspections": list(self.station.inspections),
            "requests": list(self.station.dispatch.desk.requests.values()),
            "limits": self.station.assessor.limits,
            "utc": {unit: s.correlation.utc(10**9) for unit, s in streams if s.correlation},
        }

    def kinds(self) -> list[str]:
        return [row.kind for row in self.station.archive.journal()]


@pytest.fixture(autouse=True)
def near(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evidence, "AROUND_US", AROUND_S * S)
    monkeypatch.setattr(evidence, "RAW_US", S // 2)


@pytest.fixture
def benches(tmp_path: Path) -> Iterator[tuple[KeptBench, KeptBench]]:
    """One that drops what is older than a minute, and its twin that keeps all."""
    made = []
    for name, policy in (("kept", Policy(60 * S)), ("twin", Policy())):
        (tmp_path / name).mkdir()
        kind = type(name, (KeptBench,), {"policy": policy})
        units = [FakeUnit(), FakeUnit(vehicle="sz21", apid=2, key=b"k" * 32)]
        made.append(kind(tmp_path / name, units))
    yield made[0], made[1]
    for bench in made:
        bench.kill()


def step(bench: KeptBench, what: str, rng: random.Random) -> None:
    """Something happens."""
    unit = bench.units[rng.randrange(2)]
    unit.now = bench.now
    if what == "hit":
        bench.deliver(unit, [unit.hit()])
    elif what == "pressure":
        bench.deliver(unit, [unit.housekeeping(50_000.0) for _ in range(rng.randrange(1, 12))])
    elif what == "reboot":
        unit.reboot()
    elif what == "away":
        bench.up = False
        bench.seconds(rng.randrange(3, 12))
        bench.up = True
    elif what == "restart":
        bench.restart()
    elif what in ("acknowledge", "shelve"):
        alarms = [a for a in bench.station.assessor.alarms if a.state != "normal"]
        if alarms:
            alarm = rng.choice(alarms).id
            try:
                if what == "shelve":
                    until_us = bench.station.now_us + rng.randrange(5, 90) * S
                    bench.station.shelve(alarm, "Ada", "later", until_us)
                else:
                    bench.station.acknowledge(alarm, "Ada", "seen")
            except AlarmRefusedError:
                pass
    elif what == "context":
        context = rng.choice(CONTEXTS)
        bench.station.act("context", "Ada", {"vehicle": "sz20", "context": context})
    elif what == "limits":
        low = {"p_gap2": {"any": {"low": {"watch": rng.randrange(90_000, 102_000)}}}}
        limits = bench.station.assessor.limits.changed(LimitSet.from_dict(low))
        bench.station.act("limits", "Ada", limits_entry("why", limits))
    elif what == "command":
        asked = {
            "id": len(bench.station.dispatch.desk.requests) + 1, "unit": list(SZ20),
            "command": "enable_housekeeping", "arguments": {"structure_id": 1},
            "raw": {"structure_id": 1}, "expires_us": bench.station.now_us + 60 * S, "hazard": "",
        }  # fmt: skip
        bench.station.act("command", "Ada", asked)
    elif what == "inspection":
        seen = Inspection(SZ20, T0 + bench.now, "Ada", "outer", "clear")
        bench.station.inspect(seen)
    bench.seconds(rng.randrange(2, 14))


STEPS = (
    "hit", "pressure", "reboot", "away", "restart", "acknowledge", "shelve", "inspection",
    "context", "limits", "command", "",
)  # fmt: skip


@pytest.mark.parametrize("seed", range(4))
def test_any_story_is_known_as_if_nothing_had_been_dropped(
    seed: int, benches: tuple[KeptBench, KeptBench]
) -> None:
    whats = random.Random(seed).choices(STEPS, k=24)
    for bench in benches:
        rng = random.Random(seed)
        bench.seconds(5)
        for what in whats:
            step(bench, what, rng)
        while bench.keeper and bench.keeper.busy:
            bench.second()
    kept, twin = benches
    twin.seconds((kept.now - twin.now) // S)
    assert "retention" in kept.kinds()
    assert kept.known() == twin.known()
    for bench in benches:
        bench.restart()
    assert kept.known() == twin.known()
    assert [k for k in kept.kinds() if k != "retention"] == twin.kinds()
    # It is really gone, but for what is evidence, and nobody asks the units for it.
    for unit, key in zip(kept.units, (SZ20, SZ21), strict=True):
        here, there = kept.archived(unit), twin.archived(unit)
        assert here.items() <= there.items() and len(here) < len(there)
        assert kept.station.streams[key].holes() == twin.station.streams[key].holes()
    held = {
        (p.vehicle, p.boot, p.record)
        for a in kept.station.assessor.alarms
        if a.state != "normal"
        for p in a.evidence
    }
    stored = {(u.vehicle, *record) for u in kept.units for record in kept.archived(u)}
    assert held <= stored


def test_evidence_stays_until_its_alarm_is_closed_and_raw_bytes_with_it(
    benches: tuple[KeptBench, KeptBench],
) -> None:
    bench = benches[0]
    bench.seconds(10)
    unit = bench.units[0]
    unit.now = bench.now
    hit = unit.hit()
    record = (unit.boot_id, unit.next_record - 1)
    bench.deliver(unit, [hit])
    bench.seconds(200)
    archive = bench.station.archive
    assert bench.archived(unit)[record] == hit
    assert any(frame.encode(hit) in chunk.data for chunk in archive.raw())
    old = [k for k in bench.archived(unit) if k[1] < 3]
    assert not old or record[1] < 20  # only what shares the hit's blocks is left of that time
    alarm = next(a for a in bench.station.assessor.alarms if a.key.startswith("impact"))
    bench.station.acknowledge(alarm.id, "Ada", "")
    bench.station.inspect(Inspection(SZ20, T0 + bench.now, "Ada", "outer", "clear"))
    bench.seconds(80)
    assert record not in bench.archived(unit)
    assert not any(frame.encode(hit) in chunk.data for chunk in archive.raw())
    assert any(a.id == alarm.id for a in bench.station.assessor.alarms)  # what was, is known
    kinds = bench.kinds()
    assert kinds.count("acknowledge") == kinds.count("inspection") == 1


def test_alarms_that_are_kept_can_be_evidenced(benches: tuple[KeptBench, KeptBench]) -> None:
    kept, twin = benches
    for bench in benches:
        bench.seconds(10)
        deliver_hit(bench)
        bench.seconds(200)
        deliver_hit(bench)
        bench.seconds(5)
    archive = kept.station.archive
    first, second = [a.id for a in alarms_of(kept) if a.key.startswith("impact")]
    assert alarms_of(kept) == alarms_of(twin)
    for number, when in ((first, "now"), (second, "now"), (second, "raised")):
        case = gather(archive, number, when)
        assert case.alarm == gather(twin.station.archive, number, when).alarm
        assert len(list(case.packets())) > 0
    with pytest.raises(EvidenceError, match="--at now tells it as it is"):
        gather(archive, first, "raised")


def test_a_silence_that_is_over_can_be_evidenced(benches: tuple[KeptBench, KeptBench]) -> None:
    """It ends long after it rose, and a hole follows where nothing was kept for it."""
    kept, twin = benches
    for bench in benches:
        bench.seconds(20)
        bench.up = False
        bench.seconds(50)
        bench.up = True
        bench.seconds(200)
    archive = kept.station.archive
    found = [a for a in alarms_of(kept) if a.key == "silence:sz20/w1"]
    assert [(a.state, a.count) for a in found] == [("returned", 1)]
    case = gather(archive, found[0].id)
    assert case.alarm == gather(twin.station.archive, found[0].id).alarm
    assert 0 < len(case.packets()) < 200
    verdict = verify(write(case))
    assert verdict.identical, (verdict.problems, verdict.differences)


def test_what_retention_took_from_an_alarm_is_not_told_as_damage(
    benches: tuple[KeptBench, KeptBench],
) -> None:
    bench = benches[0]
    bench.seconds(20)
    bench.up = False
    bench.seconds(50)
    bench.up = True
    bench.seconds(200)
    number = next(a.id for a in alarms_of(bench) if a.key == "silence:sz20/w1")
    bench.station.archive.maintain("DELETE FROM block")  # as a version that kept less would
    with pytest.raises(EvidenceError, match="retention has dropped part of what came until 20"):
        gather(bench.station.archive, number)


def deliver_hit(bench: KeptBench) -> None:
    unit = bench.units[0]
    unit.now = bench.now
    bench.deliver(unit, [unit.hit()])


def alarms_of(bench: KeptBench) -> list[Alarm]:
    return list(bench.station.assessor.alarms)


def test_what_was_dropped_is_told_and_is_no_gap(benches: tuple[KeptBench, KeptBench]) -> None:
    bench = benches[0]
    bench.seconds(150)
    told = summary(bench.station)["dropped_by_retention"]
    assert told and told[0]["why"] == "age" and told[0]["packets"] > 0
    assert sum(t["packets"] for t in told) + len(bench.archived(bench.units[0])) + len(
        bench.archived(bench.units[1])
    ) == sum(len(u.made) for u in bench.units)
    sent = len(bench.sent)
    bench.restart()
    bench.seconds(30)
    asked = [c for u in bench.units for c in u.commands if c.subtype == 1 and c.service == 130]
    assert not asked and len(bench.sent) > sent
    for unit in (SZ20, SZ21):
        assert bench.station.streams[unit].count(lost=True) == 0
        assert bench.station.streams[unit].count(lost=False) == 0
    unit = bench.units[0]
    for k in range(12):
        unit.now = bench.now
        bench.deliver(unit, [unit.housekeeping(100_500 + 10 * k)])  # no longer a stuck sensor
        bench.second()
    archive = bench.station.archive
    span = (0, 2**60)
    points = history(archive, SZ20, "p_gap2", *span)
    assert points[0][0] > T0 + 10 * S and points[-1][0] > T0 + 170 * S  # to a block
    assert extremes(archive, SZ20, "p_gap2", span, 10)[0][0] >= points[0][0]
    archive.commit()
    reader = open_archive(bench.path)
    known = known_from(reader)
    assert "dropped_by_retention" in summary(known)
    assert not fsck(bench.path, lambda *_: None).damage
    apart = Station(Archive(), FLEET, Assessor)  # as `replay` plays it
    for _ in fold(apart, reader):
        pass
    assert list(apart.assessor.alarms) == list(known.assessor.alarms) != []
    # As `limits try` does it: what remains, under limits that all of it violates.
    low = {"p_gap2": {"any": {"low": {"watch": 102_000}}}}
    trial = try_limits(reader, known.assessor.limits.changed(LimitSet.from_dict(low)))
    assert [a for a in trial.come if a.unit == str(SZ20)], trial
    reader.close()


def test_a_kill_between_two_slices_loses_nothing(
    benches: tuple[KeptBench, KeptBench], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dropping, "BLOCKS", 1)
    monkeypatch.setattr(dropping, "RAW_ROWS", 3)
    monkeypatch.setattr(keeper, "SLICE_S", 0.0)
    kept, twin = benches
    kept.seconds(64)
    assert kept.keeper and kept.keeper.busy  # a slice a second: live data goes on between them
    before = len(kept.archived(kept.units[0]))
    kept.seconds(3)
    assert kept.keeper.busy and len(kept.archived(kept.units[0])) != before
    twin.seconds(67)
    assert kept.known() == twin.known()
    for bench in benches:
        bench.restart()
    assert kept.known() == twin.known()
    kept.seconds(40)
    twin.seconds(40)
    assert kept.known() == twin.known()


def test_a_size_is_kept_and_the_space_given_back(tmp_path: Path) -> None:
    size = 1_500_000
    kind = type("Sized", (KeptBench,), {"policy": Policy(size=size)})
    bench: KeptBench = kind(tmp_path, [FakeUnit(), FakeUnit(vehicle="sz21", apid=2, key=b"k" * 32)])
    largest = 0
    for _ in range(60):
        noise = Chunk("line-sz20", T0 + bench.now, bytes(50_000), framed=True)
        bench.station.receive(noise)
        bench.second()
        largest = max(largest, dropping.used_bytes(bench.station.archive))
    assert "retention" in bench.kinds()
    assert largest < 1.25 * size
    free = bench.station.archive.maintain("PRAGMA freelist_count")[0][0]
    assert free <= dropping.SPARE_PAGES + 200
    bench.station.archive.maintain("PRAGMA wal_checkpoint(TRUNCATE)")
    assert bench.path.stat().st_size < 1.5 * size
    conclusions = bench.known()
    bench.kill()
    bench.open()
    after = bench.known()
    for name in ("alarms", "counts", "holes", "newest"):
        assert after[name] == conclusions[name]
    bench.kill()


def test_prune_of_a_stopped_station(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bench = KeptBench(tmp_path, [FakeUnit(), FakeUnit(vehicle="sz21", apid=2, key=b"k" * 32)])
    bench.seconds(36)  # its sensors count as stuck: open alarms, which keep what is around them
    unit = bench.units[0]
    unit.now = bench.now
    bench.deliver_together(unit, 2000)  # the sensors move: their alarms return
    bench.seconds(12)
    unit.now = bench.now
    bench.deliver_together(unit, 3000)
    bench.seconds(12)
    unit.now = bench.now
    bench.deliver(unit, [unit.hit()])
    bench.seconds(30)
    before = bench.known()
    args = ["prune", str(bench.path), "--keep-days", "0.0002", "--keep-size", "1G", "--json"]
    assert main(args) == 2 and "--keep-days" in capsys.readouterr().err  # it is in use
    bench.kill()
    with closing(sqlite3.connect(bench.path, isolation_level=None)) as db:
        db.execute("PRAGMA auto_vacuum = 0")  # as an earlier version made it
        db.execute("VACUUM")
        assert db.execute("PRAGMA auto_vacuum").fetchone() == (0,)
    assert main(["prune", str(bench.path)]) == 2
    capsys.readouterr()
    assert main(args) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["dropped"][0]["packets"] > 50 and told["bytes"] < told["bytes_before"]
    assert "command line" in told["dropped"][0]["by"]
    reader = open_archive(bench.path)
    assert reader.maintain("PRAGMA auto_vacuum") == [(2,)]
    after = known_from(reader)
    reader.close()
    assert list(after.assessor.alarms) == before["alarms"]
    assert {u: s.packets for u, s in after.streams.items()} == {
        u: counts[0] for u, counts in before["counts"].items()
    }
    bench.open()
    bench.seconds(10)
    bench.kill()


def test_prune_that_frees_less_than_it_takes_drops_nothing(tmp_path: Path, capsys) -> None:
    bench = KeptBench(tmp_path, [FakeUnit()])
    bench.seconds(30)
    bench.kill()
    before = bench.path.stat().st_size
    args = ["prune", str(bench.path), "--keep-days", "0.0001"]
    assert main(args) == 0
    told = capsys.readouterr().out
    assert "nothing dropped: about" in told and "takes about" in told
    assert bench.path.stat().st_size <= before
    with closing(Archive(bench.path, write=False)) as archive:
        assert not [row for row in archive.journal() if row.kind == "retention"]


def test_a_state_of_other_classes_is_refused_in_words(
    benches: tuple[KeptBench, KeptBench], monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = benches[0]
    bench.seconds(70)
    assert "retention" in bench.kinds()
    bench.kill()
    shape = graph.shape

    def other(kind: type) -> list[str]:
        return [*shape(kind), "new"] if kind.__name__ == "AlarmBook" else shape(kind)

    monkeypatch.setattr(graph, "shape", other)
    with pytest.raises(ForeignArchive, match=r"retention.*AlarmBook.*the version that wrote"):
        bench.open()
    monkeypatch.undo()
    bench.station.archive.close()
    for lock in bench.folder.glob("*.lock"):
        lock.unlink()
    bench.open()


@pytest.mark.parametrize(
    "node",
    [
        {"root": ["is", 0], "objects": [["object", "pathlib:Path", {}]], "shapes": {}},
        {"root": ["enum", "os:system", "true"], "objects": [], "shapes": {}},
        {"root": ["is", 0], "objects": [["object", "ground.model:replace", {}]], "shapes": {}},
        {"root": ["is", 3], "objects": [], "shapes": {}},
        {"root": ["is", 0], "objects": [["tuple", [["is", 0]]]], "shapes": {}},
        {"root": ["is", 0], "objects": [["array", "<f8", [9], ""]], "shapes": {}},
    ],
)
def test_nothing_but_plain_state_is_read(node: dict[str, Any]) -> None:
    with pytest.raises(rooms.GraphError):
        graph.read(zlib.compress(json.dumps(node).encode()), {})
    with pytest.raises(rooms.GraphError):
        graph.read(b"nothing", {})


def test_a_size_that_evidence_forbids_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evidence, "AROUND_US", 3_600 * S)
    kind = type("Sized", (KeptBench,), {"policy": Policy(size=400_000)})
    bench: KeptBench = kind(tmp_path, [FakeUnit()])
    bench.seconds(3)
    unit = bench.units[0]
    unit.now = bench.now
    bench.deliver(unit, [unit.hit()])
    for _ in range(12):
        noise = Chunk("line-sz20", T0 + bench.now, bytes(50_000), framed=True)
        bench.station.receive(noise)
        bench.second()
    assert "archive:size" in bench.station.notices
    assert [a for a in bench.open_alarms("archive:size") if "keep their evidence" in a.what]
    bench.kill()


def test_what_cannot_be_written_down_ends_nothing(
    benches: tuple[KeptBench, KeptBench], monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = benches[0]
    monkeypatch.setattr(rooms, "ROOMS", ("ground.model",))
    bench.seconds(70)
    assert "retention" not in bench.kinds()
    assert "nothing is dropped" in bench.station.notices["archive:retention"]
    monkeypatch.undo()
    bench.seconds(70)
    assert "archive:retention" not in bench.station.notices


def test_of_large_states_fewer_are_held_and_it_drops_all_the_same(
    benches: tuple[KeptBench, KeptBench], monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, twin = benches
    monkeypatch.setattr(keeper, "HELD", 100_000)
    for bench in benches:
        bench.seconds(150)
    assert kept.keeper and len(kept.keeper._snapshots) < 6
    assert "retention" in kept.kinds()
    for bench in benches:
        bench.restart()
    assert kept.known() == twin.known()


async def test_a_running_service_gives_it_a_slice_after_each_commit(tmp_path: Path) -> None:
    bench = KeptBench(tmp_path, [FakeUnit()])
    called = asyncio.Event()

    class Watched(Keeper):
        def second(self, station: Any) -> None:
            assert station is bench.station
            called.set()

    clock = SteadyClock()
    service = Service(bench.station, [], clock, keeper=Watched(Policy(S), clock))
    task = asyncio.create_task(service.run())
    async with asyncio.timeout(10):
        await called.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    bench.kill()


def test_a_ground_station_drops_and_is_backed_up_while_it_runs(
    tmp_path: Path,
    run_panewatch: Callable[..., Program],
    free_port: int,
    capsys: pytest.CaptureFixture[str],
) -> None:
    bench = KeptBench(tmp_path, [FakeUnit(), FakeUnit(vehicle="sz21", apid=2, key=b"k" * 32)])
    bench.seconds(20)
    bench.kill()
    bench.now += 3_600 * S  # so that no alarm of the second run is near the first
    bench.open()
    bench.seconds(20)
    for alarm in bench.station.assessor.alarms:
        if alarm.state == "returned":
            bench.station.acknowledge(alarm.id, "Ada", "")
    alarms = list(bench.station.assessor.alarms)
    bench.station.commit()
    bench.kill()
    ground = run_panewatch(
        "ground", "--link", f"socket://127.0.0.1:{free_port}", "--archive", str(bench.path),
        "--keys", str(tmp_path / "keys"), "--keep-days", "1", cwd=tmp_path,
    )  # fmt: skip
    ground.wait_for("Archive: ")
    end_s = time.monotonic() + 60
    while not (drops := _drops(bench.path)):
        assert time.monotonic() < end_s, "nothing was dropped"
        time.sleep(0.2)
    assert drops[0]["packets"] > 0 and drops[0]["until"] < "2026"
    out = tmp_path / "b.tar"
    code = main(
        ["backup", str(bench.path), "--out", str(out), "--keys", str(tmp_path / "keys"),
         "--access", str(tmp_path / ".panewatch" / "access.sqlite"), "--json"]
    )  # fmt: skip
    told = json.loads(capsys.readouterr().out)
    assert code == 0 and {"access.sqlite", "keys/sz20-w1.key"} < set(told["files"])
    ground.close()
    assert main(["restore", str(out), "--out", str(tmp_path / "again")]) == 0
    reader = open_archive(tmp_path / "again" / "archive.sqlite")
    known = known_from(reader)
    assert "dropped_by_retention" in summary(known)
    reader.close()
    assert [(a.id, a.key) for a in known.assessor.alarms][: len(alarms)] == [
        (a.id, a.key) for a in alarms
    ]


def _drops(path: Path) -> list[dict[str, Any]]:
    reader = open_archive(path)
    try:
        return record.told(reader)
    finally:
        reader.close()
