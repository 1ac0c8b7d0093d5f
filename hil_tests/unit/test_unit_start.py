"""Wrong configurations of a unit, on each runtime: exit code 2 and one line that says what."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from hil_tests.unit.event_table import SECOND, table
from tools.board.files import write_board_files
from tools.scenario.load import load

ROOT = Path(__file__).parents[2]

CASES = {
    "not json": ("{", "is not JSON"),
    "not an object": ("[1]", "must be a JSON object"),
    "unknown key": ({"colour": "red"}, "unknown key: colour"),
    "missing key": ({"apid": None}, "missing key: apid"),
    "wrong type": ({"apid": "1"}, "apid must be of type int"),
    "another version": ({"version": 2}, "version 2: this firmware reads version 1"),
    "long name": ({"vehicle": "x" * 17}, "vehicle must be 1 to 16 bytes long"),
    "apid": ({"apid": 2047}, "apid must be 0 to 2046"),
    "speed": ({"speed_milli": 0}, "speed_milli must be above 0"),
    "watchdog": ({"watchdog_ms": 3999}, "watchdog_ms must be 0 (none) or 4000 to 8000"),
    "store size": ({"store_bytes": 10}, "store_bytes must be at least"),
    "no key": ({"key": "nowhere"}, "cannot read the key nowhere"),
    "short key": ({"key": "short"}, "the key short must be 32 bytes"),
    "no table": ({"table": "nowhere"}, "cannot read nowhere"),
    "store is a file": ({"store": "key/store"}, "cannot use the store key/store"),
    "descriptor": ({"link": "fd:777"}, "descriptor 777 is not open"),
    "empty table": ({"table": "empty.json"}, "the event table is not complete"),
    "newer table": ({"table": "newer.json"}, "event table version 9"),
    "no wiring": ({"window": "nowhere", "table": None}, "cannot read nowhere"),
    "no sensors": ({"window": "table.json", "table": None}, "has no drivers for sensors"),
    "fast sensors": ({"window": "w", "speed_milli": 2000}, "speed_milli must be 1000 with a"),
    "event": ({"table": "event.json"}, "unknown event kind in the event table: flood"),
}


@pytest.fixture(params=["cpython", pytest.param("micropython", marks=pytest.mark.micropython)])
def start(request, tmp_path):
    """Runs a unit in tmp_path; returns (exit code, standard error)."""
    python = sys.executable
    if request.param == "micropython":
        python = str(request.getfixturevalue("micropython"))

    def run(*arguments, module="firmware"):
        done = subprocess.run(
            [python, "-m", module, *arguments],
            cwd=tmp_path,
            env=os.environ | {"PYTHONPATH": str(ROOT), "MICROPYPATH": f"{ROOT}:.frozen"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return done.returncode, done.stderr

    (tmp_path / "key").write_bytes(bytes(32))
    (tmp_path / "short").write_bytes(bytes(31))
    (tmp_path / "table.json").write_text(json.dumps(table(duration_us=60 * SECOND)))
    (tmp_path / "empty.json").write_text("{}")
    (tmp_path / "newer.json").write_text(json.dumps(table(version=9)))
    (tmp_path / "event.json").write_text(json.dumps(table((0, "flood"))))
    return run


def write(folder, changes):
    if isinstance(changes, str):
        (folder / "unit.json").write_text(changes)
        return
    config = {
        "version": 1, "vehicle": "sz20", "unit": "w1", "apid": 1, "link": "fd:0", "key": "key",
        "store": "store", "table": "table.json", "until_eof": True, **changes,
    }  # fmt: skip
    config = {name: value for name, value in config.items() if value is not None}
    (folder / "unit.json").write_text(json.dumps(config))


@pytest.mark.parametrize("case", CASES)
def test_a_wrong_configuration_is_one_clear_line(start, tmp_path, case):
    changes, words = CASES[case]
    write(tmp_path, changes)
    code, said = start("unit.json")
    assert code == 2, said
    assert said.startswith("firmware: unit.json: ")
    assert words in said
    assert said.count("\n") == 1


def test_a_port_that_does_not_exist(start, tmp_path):
    write(tmp_path, {"link": "/dev/no-such-port"})
    code, said = start("unit.json")
    assert code == 2
    assert "/dev/no-such-port" in said
    assert said.count("\n") == 1


def test_a_missing_configuration_and_none_at_all(start):
    code, said = start("nowhere.json")
    assert (code, said.count("\n")) == (2, 1)
    assert "cannot read nowhere.json" in said
    assert start() == (2, "usage: firmware CONFIG.json\n")


def test_the_simulation_says_what_is_wrong(start, tmp_path):
    write(tmp_path, {"table": "nowhere"})
    code, said = start("unit.json", "out", module="firmware.sim")
    assert (code, said.count("\n")) == (2, 1)
    assert "cannot read nowhere" in said
    write(tmp_path, {})
    code, said = start("unit.json", "no/such/folder/out", module="firmware.sim")
    assert (code, said.count("\n")) == (1, 1)
    assert "cannot write no/such/folder/out" in said
    assert start("unit.json", module="firmware.sim")[0] == 2
    assert start("unit.json", "out", module="firmware.sim") == (0, "")


def test_a_maintenance_file_in_the_store_keeps_it_from_running(start, tmp_path):
    write(tmp_path, {})
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / "maintenance").touch()
    words = "firmware: stays in maintenance: remove the file store/maintenance and start again\n"
    assert start("unit.json") == (4, words)
    assert not list(tmp_path.glob("store/*.seg"))


@pytest.mark.micropython
def test_beside_main_py_it_counts_for_a_unit_on_a_console(micropython, tmp_path):
    scenario = load("quiet")
    (tmp_path / "made.key").write_bytes(bytes(32))
    write_board_files(scenario, scenario.units[0], tmp_path / "made.key", tmp_path)
    (tmp_path / "maintenance").touch()
    done = subprocess.run(
        [micropython, "main.py"], cwd=tmp_path, env={"MICROPYPATH": ".:.frozen"},
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=20, check=True,
    )  # fmt: skip
    assert done.stdout == "", "it does not take the console"
    words = "firmware: stays in maintenance: remove the file maintenance and start again\n"
    assert done.stderr == words


def test_a_unit_whose_launcher_is_gone_ends(start, tmp_path):
    write(tmp_path, {})
    assert start("unit.json") == (0, "")
