"""Disks that are full, cannot be written or are damaged, under a ground that goes on."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from ground.archive.archive import Archive
from ground.archive.block import HOUR_US
from ground.archive.errors import ArchiveError, ArchiveUnwritable, DamagedArchive
from ground.archive.history import extremes, history
from ground.model import UnitKey
from hil_tests.sim.fake_unit import FakeUnit
from hil_tests.sim.ground_bench import T0, Bench
from tools.cli.main import main

UNIT = UnitKey("sz20", "w1")
UNSHARE = ["unshare", "-m"] if os.geteuid() == 0 else ["unshare", "-rm"]


def may_mount() -> bool:
    """Whether a disk of a test's own may be mounted here; containers often forbid it."""
    if sys.platform != "linux" or not shutil.which("unshare"):
        return False
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "none", "/mnt"]
    return not subprocess.run([*UNSHARE, *mount], capture_output=True, check=False).returncode


def own_disk(test: str, folder: Path) -> None:
    """Run one of the functions below where it may mount a disk of its own."""
    done = subprocess.run(
        [*UNSHARE, sys.executable, "-c",
         f"import pathlib; from {__name__} import {test}; {test}(pathlib.Path({str(folder)!r}))"],
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def mounted(folder: Path, options: str) -> None:
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "none", str(folder)], check=True)


def until_refused(bench: Bench) -> str:
    """Go on until a commit is refused; its words."""
    for _ in range(3000):
        bench.second()
        if "archive:full" in bench.assessor.active:
            return bench.assessor.active["archive:full"]
    raise AssertionError("every commit was taken")


def nothing_leaves(bench: Bench) -> None:
    """No acknowledgement and no request goes out, and nothing is lost."""
    told = len(bench.sent)
    bench.seconds(12)
    assert len(bench.sent) == told


def goes_on(bench: Bench) -> None:
    bench.seconds(15)
    assert "archive:full" not in bench.assessor.active
    assert bench.archived(bench.units[0]) == bench.units[0].made
    bench.kill()
    assert main(["fsck", str(bench.path)]) == 0
    bench.open()


def full_then_read_only(folder: Path) -> None:
    mounted(folder, "size=600k")
    bench = Bench(folder, [FakeUnit()])
    bench.station.archive.free_bytes = lambda: None  # type: ignore[method-assign]
    full(bench)
    mounted(folder, "remount,size=64m")
    bench.station.archive.free_bytes = lambda: None  # type: ignore[method-assign]
    goes_on(bench)

    bench.seconds(3)
    refused(bench)
    bench.station.stop(T0 + bench.now)
    bench.kill()
    mounted(folder, "remount,ro")
    with pytest.raises(ArchiveUnwritable, match=r"Read-only file system.*name another folder"):
        Archive(bench.path)
    with pytest.raises(ArchiveUnwritable, match="another folder"):
        Archive(folder / "new.sqlite")
    assert main(["fsck", str(bench.path)]) == 0
    assert main(["report", str(bench.path)]) == 0


def test_a_disk_that_is_full_or_read_only_by_what_sqlite_says(tmp_path: Path) -> None:
    """SQLite itself says what it says of such disks: needs no rights."""
    bench = Bench(tmp_path, [FakeUnit()])
    bench.station.archive.free_bytes = lambda: None  # type: ignore[method-assign]
    bench.station.archive._db.execute("PRAGMA max_page_count = 150")
    full(bench)
    bench.station.archive._db.execute("PRAGMA max_page_count = 1000000")
    goes_on(bench)
    bench.seconds(3)
    refused(bench)
    bench.kill()


def full(bench: Bench) -> None:
    words = until_refused(bench)  # the margin would have stopped the units long before
    assert "nothing can be written (database or disk is full); free space on its disk" in words
    nothing_leaves(bench)


def refused(bench: Bench) -> None:
    """A file of an open database keeps its disk from being made read-only: so SQLite says it."""
    bench.station.archive._db.execute("PRAGMA query_only = ON")
    words = until_refused(bench)
    assert "nothing can be written" in words
    assert "make its disk writable" in words
    nothing_leaves(bench)
    bench.station.archive._db.execute("PRAGMA query_only = OFF")
    goes_on(bench)


if may_mount():

    def test_a_disk_that_is_full_or_read_only(tmp_path: Path) -> None:
        own_disk("full_then_read_only", tmp_path)


def spoil(path: Path, offset: int) -> int:
    """Write over a page of a large block of the archive; which hour µs it lies in."""
    with sqlite3.connect(path) as db:
        first_us, data = db.execute(
            "SELECT first_us, data FROM block WHERE name = 'housekeeping' AND count > 200"
            " ORDER BY seq LIMIT 1 OFFSET ?", (offset,),
        ).fetchone()  # fmt: skip
    db.close()
    page = path.read_bytes().find(data[9_000:9_100]) // 4096
    with path.open("r+b") as file:
        file.seek(page * 4096)
        file.write(b"\xa5" * 4096)
    return int(first_us)


def test_a_page_that_is_damaged_while_the_ground_runs(tmp_path: Path) -> None:
    bench = Bench(tmp_path, [FakeUnit()])
    bench.seconds(700)
    bench.kill()
    with sqlite3.connect(bench.path, isolation_level=None) as db:
        db.execute("VACUUM")  # free pages hold what was joined
    db.close()
    bench.open()
    archive = bench.station.archive
    span = (T0 - HOUR_US, T0 + HOUR_US)
    before = history(archive, UNIT, "p_gap2", *span)
    first_us = spoil(bench.path, 1)
    archive._db.execute("PRAGMA cache_size = 1")  # what SQLite still remembers is whole

    after = history(archive, UNIT, "p_gap2", *span)
    lost = sorted(set(before) - set(after))
    assert set(after) < set(before)
    assert lost[0][0] == first_us and len(lost) < len(before) / 2  # that block and no other
    assert extremes(archive, UNIT, "p_gap2", span, 50)
    bench.second()
    words = bench.assessor.active["archive:damaged"]
    assert f"{bench.path}: " in words and "malformed" in words and "panewatch fsck" in words
    made = len(bench.units[0].made)
    bench.seconds(5)
    assert len(bench.units[0].made) > made
    assert history(archive, UNIT, "p_gap2", *span)[-1] != after[-1]  # what comes is stored
    bench.kill()
    with pytest.raises(DamagedArchive, match=r"panewatch fsck.*restore a backup"):
        bench.open()


def test_two_grounds_on_one_archive(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    bench = Bench(tmp_path, [FakeUnit()])
    bench.seconds(5)
    link = ["--link", "socket://127.0.0.1:9", "--archive", str(bench.path)]
    assert main(["ground", *link]) == 2
    words = capsys.readouterr().err
    assert "another ground station writes to this archive; stop it or name another" in words
    bench.seconds(5)
    assert bench.archived(bench.units[0]) == bench.units[0].made  # the first one goes on
    assert main(["fsck", str(bench.path)]) == 0
    bench.kill()


def test_a_commit_into_damage_is_no_success(tmp_path: Path) -> None:
    """Nothing is acknowledged, and the ground ends with words."""
    bench = Bench(tmp_path, [FakeUnit()])
    bench.seconds(12)
    bench.kill()
    with sqlite3.connect(bench.path) as db:
        roots = dict(db.execute("SELECT name, rootpage FROM sqlite_master"))
    db.close()
    bench.open()
    bench.station.archive._db.execute("PRAGMA cache_size = 1")
    bench.station.archive._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with bench.path.open("r+b") as file:
        file.seek((roots["raw"] - 1) * 4096)
        file.write(b"\xa5" * 4096)
    told = len(bench.sent)
    with pytest.raises(ArchiveError, match="the archive is damaged"):
        bench.seconds(2)
    assert len(bench.sent) == told
