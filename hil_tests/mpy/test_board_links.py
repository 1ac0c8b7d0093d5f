"""UART and Wi-Fi of a board, on MicroPython here over stand-ins for `machine` and `network`.

What the stand-ins cannot show, a board must: the pins, the driver, the radio.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hil_tests.conftest import LOGS
from hil_tests.support.live import LONGEST_GAP_US, LiveUnit, lone_unit, until
from hil_tests.support.peer import Peer
from protocol.wire import tables
from tools.run.folder import key_name
from tools.run.lines import PtyLine, has_pty
from tools.sim.runtime import environment

pytestmark = [
    pytest.mark.micropython,
    pytest.mark.skipif(not has_pty(), reason="needs pseudo-terminals"),
]
FAKES = Path(__file__).parent / "fake_board"


class Board:
    """A unit whose board is a stand-in, the ground's end of its line, and what the board did."""

    def __init__(self, folder: Path, **settings: object) -> None:
        self._log = folder / "board.log"
        self._log.touch()
        self.line = PtyLine()
        self.unit: LiveUnit = lone_unit(folder, "micropython", self.line, **settings)
        self.unit.environment = {
            "MICROPYPATH": f"{FAKES}:{environment()['MICROPYPATH']}",
            "FAKE_UART": str(self.line.master),
            "FAKE_LOG": str(self._log),
        }
        key = folder / "keys" / key_name(self.unit.unit)
        self.ground = Peer(self.line.ground_link, key.read_bytes(), self.unit.apid)
        self.unit.start()

    def did(self) -> list[str]:
        return self._log.read_text().splitlines()

    def close(self) -> None:
        self.ground.close()
        self.unit.close()


@pytest.fixture
def start(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[..., Board]]:
    made: list[Board] = []

    def make(**settings: object) -> Board:
        made.append(Board(tmp_path, **settings))
        request.node.stash.setdefault(LOGS, []).append(made[-1].unit.log)
        return made[-1]

    yield make
    for board in made:
        board.close()


@pytest.mark.parametrize(
    ("link", "told"),
    [
        ("uart:0", "UART 0 115200 None 0 1024"),
        ("uart:1,9600,4,5", "UART 1 9600 (4, 5) 0 1024"),  # slower than the unit makes packets
    ],
)
def test_a_uart_carries_frames_and_is_never_given_more_than_it_takes(start, link, told):
    board = start(link=link)
    boot = board.ground.wait_for("boot")
    board.ground.command(tables.TC_ALIVE)
    board.ground.wait_for("alive")
    board.ground.command(tables.TC_RETRIEVE, (boot.boot_id, 0, 60))
    until(lambda: len(board.unit.made()) > 200)
    board.ground.wait_for("housekeeping")
    assert board.did() == [told]
    packets = board.unit.of_type("housekeeping")
    assert max(packet.raw["longest_gap_us"] for packet in packets) <= LONGEST_GAP_US
    board.unit.end()
    assert board.unit.log.read_text() == ""


@pytest.mark.parametrize(
    ("link", "words"),
    [
        ("uart:", "needs the form uart:N[,baud[,tx,rx]]"),
        ("uart:1,2,3", "needs the form uart:N[,baud[,tx,rx]]"),
        ("mqtt://broker.local", "a board looks up no names"),
        ("mqtts://127.0.0.1", "ca is missing"),
        ("/dev/ttyS0", "MicroPython links by console, uart:N or mqtt[s]://host"),
    ],
)
def test_a_link_that_can_never_work_is_refused_in_words(start, link, words):
    board = start(link=link)
    assert board.unit.wait() == 2
    [line] = board.unit.log.read_text().splitlines()
    assert words in line


@pytest.mark.mosquitto
def test_wifi_is_joined_before_the_broker_is_called(start, mosquitto):
    board = start(link=mosquitto, wifi={"ssid": "hatch", "password": "open sesame"})
    until(lambda: ": connected" in board.unit.log.read_text())
    assert board.did() == ["WLAN 0", "active True", "connect hatch open sesame"]
    packets = board.unit.of_type("housekeeping")
    assert len(packets) >= 10, "sampled meanwhile"
    assert max(packet.raw["longest_gap_us"] for packet in packets) <= LONGEST_GAP_US
    board.unit.end()


@pytest.mark.mosquitto
def test_what_is_copied_onto_a_board_links_by_mqtt(
    run_panewatch, micropython, mosquitto, run_program, tmp_path
):
    run_panewatch(
        "firmware", "--scenario", "quiet", "--board-files", "board", "--link", mosquitto,
        cwd=tmp_path,
    ).wait_for("copy its content")  # fmt: skip
    assert json.loads((tmp_path / "board/unit.json").read_text())["link"] == mosquitto
    os.environ["MICROPYPATH"] = ".:lib:.frozen"
    try:
        unit = run_program(
            "unit", [str(micropython), "-X", "heapsize=320k", "main.py"], cwd=tmp_path / "board"
        )
    finally:
        del os.environ["MICROPYPATH"]
    unit.wait_for(f"{mosquitto}: connected")
