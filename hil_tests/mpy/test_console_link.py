"""A unit from nothing but its board files, on its own console, as a board on USB runs it."""

import os
import subprocess
import tty

import pytest

from hil_tests.mpy.test_unit_live import KEY, Ground
from protocol.wire import tables
from tools.board_files import write_board_files
from tools.scenario.load import load
from tools.sim.runtime import command

pytestmark = pytest.mark.micropython


def test_a_unit_on_its_console_waits_for_maintenance_then_speaks_frames_only(tmp_path):
    (tmp_path / "key").write_bytes(KEY)
    scenario = load("shenzhou20")
    board = tmp_path / "board"
    write_board_files(scenario, scenario.units[0], tmp_path / "key", board)
    master, slave = os.openpty()
    tty.setraw(slave)
    os.set_blocking(master, False)
    ground = Ground(os.ttyname(slave))
    unit = subprocess.Popen(
        [*command("micropython", 200 * 1024), "main.py"],
        stdin=master, stdout=master, cwd=board, env={"MICROPYPATH": ".:.frozen"},
    )  # fmt: skip
    try:
        ground.wait_for("boot")
        ground.write(b"\x03\x04\x01\x02")  # Ctrl-C, Ctrl-D, raw and paste mode of a REPL
        ground.command(tables.TC_ALIVE)
        ground.wait_for("alive")
        ground.command(tables.TC_RETRIEVE, (1, 0, 0))
        ground.wait_for("completed", lambda p: p.raw["tc_counter"] == 1)
        assert [p.record for p in ground.packets if p.name == "boot"][-1] == 0
        assert unit.poll() is None
    finally:
        unit.kill()
        unit.wait()
        ground.close()
        os.close(master)
        os.close(slave)
