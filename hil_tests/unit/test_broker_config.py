"""`panewatch broker config`: what it writes, what a second call changes and leaves alone."""

from __future__ import annotations

import base64
import getpass
import json
import re
import shlex
import subprocess
from pathlib import Path

import pytest

from hil_tests.support import programs
from tools.broker.clients import hashed
from tools.cli.main import build_parser, main
from tools.scenario.find import find


def config(*args: str) -> int:
    """Exit code of one call in this folder."""
    try:
        return main(["broker", "config", "--out", "b", *args])
    except SystemExit as end:
        return int(end.code or 0)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path / "b"


def users(folder: Path) -> dict[str, str]:
    return dict(line.split(":") for line in (folder / "passwords").read_text().splitlines())


def password(folder: Path, user: str) -> str:
    return (folder / "clients" / f"{user}.password").read_text().strip()


def test_everything_is_for_its_owner_only(folder, capsys):
    assert config("--unit", "sz20/w1") == 0
    said = capsys.readouterr().out
    paths = [folder, *folder.rglob("*")]
    open_ones = {p.name for p in paths if p.stat().st_mode & 0o077}
    assert open_ones == {"ca.pem", "server.pem"}  # certificates are no secrets
    for user in ("ground", "sz20.w1"):
        assert password(folder, user) not in said
        assert f"clients/{user}.password" in said
        for path in folder.iterdir():
            assert path.is_dir() or password(folder, user) not in path.read_text()
    assert f"mosquitto -c {folder}/mosquitto.conf" in said
    text = (folder / "mosquitto.conf").read_text()
    assert "\nlistener 8883 127.0.0.1\n" in text
    assert f"\nuser {getpass.getuser()}\n" in text
    assert "allow_anonymous false" in text


@pytest.mark.mosquitto
def test_hashes_are_those_of_mosquitto_passwd(tmp_path):
    path = tmp_path / "theirs"
    path.write_text("ana:a password\n")
    subprocess.run([programs.mosquitto_passwd(), "-U", str(path)], check=True)
    _, kind, rounds, salt, digest = path.read_text().strip().split("$")
    assert (kind, rounds) == ("7", "101")
    ours = hashed("a password", base64.b64decode(salt))
    assert ours == f"$7$101${salt}${digest}"
    assert hashed("a password") != hashed("a password")


def test_a_second_call_adds_and_changes_what_it_names_only(folder, capsys):
    assert config("--unit", "sz20/w1", "--unit", "sz20/w2") == 0
    with (folder / "passwords").open("a") as file:
        file.write("byhand:$7$101$x$y\n")
    before, conf = users(folder), (folder / "mosquitto.conf").read_bytes()
    (folder / "mosquitto.conf").write_bytes(conf + b"# mine\n")
    secret = {u: password(folder, u) for u in ("ground", "sz20.w1", "sz20.w2")}
    assert config("--unit", "sz20/w1", "--unit", "a-b/c_d", "--rotate", "sz20/w2") == 0
    after = users(folder)
    assert set(after) == {*before, "a-b.c_d"}
    assert {u for u in before if before[u] != after[u]} == {"sz20.w2"}
    assert {u for u in secret if secret[u] != password(folder, u)} == {"sz20.w2"}
    assert (folder / "mosquitto.conf").read_bytes() == conf + b"# mine\n"
    rights = (folder / "acl").read_text()
    assert "user a-b.c_d\ntopic write panewatch/+/a-b/c_d/tm\n" in rights
    assert "byhand" not in rights
    capsys.readouterr()
    assert config("--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert [c["user"] for c in told["clients"]] == ["ground", "sz20.w1", "sz20.w2", "a-b.c_d"]
    assert [c["unit"] for c in told["clients"]] == [None, "sz20/w1", "sz20/w2", "a-b/c_d"]
    assert not any(c["new"] for c in told["clients"])
    assert users(folder) == after
    assert config("--remove", "sz20/w2", "--ground", "night") == 0
    assert set(users(folder)) == {"ground", "night", "sz20.w1", "a-b.c_d", "byhand"}
    assert "sz20.w2" not in (folder / "acl").read_text()
    assert not (folder / "clients" / "sz20.w2.password").exists()


def test_replace_writes_all_anew_but_clients_keep_their_trust(folder):
    assert config("--unit", "sz20/w1") == 0
    before, authority = users(folder), (folder / "tls" / "ca.pem").read_bytes()
    assert config("--unit", "sz20/w2", "--host", "127.0.0.2", "--port", "9", "--replace") == 0
    assert set(users(folder)) == {"ground", "sz20.w2"}
    assert users(folder)["ground"] != before["ground"]
    assert [p.name for p in sorted((folder / "clients").iterdir())] == [
        "ground.password", "sz20.w2.password",
    ]  # fmt: skip
    assert (folder / "tls" / "ca.pem").read_bytes() == authority
    assert "listener 9 127.0.0.1\n" in (folder / "mosquitto.conf").read_text()


def test_units_of_keys_and_of_a_scenario_and_a_certificate_of_ones_own(folder, capsys, tmp_path):
    for unit in ("sz20/w1", "sz20/w2"):
        assert main(["key", "new", unit]) == 0
    assert main(["tls", "new", "broker.example", "--out", "own"]) == 0
    own = ["--tls-cert", "own/server.pem", "--tls-key", "own/server.key"]
    capsys.readouterr()
    assert config("--keys", ".panewatch/keys", "--fleet", "impact", *own, "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["host"], told["ca"]) == ("broker.example", None)
    assert {c["user"] for c in told["clients"]} >= {"ground", "sz20.w1", "sz20.w2"}
    text = (folder / "mosquitto.conf").read_text()
    assert f"certfile {tmp_path}/own/server.pem\n" in text
    assert re.search(r"^listener 8883$", text, re.MULTILINE)
    assert not (folder / "tls").exists()


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ([], "for which units?"),
        (["--unit", "sz20/#"], "sz20/# is no unit"),
        (["--unit", "+/w1"], "+/w1 is no unit"),
        (["--unit", "sz20/w1\nuser x"], "is no unit"),
        (["--unit", "sz20/w1", "--ground", "sz20.w1"], "--ground sz20.w1: write up to 32"),
        (["--unit", "sz20/w1", "--port", "0"], "--port 0"),
        (["--unit", "sz20/w1", "--host", "ä b"], "'ä b' is no host name or address"),
        (["--unit", "sz20/w1", "--tls-cert", "x"], "--tls-cert and --tls-key go together"),
        (["--unit", "sz20/w1", "--tls-cert", "x", "--tls-key", "y"], "x, y: No such file"),
        (["--unit", "sz20/w1", "--user", "no-such-login"], "--user no-such-login: no such user"),
        (["--keys", "nowhere"], "--keys nowhere: no such folder"),
        (["--keys", "keys"], "a-b-c.key: whose is it?"),
        (["--unit", "sz20/w1", "--rotate", "x"], "x is not known here"),
        (["--unit", "sz20/w1", "--remove", "sz20/w9"], "sz20/w9 is not known here"),
        (["--out", "foreign", "--unit", "sz20/w1", "--replace"], "is not of `broker config`"),
        (["--out", "foreign", "--unit", "sz20/w1"], "is not of `broker config`"),
        (
            ["--out", "old", "--rotate", "x"],
            "--rotate x: is not known here; known: ground, sz20/w1",
        ),
        (["--out", "old", "--remove", "sz20/w9"], "sz20/w9 is not known here; known: sz20/w1"),
        (["--out", "old", "--host", "x"], "--host only with --replace"),
        (["--out", "broken"], "broken/broker.json: cannot be understood"),
    ],
)
def test_what_cannot_be_is_one_line(args, words, tmp_path, capsys):
    for name in ("foreign", "keys"):
        (tmp_path / name).mkdir()
    (tmp_path / "keys" / "a-b-c.key").write_bytes(bytes(32))
    (tmp_path / "foreign" / "mosquitto.conf").write_text("listener 1883\n")
    for name in ("old", "broken"):
        assert config("--out", name, "--unit", "sz20/w1") == 0
    (tmp_path / "broken" / "broker.json").write_text('{"version": 1}')
    capsys.readouterr()
    assert config(*args) == 2
    told = capsys.readouterr().err.splitlines()
    assert len(told) == 1, told
    assert words in told[0]
    assert not (tmp_path / "b" / "mosquitto.conf").exists()
    assert (tmp_path / "foreign" / "mosquitto.conf").read_text() == "listener 1883\n"


def test_what_is_told_to_start_a_unit_has_that_unit(folder, capsys, tmp_path):
    """With its scenario, where the usual one has other units."""
    text = (find("quiet").read_text()).replace('"sz20"', '"xy7"')
    (tmp_path / "my fleet.toml").write_text(text)
    assert config("--fleet", "my fleet.toml", "--unit", "sz20/w1", "--unit", "ab/w9") == 0
    starts = re.findall(
        r"^  (panewatch firmware .*?) --link", capsys.readouterr().out, re.MULTILINE
    )
    found = {}
    for words in map(shlex.split, starts):
        args = build_parser(words[1:]).parse_args([*words[1:], "--link", "x"])
        found[str(args.unit)] = args.scenario
    assert found["xy7/w1"] == "my fleet.toml"
    assert (found["sz20/w1"], found["ab/w9"]) == ("quiet", "FILE")


def test_what_is_tried_on_one_computer_answers_there_only(folder, capsys):
    hosts = ("--host", "127.0.0.1", "--host", "broker.example")
    assert config("--unit", "sz20/w1", *hosts) == 0
    assert "listener 8883 127.0.0.1\n" in (folder / "mosquitto.conf").read_text()
    assert "it answers on this computer only" in capsys.readouterr().out
    assert config("--unit", "sz20/w1", *hosts, "--bind", "0.0.0.0", "--replace") == 0
    assert "listener 8883 0.0.0.0\n" in (folder / "mosquitto.conf").read_text()
    assert config("--unit", "sz20/w1", "--host", "broker.example", "--replace") == 0
    assert "listener 8883\n" in (folder / "mosquitto.conf").read_text()
