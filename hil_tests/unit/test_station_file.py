"""`.panewatch/station.json`: one station's, while it runs, and what it keeps others from."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from ground.archive.lock import FileLock
from tools.cli.main import main
from tools.run.station_file import NAME, announced, runs_in, station_at

FIRST, SECOND = "http://127.0.0.1:1/?token=one", "http://127.0.0.1:2/?token=two"


def test_a_second_station_leaves_the_entry_of_the_first(tmp_path: Path) -> None:
    said: list[str] = []
    with announced(tmp_path, FIRST, said.append):
        first = station_at(tmp_path)
        assert first is not None and (first.address, first.token) == ("http://127.0.0.1:1", "one")
        assert stat.S_IMODE((tmp_path / NAME).stat().st_mode) == 0o600
        with announced(tmp_path, SECOND, said.append):
            assert station_at(tmp_path) == first
        assert station_at(tmp_path) == first, "the second has ended, the first has not"
        assert len(said) == 1
        assert "another station runs in this folder" in said[0]
        assert said[0].endswith("this one: --station http://127.0.0.1:2")
    assert station_at(tmp_path) is None
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_station_left_is_taken_over(tmp_path: Path) -> None:
    (tmp_path / NAME).write_text('{"address": "http://127.0.0.1:9", "token": "old"}')
    said: list[str] = []
    with announced(tmp_path, SECOND, said.append, tmp_path / "server.pem"):
        known = station_at(tmp_path)
        assert known is not None and known.token == "two"
        assert known.ca == str(tmp_path / "server.pem")
    assert said == []


@pytest.mark.parametrize("home", [".", ".panewatch"])
def test_nothing_is_restored_under_a_running_station(
    home: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("backup").write_bytes(b"never looked at")
    out = tmp_path / "out"
    with announced(out / home, FIRST, print):
        assert runs_in(out / home)
        before = sorted(out.rglob("*"))
        assert main(["restore", "backup", "--out", str(out), "--replace"]) == 2
        assert "a station runs with what is in" in capsys.readouterr().err
        assert sorted(out.rglob("*")) == before
    assert main(["restore", "backup", "--out", str(out), "--replace"]) == 2
    assert "a station runs" not in capsys.readouterr().err


def test_the_lock_is_the_operating_systems(tmp_path: Path) -> None:
    """A lock file that a power cut left keeps nobody out."""
    (tmp_path / f"{NAME}.lock").touch()
    assert not runs_in(tmp_path)
    lock = FileLock(tmp_path / f"{NAME}.lock")
    assert runs_in(tmp_path)
    lock.release()


def test_an_entry_nested_without_end_is_none(tmp_path: Path) -> None:
    (tmp_path / NAME).write_text("[" * 200_000)
    assert station_at(tmp_path) is None
