"""Addresses of brokers: what they mean, where the password comes from, and that none is shown."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from firmware.errors import ConfigError
from firmware.links.broker import Broker
from firmware.links.cpython import open_link
from ground.clock import SteadyClock
from ground.links.broker_address import PASSWORD, read_broker
from ground.links.link import LinkError
from ground.links.secrecy import without_passwords
from ground.links.specification import make_link
from ground.model import UnitKey
from hil_tests.support.process import panewatch
from tools.cli.main import main
from tools.run.accounts import accounts
from tools.sim.runtime import environment

SECRET = "s3cr3t"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "a password.txt"
    path.write_text(f"{SECRET} with a space \nand a line that is none of it\n")
    path.chmod(0o600)
    return path


def test_what_an_address_means(file, monkeypatch):
    monkeypatch.delenv(PASSWORD, raising=False)
    read = read_broker("mqtts://sz20.w1@broker.example?ca=ca.pem")
    assert (read.tls, read.host, read.port) == (True, "broker.example", 8883)
    assert (read.user, read.password, read.ca) == ("sz20.w1", None, "ca.pem")
    assert read_broker("mqtt://[::1]:1884/").name == "mqtt://[::1]:1884"
    assert read_broker("mqtt://a%2Fb:c%40d@h").whole == "mqtt://a%2Fb:c%40d@h:1883"
    read = read_broker(f"mqtts://ground@h?password_file={file}&ca=x")
    assert read.password == f"{SECRET} with a space "
    assert read_broker(read.complete) == read
    assert (read.name, read.public) == ("mqtts://h:8883", "mqtts://ground@h:8883")
    assert SECRET not in repr(read)
    monkeypatch.setenv(PASSWORD, "of the environment")
    assert read_broker("mqtt://u@h").password == "of the environment"
    assert read_broker("mqtt://h").password is None
    assert read_broker(f"mqtt://u@h?password_file={file}").password != "of the environment"
    firmware = Broker(read.whole)
    assert (firmware.user, firmware.password) == (read.user, read.password)


@pytest.mark.parametrize(
    ("content", "mode", "words"),
    [
        (None, 0, "No such file"),
        (b"x\n", 0o640, "others may read it; make its mode 0600"),
        (b"\nx", 0o600, "its first line is empty"),
        (b"", 0o600, "its first line is empty"),
        (b"\xff\xfe", 0o600, "is no text"),
    ],
)
def test_a_password_file_that_will_not_do(tmp_path, content, mode, words):
    path = tmp_path / "p"
    if content is not None:
        path.write_bytes(content)
        path.chmod(mode)
    with pytest.raises(LinkError, match=words):
        read_broker(f"mqtts://u@h?password_file={path}")


WRONG = [
    f"mqtt://user:{SECRET}@",
    f"mqtt://user:{SECRET}@host:port",
    f"mqtt://user:{SECRET}@host:99999",
    f"mqtt://user:{SECRET}/{SECRET}@host",
    f"mqtt://user:12/{SECRET}@host",
    f"mqtt://user:{SECRET}?{SECRET}@host",
    f"mqtt://user:{SECRET}#{SECRET}@host",
    f"mqtt://user:{SECRET}@{SECRET}@host:x",
    f"mqtts://user:{SECRET}@host?frob=1",
    f"mqtt://user:{SECRET}@host?ca=x",
    f"mqtt://user:{SECRET}",
    f"mqtt:user:{SECRET}@host",
    f"mqt://user:{SECRET}@host",
    f"socket://user:{SECRET}@host",
]


@pytest.mark.parametrize("url", WRONG)
def test_an_address_that_is_wrong_is_refused_without_its_password(url, capsys, tmp_path):
    with pytest.raises(LinkError) as refused:
        make_link(url, SteadyClock())
    assert SECRET not in str(refused.value)
    commands = [["ground", "--link", url], ["firmware", "--link", url, "--once"],
        ["run", "--broker", url], ["run", url], ["firmware", "--speed", url]]  # fmt: skip
    for command in commands:
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(tmp_path)
            try:
                code = main(command)
            except SystemExit as end:
                code = int(end.code or 0)
        said = "".join(capsys.readouterr())
        assert code == 2, (command, said)
        assert SECRET not in said
        assert "panewatch: " in said


@pytest.mark.parametrize("url", WRONG)
def test_the_firmware_itself_shows_none_either(url):
    try:
        open_link(url, "sz20", "w1")
    except ConfigError as error:
        assert SECRET not in str(error)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("mqtt://u:p@h:1883", "mqtt://u@h:1883"),
        ("a mqtts://u:p@h and mqtt://v:q@i", "a mqtts://u@h and mqtt://v@i"),
        ("mqtt://h:1883: refused", "mqtt://h:1883: refused"),
        ("mqtt://[::1]:1883", "mqtt://[::1]:1883"),
        ("http://127.0.0.1:8420/?token=x", "http://127.0.0.1:8420/?token=x"),
        ("socket://h:5; write to a@b", "socket://h:5; write to a@b"),
        ("/dev/ttyACM0: closed", "/dev/ttyACM0: closed"),
    ],
)
def test_only_passwords_are_taken_out(text, shown):
    assert without_passwords(text) == shown


def test_a_password_on_the_command_line_is_warned_of(tmp_path):
    command = panewatch("firmware", "--once", "--link", f"mqtt://u:{SECRET}@127.0.0.1:1")
    done = subprocess.run(
        command, cwd=tmp_path, env=environment(), capture_output=True, text=True, timeout=60,
        stdin=subprocess.DEVNULL, check=False,
    )  # fmt: skip
    assert done.returncode == 0  # at the end of its input
    assert "everyone on this computer can read a password on the command line" in done.stderr
    assert "sz20/w1 runs on mqtt://u@127.0.0.1:1;" in done.stderr
    assert SECRET not in done.stdout + done.stderr


def test_board_files_take_the_password_from_its_file(tmp_path, monkeypatch, file):
    monkeypatch.chdir(tmp_path)
    link = ["--link", "mqtt://sz20.w1@192.0.2.7", "--password-file", str(file)]
    assert main(["firmware", "--board-files", "board", *link]) == 0
    config = json.loads((tmp_path / "board" / "unit.json").read_text())
    assert Broker(config["link"]).password == f"{SECRET} with a space "


def test_each_part_of_a_run_is_its_own_user(tmp_path):
    assert main(["broker", "config", "--out", str(tmp_path / "b"), "--fleet", "shenzhou20"]) == 0
    clients = tmp_path / "b" / "clients"
    found = accounts("mqtts://127.0.0.1?ca=ca.pem", clients)
    assert found.for_boards
    for name, one in (
        ("ground", found.of_ground()),
        ("sz20.w1", found.of_unit(UnitKey("sz20", "w1"))),
        ("tiangong.w1", found.of_unit(UnitKey("tiangong", "w1"))),
    ):
        assert (one.user, one.port, one.ca) == (name, 8883, "ca.pem")
        assert f"{one.password}\n" == (clients / f"{name}.password").read_text()
    assert not accounts("mqtts://127.0.0.1").for_boards
    assert not accounts("mqtt://broker.example").for_boards
