"""`prune`, `backup` and the migration killed anywhere: all is whole or as before, nothing is left.

A SIGKILL leaves on disk what was written until then. So at many places within a run the files are
copied as they are, and each copy is what a kill there would have left. One process of each command
is really killed as well.
"""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from ground.archive import opening
from ground.archive.archive import Archive
from ground.archive.check.fsck import fsck
from ground.backup import copying
from ground.retention import dropping, evidence
from hil_tests.sim.fake_unit import FakeUnit
from hil_tests.sim.ground_bench import S
from hil_tests.sim.test_retention import KeptBench, deliver_hit
from hil_tests.unit.test_fsck import made
from hil_tests.unit.test_history import made_old, without_checksums
from tools.cli.main import main
from tools.cli.recorded import known_from
from tools.sim.runtime import environment

COPIES = 14
"""Of all places so many are opened and checked."""
EVERY = 200
"""SQLite's steps between two places."""
PRUNE = ["--keep-days", "1", "--keep-size", "10M"]  # with a size it drops whatever that costs


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As a ground station leaves it, with a strike, in small pages that cannot be given back."""
    folder = tmp_path_factory.mktemp("stopped")
    bench = KeptBench(folder, [FakeUnit(), FakeUnit(vehicle="sz21", apid=2, key=b"k" * 32)])
    bench.seconds(3)
    bench.deliver_together(bench.units[0], 1500)
    bench.seconds(20)
    deliver_hit(bench)
    bench.seconds(40)
    bench.station.stop(bench.station.now_us + S)
    bench.kill()
    path = folder / "whole.sqlite"
    with closing(sqlite3.connect(bench.path, isolation_level=None)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        db.execute("PRAGMA auto_vacuum = 0")  # so that `prune` writes the file anew as well
        db.execute("VACUUM")
    shutil.copy(bench.path, path)
    return path


@pytest.fixture(autouse=True)
def fine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small steps, and a cache so small that SQLite writes within transactions."""
    monkeypatch.setattr(evidence, "AROUND_US", S)
    monkeypatch.setattr(evidence, "RAW_US", S // 2)
    monkeypatch.setattr(dropping, "BLOCKS", 2)
    monkeypatch.setattr(dropping, "RAW_ROWS", 8)
    monkeypatch.setattr(copying, "PAGES", 8)


class Places:
    """Copies of a folder as it was at places of a run, fewer and fewer as they get many."""

    def __init__(self, folder: Path, to: Path) -> None:
        self.folder, self.to = folder, to
        self.copies: list[Path] = []
        self._calls, self._each = 0, 1

    def __call__(self) -> None:
        self._calls += 1
        if self._calls % self._each:
            return
        copy = self.to / f"{self._calls}"
        shutil.copytree(self.folder, copy, ignore=shutil.ignore_patterns("*-shm"))
        self.copies.append(copy)
        if len(self.copies) > 2 * COPIES:
            for other in self.copies[::2]:
                shutil.rmtree(other)
            del self.copies[::2]
            self._each *= 2


def watch(monkeypatch: pytest.MonkeyPatch, places: Callable[[], object]) -> None:
    """Call it every few steps of each connection that writes to an archive."""
    connected = opening.connected

    def watched(path: Path, how: str) -> sqlite3.Connection:
        db = connected(path, how)
        if how == "mode=rw":
            db.execute("PRAGMA cache_size = 4")
            db.set_progress_handler(lambda: places() and None, EVERY)
        return db

    monkeypatch.setattr(opening, "connected", watched)


def content(path: Path) -> dict[str, Any]:
    """What the ground knows from an archive, and the packets in it; it is whole, and its own."""
    assert not fsck(path, lambda *_: None).damage
    archive = Archive(path)  # the lock that was left is nobody's
    try:
        station = known_from(archive)
        return {
            "alarms": list(station.assessor.alarms),
            "impacts": list(station.assessor.impacts),
            "counts": {u: s.packets for u, s in station.streams.items()},
            "packets": sorted(archive.telemetry()),
            "drops": [row.data for row in archive.journal() if row.kind == "retention"],
        }
    finally:
        archive.close()


def names(folder: Path) -> list[str]:
    """Of all files but those that SQLite has beside an archive which someone reads."""
    return sorted(p.name for p in folder.iterdir() if not p.name.endswith(("-wal", "-shm")))


def some(places: Places) -> Iterator[Path]:
    """Not all of them, the first and the last among these."""
    step = max(len(places.copies) // COPIES, 1)
    assert len(places.copies) >= 5, "too few places"
    yield from {*places.copies[::step], places.copies[-1]}


def test_prune_killed_anywhere(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    path = folder / "a.sqlite"
    shutil.copy(archive, path)
    before = content(path)
    places = Places(folder, tmp_path)
    with monkeypatch.context() as patch:
        watch(patch, places)
        assert main(["prune", str(path), *PRUNE]) == 0
    after = content(path)
    assert set(after["packets"]) < set(before["packets"])
    known = ("alarms", "impacts", "counts")
    seen = set()
    for copy in some(places):
        found = content(copy / "a.sqlite")
        assert {k: found[k] for k in known} == {k: before[k] for k in known}
        held, whole = set(found["packets"]), set(before["packets"])
        assert set(after["packets"]) <= held <= whole
        if held != whole:
            assert found["drops"]  # nothing goes before it is written down that it may
        seen.add((len(found["drops"]), held == whole, held == set(after["packets"])))
        assert names(copy) == ["a.sqlite"]  # the lock that was left is gone with its next user
    assert len(seen) >= 3, seen  # before, in the midst, and after
    last = content_after_another_prune(next(iter(some(places))) / "a.sqlite")
    assert last["packets"] == after["packets"]


def content_after_another_prune(path: Path) -> dict[str, Any]:
    assert main(["prune", str(path), *PRUNE]) == 0
    return content(path)


@pytest.mark.parametrize("version", [1, 2])
def test_a_migration_killed_anywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: int
) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    path = made(folder / "a.sqlite", 120)
    if version == 1:
        new = path.replace(tmp_path / "new.sqlite")
        made_old(new, path)
    else:
        without_checksums(path)
    with closing(Archive(path, write=False)) as reader:
        packets = sorted(reader.telemetry())
        alarms = list(known_from(reader).assessor.alarms)
    places = Places(folder, tmp_path)
    with monkeypatch.context() as patch:
        watch(patch, places)
        Archive(path).close()
    written = max(
        (copy / "a.sqlite-wal").stat().st_size
        for copy in places.copies if (copy / "a.sqlite-wal").exists()
    )  # fmt: skip
    assert written > 20_000  # some of it was on disk before it counted
    formats = set()
    for copy in some(places):
        with closing(sqlite3.connect(copy / "a.sqlite")) as db:
            formats.add(db.execute("PRAGMA user_version").fetchone()[0])
        Archive(copy / "a.sqlite").close()
        found = content(copy / "a.sqlite")
        assert found["packets"] == packets and found["alarms"] == alarms
    assert version in formats


def test_a_backup_killed_anywhere(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "run"
    (folder / "keys").mkdir(parents=True)
    (folder / "keys" / "sz20-w1.key").write_bytes(b"k" * 32)
    path = folder / "a.sqlite"
    shutil.copy(archive, path)
    octets, before = archive.read_bytes(), content(archive)
    places = Places(folder, tmp_path)
    out = ["--out", str(folder / "b.tar"), "--keys", str(folder / "keys")]
    with monkeypatch.context() as patch:
        patch.setattr("tools.cli.progress.Progress.__call__", lambda *_: places())
        assert main(["backup", str(path), *out]) == 0
    assert names(folder) == ["a.sqlite", "b.tar", "keys"]
    for copy in some(places):
        assert (copy / "a.sqlite").read_bytes() == octets
        assert not (copy / "b.tar").exists()  # it gets its name once it is whole
        left = [p for p in copy.iterdir() if p.name.startswith(".b.tar.") and p.is_dir()]
        assert len(left) == 1
        again = ["--out", str(copy / "b.tar"), "--keys", str(copy / "keys")]
        assert main(["backup", str(copy / "a.sqlite"), *again]) == 0
        # What was left, keys in it, is gone; nothing but the backup is there.
        assert names(copy) == ["a.sqlite", "b.tar", "keys"]
        assert main(["restore", str(copy / "b.tar"), "--out", str(copy / "again")]) == 0
    assert content(copy / "again" / "archive.sqlite") == before


def test_two_backups_of_one_name_do_not_meet(
    archive: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    path = tmp_path / "a.sqlite"
    shutil.copy(archive, path)
    args = ["backup", str(path), "--no-secrets", "--out", str(tmp_path / "b.tar")]
    codes = []

    def told(*_: object) -> None:
        if not codes:
            codes.append(0)
            codes.append(main(args))

    monkeypatch.setattr("tools.cli.progress.Progress.__call__", told)
    other = tmp_path / ".b.tar.of-people"
    other.mkdir()
    assert main(args) == 0
    assert codes[1] == 2 and "another backup writes it now" in capsys.readouterr().err
    assert other.is_dir()


KILL = """
import os, signal, sys
from ground.archive import opening
from ground.retention import dropping, evidence
from tools.cli.main import main
from tools.cli.progress import Progress

evidence.AROUND_US = evidence.RAW_US = 1_000_000
dropping.BLOCKS, dropping.RAW_ROWS = 2, 8
left = int(sys.argv[1])

def count(*_):
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)

connected = opening.connected

def watched(path, how):
    db = connected(path, how)
    if how == "mode=rw":
        db.execute("PRAGMA cache_size = 4")
        db.set_progress_handler(count, 200)
    return db

opening.connected = watched
Progress.__call__ = count
sys.exit(main(sys.argv[2:]))
"""


@pytest.mark.parametrize(("command", "calls"), [("prune", 300), ("backup", 4), ("migration", 40)])
def test_a_killed_process(archive: Path, tmp_path: Path, command: str, calls: int) -> None:
    path = tmp_path / "a.sqlite"
    shutil.copy(archive, path)
    before = content(path)
    if command == "migration":
        without_checksums(path)
    args = {
        "prune": ["prune", str(path), *PRUNE],
        "migration": ["prune", str(path), "--keep-size", "1T"],  # opens it, and drops nothing
        "backup": ["backup", str(path), "--no-secrets", "--out", str(tmp_path / "b.tar")],
    }[command]
    done = subprocess.run(
        [sys.executable, "-c", KILL, str(calls), *args],
        env=environment(), cwd=Path.cwd(), capture_output=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert not (tmp_path / "b.tar").exists()
    Archive(path).close()
    found = content(path)
    assert set(found["packets"]) <= set(before["packets"])
    assert found["packets"] == before["packets"] or found["drops"]
    for name in ("alarms", "impacts", "counts"):
        assert found[name] == before[name]
    assert main(args) == 0
    assert set(names(tmp_path)) - {"b.tar"} == {"a.sqlite"}
    assert os.access(path, os.W_OK)
