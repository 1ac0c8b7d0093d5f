"""The unit under test: a real board, or the same files on MicroPython on this computer."""

from __future__ import annotations

import os
import subprocess
import tty
from collections.abc import Iterator
from pathlib import Path

import pytest

from hil_tests.support.peer import Peer
from hil_tests.support.programs import missing
from tools.board_files import write_board_files
from tools.scenario.load import load
from tools.sim.runtime import command

HEAP_BYTES = 320 * 1024


@pytest.fixture(scope="module")
def unit(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Peer]:
    """The line to a running unit, which has told who it is.

    `--board URL --key FILE`: any pyserial URL. Without: MicroPython, from board files alone, with
    its console on a pty as a board's is on USB.
    """
    url = request.config.getoption("--board")
    if url:
        peer = Peer(url, Path(request.config.getoption("--key")).read_bytes())
        peer.wait_for("boot")
        yield peer
        peer.close()
        return
    if reason := missing("micropython"):
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp("board")
    key = folder / "made.key"
    key.write_bytes(os.urandom(32))
    scenario = load("quiet")
    write_board_files(scenario, scenario.units[0], key, folder)
    yield from _on_a_pty(folder, key.read_bytes())


def _on_a_pty(folder: Path, key: bytes) -> Iterator[Peer]:
    master, slave = os.openpty()
    tty.setraw(slave)
    os.set_blocking(master, False)
    peer = Peer(os.ttyname(slave), key)
    process = subprocess.Popen(
        [*command("micropython", HEAP_BYTES), "main.py"],
        stdin=master, stdout=master, cwd=folder, env={"MICROPYPATH": ".:.frozen"},
    )  # fmt: skip
    try:
        peer.wait_for("boot")
        yield peer
        assert process.poll() is None, "the unit ended by itself"
    finally:
        process.kill()
        process.wait()
        peer.close()
        os.close(master)
        os.close(slave)
