"""How `panewatch board deploy` links a board: what is refused before the board is touched."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ground.model import UnitKey
from hil_tests.unit.test_board_tools import DEPLOYMENT
from tools.board import deploy
from tools.board.link import BoardLink, LinkFiles, read_link
from tools.board.registry import Registry
from tools.board.wanted import wanted_files
from tools.cli.errors import InputError, RunError
from tools.cli.main import main
from tools.run.folder import make_keys
from tools.scenario.load import load

SECRET = "hush-hush"
CA = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n"
UNIT = UnitKey("sz20", "w1")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name, text in {
        "ca.pem": CA, "no-ca.pem": "nothing", "secret": SECRET, "open": SECRET, "empty": "",
        "wifi": json.dumps({"ssid": "hatch", "password": SECRET}), "wifi-list": f'["{SECRET}"]',
        "wifi-more": json.dumps({"ssid": "hatch", "password": SECRET, "bssid": "x"}),
        "wifi-text": SECRET, "wifi-open": json.dumps({"ssid": "hatch", "password": SECRET}),
    }.items():  # fmt: skip
        path = tmp_path / name
        path.write_text(text)
        path.chmod(0o644 if name.endswith("open") else 0o600)
    return tmp_path


TLS = ["--link", "mqtts://sz20.w1@192.0.2.1", "--ca", "ca.pem"]


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["--link", "uart:0"], "--link: console or mqtt[s]://[USER@]ADDRESS[:PORT]"),
        (["--link", "mqtt://broker.example"], "a board looks up no names, give the broker's IPv4"),
        (["--link", "mqtt://192.0.2.1:x"], "no port from 1 to 65535"),
        (["--link", "mqtts://192.0.2.1"], "a board trusts a file alone, give --ca FILE"),
        (["--link", "mqtt://192.0.2.1", "--ca", "ca.pem"], "--ca needs --link mqtts://"),
        (["--link", "mqtts://192.0.2.1", "--ca", "no-ca.pem"], "holds no certificate"),
        (["--link", "mqtts://192.0.2.1", "--ca", "gone.pem"], "cannot read the certificate file"),
        (["--link", f"mqtt://u:{SECRET}@192.0.2.1"], "leave the password out of the address"),
        (["--link", "mqtt://192.0.2.1", "--password-file", "secret"], "--password-file needs a us"),
        ([*TLS, "--password-file", "open"], "others may read it; make its mode 0600"),
        ([*TLS, "--password-file", "empty"], "its first line is empty"),
        ([*TLS, "--password-file", "gone"], "No such file"),
        ([*TLS, "--wifi-file", "gone"], "--wifi-file"),
        ([*TLS, "--wifi-file", "wifi-open"], "others may read it; make its mode 0600"),
        ([*TLS, "--wifi-file", "wifi-list"], "write it as"),
        ([*TLS, "--wifi-file", "wifi-more"], "write it as"),
        ([*TLS, "--wifi-file", "wifi-text"], "write it as"),
        (["--wifi-file", "wifi"], "need --link mqtt[s]://"),
    ],
)
def test_a_link_that_cannot_be_is_refused_in_one_line(
    args: list[str], words: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["board", "deploy", "--port", "/dev/nowhere", *args]) == 2
    said = capsys.readouterr().err
    assert said.startswith("panewatch: ")
    assert said.count("\n") == 1
    assert words in said
    assert SECRET not in said
    assert not (folder / ".panewatch").exists()


def good(folder: Path) -> BoardLink:
    named = (str(folder / name) for name in ("ca.pem", "secret", "wifi"))
    return read_link(LinkFiles("mqtts://sz20.w1@192.0.2.1", *named))


def test_the_board_gets_what_it_needs_and_nothing_shows_a_secret(folder: Path) -> None:
    link = good(folder)
    assert link.name == "mqtts://192.0.2.1:8883"
    assert SECRET not in f"{link!r} {link}"
    key = next(make_keys(folder, [UNIT]).glob("*.key"))
    files = wanted_files(load("quiet"), UNIT, key, None, None, link)
    config = json.loads(files["unit.json"])
    assert config["link"] == f"mqtts://sz20.w1:{SECRET}@192.0.2.1:8883"
    assert (config["ca"], files["ca.pem"].decode()) == ("ca.pem", CA)
    assert config["wifi"] == {"ssid": "hatch", "password": SECRET}
    assert any(name.startswith("lib/chumicro_mqtt/client.") for name in files)
    assert (
        "mqtt"
        not in json.loads(
            wanted_files(load("quiet"), UNIT, key, None, None, BoardLink())["unit.json"]
        )["link"]
    )


def test_the_password_may_come_from_the_environment(folder: Path, monkeypatch) -> None:
    monkeypatch.setenv("PANEWATCH_MQTT_PASSWORD", SECRET)
    assert SECRET in read_link(LinkFiles("mqtt://u@192.0.2.1")).whole


def test_a_registry_of_before_knows_the_console(tmp_path: Path) -> None:
    Registry(tmp_path / "boards.json").put("aa", DEPLOYMENT)
    values = json.loads((tmp_path / "boards.json").read_text())
    for name in ("link", "ca", "password_file", "wifi_file"):
        del values["aa"][name]
    (tmp_path / "boards.json").write_text(json.dumps(values))
    known = Registry(tmp_path / "boards.json").get("aa")
    assert known is not None
    assert read_link(known.link_files).name == "console"


class Said:
    """A line on which a board says something once."""

    url, scale = "/dev/ttyACM0", 1.0

    def __init__(self, text: str) -> None:
        self._text = text.encode()

    def read(self) -> bytes:
        said, self._text = self._text, b""
        return said


BROKER = "firmware: mqtts://192.0.2.1:8883: "


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (
            f"{BROKER}not connected (ECONNREFUSED), trying again\r\n",
            "sz20/w1 runs there and is not connected (ECONNREFUSED) to mqtts://192.0.2.1:8883; it "
            "goes on trying",
        ),
        ("firmware: unit.json: wifi: this board has none\r\n>>> ", "last words: firmware: unit.js"),
        ("", "last words: none"),
    ],
)
def test_a_board_that_does_not_reach_its_broker_says_why(
    said: str, words: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deploy, "STARTED_S", 0.05)
    with pytest.raises(RunError) as error:
        deploy.await_connected(Said(said), UNIT, good(folder))
    assert words in str(error.value)


def test_a_board_that_connects_at_its_second_try_is_there(folder: Path) -> None:
    said = f"{BROKER}not connected (ETIMEDOUT), trying again\r\n{BROKER}connected\r\n"
    deploy.await_connected(Said(said), UNIT, good(folder))


def test_an_address_that_is_none_is_told_without_its_secret(folder: Path) -> None:
    with pytest.raises(InputError) as error:
        read_link(LinkFiles(f"mqtt://u:{SECRET}/x@192.0.2.1"))
    assert SECRET not in str(error.value)
