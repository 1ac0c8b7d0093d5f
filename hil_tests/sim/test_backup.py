"""Backup beside a ground that receives, and what is restored from it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import stat
import tarfile
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from ground.access.access import Access
from ground.access.store import AccessStore
from ground.archive.archive import Archive
from ground.archive.errors import ArchiveInUse, ArchiveUnwritable, ForeignArchive
from ground.backup import copying, parcel
from ground.backup.making import Sources, back_up
from ground.backup.parcel import BackupError
from ground.backup.restoring import restore
from hil_tests.sim.fake_unit import FakeUnit
from hil_tests.sim.ground_bench import T0, Bench
from tools.cli.main import main


def quiet(*_: Any) -> None:
    pass


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    (tmp_path / "live").mkdir()
    return Bench(tmp_path / "live", [FakeUnit()])


def test_a_backup_beside_a_receiving_ground_has_all_that_was_acknowledged(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copying, "PAGES", 1)
    bench.seconds(40)
    unit = bench.units[0]
    before = dict(unit.made)
    acknowledged = before.keys() - unit.store.keys()
    assert len(acknowledged) > 40
    steps = []

    def told(words: str, done: float, total: float) -> None:
        if words.startswith("copying archive"):
            steps.append(done)
            if len(steps) <= 30:
                bench.second()  # it takes packets in, commits and acknowledges

    manifest = back_up(Sources(bench.path), tmp_path / "b.tar", T0, told)
    assert len(steps) > 30 and len(unit.made) > len(before) + 30
    assert manifest.rows["packets"] == len(before)  # of one moment, the one at which it began
    bench.seconds(5)  # and the ground goes on
    bench.kill()

    restore(tmp_path / "b.tar", tmp_path / "restored", quiet)
    bench.path = tmp_path / "restored" / "archive.sqlite"
    assert acknowledged <= bench.archived(unit).keys()
    assert bench.archived(unit) == before
    bench.open()  # what came since is gone here and from the unit: told as lost, not waited for
    bench.seconds(60)
    assert bench.archived(unit).items() >= before.items()
    newest = max(unit.made)
    assert newest in bench.archived(unit)


@pytest.fixture
def station(tmp_path: Path) -> Sources:
    """A stopped station with users, a session and keys."""
    home = tmp_path / "home"
    (home / "live").mkdir(parents=True)
    bench = Bench(home / "live", [FakeUnit()])
    bench.seconds(10)
    bench.kill()
    store = AccessStore(home / "access.sqlite")
    Access(store, "token", "tester").first_start()
    store.change("INSERT INTO sessions VALUES ('5e5510n', 'admin', 1, 1)")
    store.close()
    (home / "live" / "keys" / "sz20-w1.key.next").write_bytes(b"n" * 48)
    return Sources(bench.path, home / "access.sqlite", home / "live" / "keys")


def test_users_and_keys_come_along_for_their_owner_only(station: Sources, tmp_path: Path) -> None:
    out = tmp_path / "b.tar"
    back_up(station, out, T0, quiet)
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    home = station.archive.parents[1]
    assert not [p.name for p in home.rglob("*") if p.name.endswith(("-wal", "-shm"))]
    folder = tmp_path / "restored"
    restore(out, folder, quiet)
    files = sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())
    assert files == [
        "access.sqlite", "archive.sqlite", "keys/sz20-w1.key", "keys/sz20-w1.key.next"
    ]  # fmt: skip
    assert {stat.S_IMODE((folder / f).stat().st_mode) for f in files} == {0o600}
    assert station.keys is not None
    key = "sz20-w1.key"
    assert (folder / "keys" / key).read_bytes() == (station.keys / key).read_bytes()
    with closing(AccessStore(folder / "access.sqlite")) as store:
        assert store.rows("SELECT name FROM users") == [("admin",)]
        assert store.rows("SELECT * FROM sessions") == []
    assert b"5e5510n" not in out.read_bytes()


def test_without_secrets_there_are_none(station: Sources, tmp_path: Path) -> None:
    out = tmp_path / "b.tar"
    assert main(["backup", str(station.archive), "--out", str(out), "--no-secrets"]) == 0
    with tarfile.open(out) as tar:
        assert tar.getnames() == ["manifest.json", "archive.sqlite"]
    assert station.keys is not None
    assert (station.keys / "sz20-w1.key").read_bytes() not in out.read_bytes()


def test_nothing_is_overwritten_unless_told(
    station: Sources, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, folder = tmp_path / "b.tar", tmp_path / "restored"
    args = ["backup", str(station.archive), "--out", str(out), "--no-secrets", "--json"]
    assert main(args) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["files"] == ["archive.sqlite"] and told["rows"]["packets"] > 10
    before = out.read_bytes()
    assert main(args) == 2 and "--replace" in capsys.readouterr().err
    assert out.read_bytes() == before
    assert main([*args, "--replace"]) == 0
    put = ["restore", str(out), "--out", str(folder), "--json"]
    assert main(put) == 0
    (folder / "archive.sqlite").write_bytes(b"another")
    (folder / "archive.sqlite-wal").write_bytes(b"its log")
    assert main(put) == 2 and "--replace" in capsys.readouterr().err
    assert (folder / "archive.sqlite").read_bytes() == b"another"
    assert main([*put, "--replace"]) == 0
    assert not (folder / "archive.sqlite-wal").exists()
    Archive(folder / "archive.sqlite", write=False).close()
    assert sorted(p.name for p in folder.iterdir()) == ["archive.sqlite"]


def test_an_archive_in_use_is_not_replaced(station: Sources, tmp_path: Path) -> None:
    back_up(station, tmp_path / "b.tar", T0, quiet)
    folder = tmp_path / "restored"
    restore(tmp_path / "b.tar", folder, quiet)
    with closing(Archive(folder / "archive.sqlite")), pytest.raises(ArchiveInUse):
        restore(tmp_path / "b.tar", folder, quiet, replace=True)


@pytest.mark.parametrize("place", ["archive", "end", "manifest", "foreign", "rows"])
def test_a_damaged_backup_changes_nothing(place: str, station: Sources, tmp_path: Path) -> None:
    out, folder = tmp_path / "b.tar", tmp_path / "restored"
    back_up(station, out, T0, quiet)
    restore(out, folder, quiet)
    with closing(Archive(folder / "archive.sqlite")) as archive:
        archive.add_journal(1, "Ada", "stop", {})
        archive.commit()
    there = {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    data = bytearray(out.read_bytes())
    if place == "archive":
        data[data.index(b"SQLite format 3") + 5000] ^= 1
    elif place == "end":
        del data[len(data) // 2 :]
    elif place == "manifest":
        data[data.index(b"sha256") + 12] ^= 3
    elif place == "rows":
        at = data.index(b'"packets": ') + 11
        data[at : at + 1] = b"9" if data[at : at + 1] != b"9" else b"8"
    else:
        data = bytearray(b"no tar at all")
    out.write_bytes(data)
    with pytest.raises(BackupError) as refused:
        restore(out, folder, quiet, replace=True)
    assert str(refused.value).startswith(f"{out}: ")
    assert {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()} == there
    with pytest.raises(BackupError):
        restore(out, tmp_path / "fresh" / "folder", quiet)
    assert not (tmp_path / "fresh").exists(), "it was made for nothing"


def test_names_that_leave_the_folder_are_refused(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"evil")
    item = parcel.Item("keys/../../x", 4, parcel.digest(tmp_path / "x"))
    manifest = parcel.Manifest("", "", {}, (item,))
    parcel.write(tmp_path / "b.tar", manifest, {item.name: tmp_path / "x"}, quiet)
    with pytest.raises(BackupError, match="belong to no station"):
        restore(tmp_path / "b.tar", tmp_path / "a" / "b", quiet)


def test_a_failing_move_brings_back_what_was_there(
    station: Sources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, folder = tmp_path / "b.tar", tmp_path / "restored"
    back_up(station, out, T0, quiet)
    restore(out, folder, quiet)
    (folder / "keys" / "mark").write_text("mine")
    before = {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    replace = Path.replace

    def failing(self: Path, target: Path) -> Path:
        if self.parent.name == "new" and self.name == "keys":
            raise OSError(28, "no space")
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", failing)
    with pytest.raises(OSError, match="no space"):
        restore(out, folder, quiet, replace=True)
    assert {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()} == before


@pytest.mark.parametrize("place", ["block_hour", "meta"])  # found in reading it, in its copy
def test_a_damaged_archive_is_not_backed_up(
    place: str, station: Sources, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.sqlite"
    shutil.copy(station.archive, path)
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA journal_mode = DELETE")
        page = db.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (place,)).fetchone()
        size = db.execute("PRAGMA page_size").fetchone()[0]
    with path.open("r+b") as file:
        file.seek((page[0] - 1) * size)
        file.write(b"\xff" * size)
    assert main(["backup", str(path), "--out", str(tmp_path / "b.tar"), "--no-secrets"]) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"panewatch: {path}: "), "the source, not the copy that is gone"
    assert "damaged" in said and "`panewatch fsck`" in said and "another backup" not in said
    assert not (tmp_path / "b.tar").exists()


@pytest.mark.parametrize(
    "made",
    [
        "CREATE TRIGGER t BEFORE INSERT ON journal BEGIN SELECT RAISE(IGNORE); END",
        "CREATE VIEW v AS"
        " WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i FROM n) SELECT i FROM n",
    ],
)
def test_an_archive_that_acts_on_its_own_is_opened_by_nothing(
    made: str, station: Sources, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with closing(sqlite3.connect(station.archive)) as db:
        db.execute(made)
    for write in (False, True):
        with pytest.raises(ForeignArchive, match="that no Panewatch made"):
            Archive(station.archive, write=write)
    with pytest.raises(ForeignArchive):
        back_up(station, tmp_path / "b.tar", T0, quiet)
    assert main(["fsck", str(station.archive)]) == 2
    assert "that no Panewatch made" in capsys.readouterr().err


def test_a_restore_that_was_killed_is_not_begun_over_with_nothing(
    station: Sources, tmp_path: Path
) -> None:
    back_up(station, tmp_path / "b.tar", T0, quiet)
    folder = tmp_path / "back"
    restore(tmp_path / "b.tar", folder, quiet)
    aside = folder / ".restore.abc" / "old"
    aside.mkdir(parents=True)
    (folder / parcel.ARCHIVE).replace(aside / parcel.ARCHIVE)  # SIGKILL between two renames
    with pytest.raises(ArchiveUnwritable, match="ended halfway here"):
        Archive(folder / parcel.ARCHIVE)
    (aside / parcel.ARCHIVE).replace(folder / parcel.ARCHIVE)
    Archive(folder / parcel.ARCHIVE).close()


def test_sigterm_leaves_nothing_half_restored(
    station: Sources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    back_up(station, tmp_path / "b.tar", T0, quiet)
    monkeypatch.setattr(copying, "known", lambda *_: os.kill(os.getpid(), signal.SIGTERM))
    with pytest.raises(SystemExit) as ended:
        main(["restore", str(tmp_path / "b.tar"), "--out", str(tmp_path / "back")])
    assert ended.value.code == 143
    assert not (tmp_path / "back").exists()
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_a_sparse_member_is_none_of_ours() -> None:
    """It may be larger than any disk."""
    member = tarfile.TarInfo(parcel.ARCHIVE)
    assert parcel.is_plain(member)
    member.type, member.sparse = tarfile.GNUTYPE_SPARSE, [(0, 1)]
    assert member.isfile() and not parcel.is_plain(member)


@pytest.mark.parametrize(("name", "size"), [("sz20-w1.key", 0), ("sz20-w1.key.next", 20)])
def test_a_key_that_is_none_is_not_backed_up_in_silence(
    station: Sources, tmp_path: Path, name: str, size: int
) -> None:
    assert station.keys is not None
    (station.keys / name).write_bytes(bytes(size))
    with pytest.raises(BackupError, match="must hold"):
        back_up(station, tmp_path / "backup", T0, lambda *_: None)
    assert not (tmp_path / "backup").exists()
