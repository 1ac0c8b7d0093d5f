"""Keys stay, are secret, and differ; every run has a folder of its own."""

import errno
import os
import stat

import pytest

from ground.model import UnitKey
from ground.stream import keys
from ground.stream.keys import KeyStore
from tools.cli.errors import InputError
from tools.cli.main import main
from tools.run.accounts import accounts
from tools.run.folder import make_keys, make_run_folder
from tools.run.station_file import announced

UNITS = [UnitKey("sz20", "w1"), UnitKey("tiangong", "w1")]


def test_keys_are_made_once_for_the_owner_only(tmp_path):
    folder = make_keys(tmp_path / "home", UNITS[:1])
    first = KeyStore(folder).get(UNITS[0])
    make_keys(tmp_path / "home", UNITS)
    assert KeyStore(folder).get(UNITS[0]) == first
    assert KeyStore(folder).get(UNITS[1]) != first
    assert [stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()] == [0o600, 0o600]


def test_two_runs_in_one_second_have_two_folders(tmp_path):
    first, second = make_run_folder(tmp_path), make_run_folder(tmp_path)
    assert first != second
    assert stat.S_IMODE(second.stat().st_mode) == 0o700


def test_a_home_that_cannot_be_is_one_clear_line(tmp_path):
    (tmp_path / "home").write_text("a file")
    with pytest.raises(InputError, match=r"cannot make a folder in .*runs: Not a directory"):
        make_run_folder(tmp_path / "home")
    with pytest.raises(InputError, match=r"cannot make keys in .*keys"):
        make_keys(tmp_path / "home", UNITS)


@pytest.mark.parametrize(
    "url", ["http://host", "127.0.0.1:1883", "mqtt://", "mqtt://host:no", "host", "mqtt://h:70000"]
)
def test_what_is_no_broker_is_refused(url):
    with pytest.raises(InputError, match="write mqtt://"):
        accounts(url)


@pytest.mark.parametrize("url", ["mqtt://host", "mqtt://user:pass@127.0.0.1:1884"])
def test_a_broker_is_taken(url):
    accounts(url)


def test_a_full_disk_leaves_no_empty_key(tmp_path, monkeypatch, capsys):
    """One that is there would be taken for the unit's from then on."""

    def full(_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.chdir(tmp_path)
    with monkeypatch.context() as disk:
        disk.setattr(keys.os, "fsync", full)
        assert main(["key", "new", "sz20/w2"]) == 2
    assert "No space left" in capsys.readouterr().err
    assert list((tmp_path / ".panewatch" / "keys").iterdir()) == []
    assert main(["key", "new", "sz20/w2"]) == 0
    (made,) = (tmp_path / ".panewatch" / "keys").iterdir()
    assert (made.name, len(made.read_bytes())) == ("sz20-w2.key", 32)
    assert stat.S_IMODE(made.stat().st_mode) == 0o600


def test_an_empty_key_is_told_as_one(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    folder = make_keys(tmp_path / ".panewatch", [])
    (folder / "sz20-w2.key").touch(mode=0o600)
    assert main(["key", "new", "sz20/w2"]) == 2
    assert "it is no key, so remove it" in capsys.readouterr().err


def test_a_pipe_is_no_key_and_nobody_waits_for_it(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    folder = make_keys(tmp_path / ".panewatch", [])
    os.mkfifo(folder / "sz20-w2.key", 0o600)
    assert main(["key", "list"]) == 2
    said = capsys.readouterr().err
    assert "sz20-w2.key: is no file" in said
    assert said.count("\n") == 1


def test_the_home_is_its_owners_whatever_the_umask(tmp_path):
    before = os.umask(0)
    try:
        make_keys(tmp_path / "one", [UnitKey("sz20", "w1")])
        make_run_folder(tmp_path / "two")
        with announced(tmp_path / "three", "http://127.0.0.1:1/", print):
            pass
    finally:
        os.umask(before)
    for name in ("one", "two", "three"):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o700
