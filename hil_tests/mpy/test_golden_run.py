"""One table, three runtimes, the same bytes: CPython, MicroPython in 264 KB, 32-bit WebAssembly."""

import json
import os
import subprocess
import sys
from hashlib import sha256
from itertools import islice
from pathlib import Path

import pytest

from firmware.sim import simulate
from ground.receive.packets import split
from hil_tests.support import programs
from hil_tests.unit.event_table import SECOND, table
from protocol.schema.decode import decode
from protocol.wire.events import SENSOR_FAULT, TASK_EXCEPTION
from protocol.wire.frame import MIN_PACKET
from tools.regression.differ import packet_differences, shown

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent
HEAP = "heapsize=264k"
TABLE = table(
    [15 * SECOND, "impact", 0, 95_000, -62_000, 250, 10_000_000, 2700, 0],
    [30 * SECOND, "thermal", 1, -4000, 20 * SECOND],
    [60 * SECOND, "sensor_fault", 4, 0],
    [90 * SECOND, "leak", 1, 100],
    [100 * SECOND, "sensor_fault", 10, 3],
    [200 * SECOND, "reboot"],
    [300 * SECOND, "pencil_lead_break", 10_000, 20_000],
    [301 * SECOND, "impact", 2, -30_000, 40_000, 20, 9_000_000, 2700, 30_000],
    [400 * SECOND, "link_loss", 40 * SECOND],
    [500 * SECOND, "leak", 2, 1500],
)
CONFIG = {"version": 1, "vehicle": "sz20", "unit": "w1", "apid": 1}


@pytest.fixture
def files(tmp_path):
    """(configuration, table) of a run whose table is at the path that the configuration names."""
    table = tmp_path / "table.json"
    table.write_text(json.dumps(TABLE))
    config = tmp_path / "config.json"
    config.write_text(json.dumps({**CONFIG, "table": str(table)}))
    return config, table


@pytest.fixture(scope="module")
def golden():
    """The run's packets by CPython in this process."""
    packets = []
    simulate({**CONFIG, "table": ""}, TABLE, packets.append)
    return packets


def compare(golden, made):
    """The same bytes; else the first packets and fields that differ."""
    expected = [shown("unit", decode(packet)) for packet in golden]
    found = [shown("unit", decode(packet)) for packet in split(made)[0]]
    assert list(islice(packet_differences(expected, found), 5)) == []
    assert sha256(made).hexdigest() == sha256(b"".join(golden)).hexdigest()


def run(command, out, **environment):
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert not out.with_name(out.name + ".store").exists()
    return out.read_bytes()


def test_the_run_holds_what_the_table_says(golden):
    packets = [decode(packet) for packet in golden]
    assert [p.name for p in packets].count("hit") == 3
    assert {p.boot_id for p in packets} == {1, 2}
    for boot in (1, 2):
        records = [p.record for p in packets if p.boot_id == boot]
        assert records == list(range(len(records)))
    times = [p.time_us for p in packets]
    assert times == sorted(times)
    assert (times[0], times[-1]) == (TABLE["epoch_us"], TABLE["epoch_us"] + 899 * SECOND)
    faults = [p for p in packets if p.raw.get("event_id") == SENSOR_FAULT and p.boot_id == 1]
    assert [p.raw["text"].rstrip(b"\0") for p in faults] == [b"t_middle", b"ae3"]
    assert TASK_EXCEPTION not in [p.raw.get("event_id") for p in packets]
    assert all(len(packet) >= MIN_PACKET for packet in golden)


def test_cpython_from_the_command_line(golden, files, tmp_path):
    out = tmp_path / "out.bin"
    command = [sys.executable, "-m", "firmware.sim", str(files[0]), str(out)]
    compare(golden, run(command, out, PYTHONPATH=str(ROOT)))


def test_micropython_in_264_kb(golden, files, tmp_path, micropython):
    out = tmp_path / "out.bin"
    command = [str(micropython), "-X", HEAP, "-m", "firmware.sim", str(files[0]), str(out)]
    compare(golden, run(command, out, MICROPYPATH=f"{ROOT}:.frozen"))


@pytest.mark.wasm
def test_webassembly_32_bit(golden, files, tmp_path):
    config, table = files
    config.write_text(json.dumps({**CONFIG, "table": "/table.json"}))
    out = tmp_path / "out.bin"
    script = HERE / "wasm_sim.mjs"
    command = [programs.node(), str(script), str(ROOT), str(config), str(table), str(out)]
    compare(golden, run(command, out))
