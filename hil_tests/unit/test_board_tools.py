"""Parts of `panewatch board` that need no board: what differs, who is who, what is refused."""

from __future__ import annotations

import json
import os
import re
import socket
import struct
import threading
import tty
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from ground.links.port import SocketPort
from ground.model import UnitKey
from protocol.wire.frame import encode
from protocol.wire.tables import SCHEMA_HASH
from tools.board.emulator import emulator, is_emulator, missing
from tools.board.identity import same_id
from tools.board.line import Line
from tools.board.listener import Listener
from tools.board.maintenance import stop
from tools.board.registry import Deployment, Registry
from tools.board.sync import compare
from tools.cli.errors import InputError
from tools.cli.main import main

VECTORS = json.loads((Path(__file__).parents[2] / "protocol" / "vectors.json").read_text())


def test_only_what_differs_is_copied_and_only_what_is_left_over_removed() -> None:
    wanted = {"main.py": b"a", "firmware/unit.mpy": b"b", "firmware/new.mpy": b"c"}
    present = {
        "main.py": sha256(b"a").hexdigest(),
        "firmware/unit.mpy": sha256(b"old").hexdigest(),
        "firmware/unit.py": sha256(b"b").hexdigest(),
    }
    changes = compare(wanted, present)
    assert changes.copy == ("firmware/unit.mpy", "firmware/new.mpy")
    assert changes.remove == ("firmware/unit.py",)
    assert not compare({"main.py": b"a"}, {"main.py": sha256(b"a").hexdigest()})


def test_one_unique_id_however_it_is_written() -> None:
    assert same_id("E6614103E7452D2F", "e6614103e7452d2f")
    assert same_id("24:0a:c4:00:01:10", "240ac4000110"), "a boot packet fills up with zeros"
    assert same_id("240ac40001100000", "240ac4000110")
    assert same_id("0011223344556677 8899aabb".replace(" ", ""), "0011223344556677")
    assert not same_id("e6614103e7452d2f", "e6614103e7452d30")


DEPLOYMENT = Deployment(
    vehicle="sz20", unit="w1", scenario="quiet", key="k", wiring="", port="/dev/ttyACM0",
    python="3.4", source=False, mounted=False, date="2026-01-01T00:00:00+00:00",
)  # fmt: skip


def test_the_registry_outlives_its_program(tmp_path: Path) -> None:
    path = tmp_path / "new" / "boards.json"
    Registry(path).put("aa", DEPLOYMENT)
    known = Registry(path)
    assert known.get("aa") == DEPLOYMENT
    assert known.on_port("/dev/ttyACM0") == DEPLOYMENT
    assert known.on_port("/dev/ttyACM1") is None
    assert known.others(UnitKey("sz20", "w1"), "bb") == ["aa"]
    path.write_text('{"aa": {"vehicle": 1}}')
    with pytest.raises(InputError, match=r"boards\.json: no list of boards"):
        Registry(path)


@pytest.fixture
def pty() -> Iterator[str]:
    master, slave = os.openpty()
    tty.setraw(slave)
    yield os.ttyname(slave)
    os.close(master)
    os.close(slave)


def test_a_port_has_one_user(pty: str) -> None:
    with Line(pty), pytest.raises(InputError, match="in use by another program"):
        Line(pty)
    Line(pty).close()


def test_the_ground_and_the_board_tools_share_a_socket_s_lock() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"socket://127.0.0.1:{server.getsockname()[1]}"
        ground = SocketPort(url)
        with pytest.raises(InputError, match="in use by another program"):
            Line(url)
        ground.close()
        Line(url).close()


def _restarts_when_interrupted(server: socket.socket) -> None:
    """As a unit at a broker does on a board with a watchdog and USB, and is in its REPL then."""
    unit, _ = server.accept()
    with unit:
        _read_until(unit, b"\x03")
    repl, _ = server.accept()
    with repl:
        _read_until(repl, b"\x01")
        repl.sendall(b"raw REPL; CTRL-B to exit\r\n>")
        number = re.findall(rb"\d+", _read_until(repl, b"\x04"))[0]
        repl.sendall(b"OK%d\r\n\x04\x04>" % (int(number) + 1))


def _read_until(caller: socket.socket, ending: bytes) -> bytes:
    data = b""
    while ending not in data and (more := caller.recv(64)):
        data += more
    return data


def test_a_board_that_takes_its_port_away_when_it_is_interrupted_is_awaited() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        board = threading.Thread(target=_restarts_when_interrupted, args=(server,), daemon=True)
        board.start()
        said: list[str] = []
        with Line(f"socket://127.0.0.1:{server.getsockname()[1]}") as line:
            stop(line, lambda _: b"", lambda _: None, None, said.append)
        board.join(10)
    assert said == [], "it was not reset"


@pytest.mark.parametrize("seed", [SCHEMA_HASH, 0x12345678])
def test_a_unit_is_heard_among_other_bytes_and_answered_in_its_schema(seed: int) -> None:
    packets = [bytes.fromhex(v["packet"]) for v in VECTORS["telemetry"]][:6]
    heard = Listener()
    heard.feed(b"panewatch: Ctrl-C within 3 s for maintenance\r\n")
    for packet in packets * 2:
        heard.feed(encode(packet, seed))
    assert heard.schema == seed
    assert heard.boot is not None
    assert heard.frame(b"1234567") == encode(b"1234567", seed)


def test_a_line_of_noise_is_no_unit() -> None:
    heard = Listener()
    heard.feed(os.urandom(4096) + b"\r\nMicroPython v1.29\r\n>>> ")
    assert not heard.hears
    assert heard.text.rstrip().endswith(">>>")


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["deploy"], "--port is needed"),
        (["deploy", "--port", "/dev/nowhere"], "/dev/nowhere: no such port"),
        (["deploy", "--port", "host:1"], "host:1 has no kind"),
        (["deploy", "--port", "socket://127.0.0.1:1"], "refused: nobody listens there"),
        (["deploy", "--id", "00ff"], "no port here has a board 00ff"),
        (["deploy", "--port", "/dev/nowhere", "--unit", "x/y"], 'quiet: unknown unit "x/y"'),
        (["deploy", "--port", "/dev/nowhere", "--scenario", "no.toml"], "no.toml"),
        (["deploy", "--port", "rp2040py:nothing.uf2"], "nothing.uf2: no image there"),
        (["deploy", "--port", "rp2040py:noise.uf2"], "noise.uf2 is no UF2 image"),
        (["verify", "--port", "/dev/nowhere"], "/dev/nowhere: no such port"),
        (["test", "--port", "/dev/nowhere"], "nothing was deployed there from here"),
        (["test", "--port", "/dev/nowhere", "--key", "no.key"], "--key no.key: no such file"),
    ],
)
def test_what_cannot_be_is_said_in_one_line(
    args: list[str],
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "noise.uf2").write_bytes(bytes(512))
    assert main(["board", *args]) == 2
    said = capsys.readouterr().err
    assert said.startswith("panewatch: ")
    assert said.count("\n") == 1
    assert words in said
    assert [path.name for path in tmp_path.iterdir()] == ["noise.uf2"]


def test_without_the_test_tools_it_says_how_to_get_them(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("tools.cli.board.find_spec", lambda _: None)
    assert main(["board", "test", "--port", "/dev/nowhere"]) == 2
    assert "make test" in capsys.readouterr().err


def test_an_image_that_is_none_starts_no_emulator(tmp_path: Path) -> None:
    image = tmp_path / "cut.uf2"
    image.write_bytes(b"UF2\n" + struct.pack("<127I", *range(127)))
    assert missing(f"rp2040py:{image}") is None
    threads = threading.active_count()
    with (
        pytest.raises(Exception, match=r"cut\.uf2: rp2040py ended: .*magic"),
        emulator(f"rp2040py:{image}", tmp_path),
    ):
        pass
    assert threading.active_count() <= threads + 1


@pytest.mark.board
def test_an_emulated_pico_starts(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    named = request.config.getoption("--board") or []
    images = [name for name in (named if isinstance(named, list) else [named]) if is_emulator(name)]
    if not images:
        pytest.skip("bring a MicroPython image: --board rp2040py:IMAGE.uf2")
    with emulator(images[0], tmp_path) as url, Line(url, 30.0) as line:
        assert line.url == url
