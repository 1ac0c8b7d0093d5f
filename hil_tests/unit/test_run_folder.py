"""Keys stay, are secret, and differ; every run has a folder of its own."""

import stat

import pytest

from ground.model import UnitKey
from ground.stream.keys import KeyStore
from tools.cli.errors import InputError
from tools.run.folder import make_keys, make_run_folder
from tools.run.main import check_broker

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
        check_broker(url)


@pytest.mark.parametrize("url", ["mqtt://host", "mqtt://user:pass@127.0.0.1:1884"])
def test_a_broker_is_taken(url):
    check_broker(url)
