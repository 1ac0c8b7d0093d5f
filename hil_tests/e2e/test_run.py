"""`panewatch run` as its users start it: four ways of firmware, one console, and a clean end."""

import json
import os
import signal
import sys
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from hil_tests.support.live import until
from hil_tests.support.process import children, survivors
from tools.run.lines import has_pty
from tools.sim.runtime import micropython

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc to see who lives")

ADDRESS = r"Console: (http://127\.0\.0\.1:\d+)/\?token=(\S+)"
UNITS = ["sz20/w1", "sz21/w1", "tiangong/w1", "tiangong/w2"]
SCENARIO = """
name = "short"
seed = 7
duration_s = 60
epoch = "2025-11-04T00:00:00Z"
[[vehicle]]
id = "sz20"
role = "return"
[[vehicle.window]]
id = "w1"
[[vehicle]]
id = "sz21"
role = "return"
[[vehicle.window]]
id = "w1"
[[vehicle]]
id = "tiangong"
role = "station"
[[vehicle.window]]
id = "w1"
[[vehicle.window]]
id = "w2"
[[event]]
t_s = 3.0
vehicle = "sz20"
window = "w1"
kind = "impact"
pane = "outer"
x_mm = 95.0
y_mm = -62.0
diameter_mm = 0.25
speed_km_s = 10.0
density_g_cm3 = 2.7
[[event]]
t_s = 8.0
vehicle = "sz20"
window = "w1"
kind = "inspection"
pane = "outer"
result = "crack"
length_mm = 10.0
"""


@pytest.fixture
def scenario(tmp_path: Path) -> str:
    path = tmp_path / "short.toml"
    path.write_text(SCENARIO)
    return str(path)


def get(address: str, path: str):
    with urlopen(f"{address}/api/{path}", timeout=5) as answer:
        return json.load(answer)


def everyone_is_heard(address: str) -> bool:
    units = get(address, "units")
    names = [f"{u['vehicle']}/{u['unit']}" for u in units if u["state"] == "live"]
    return sorted(names) == UNITS


def test_four_ways_of_firmware_tell_the_story_and_end(run_panewatch, tmp_path, scenario):
    run = run_panewatch("run", "--scenario", scenario, cwd=tmp_path)
    address, token = run.wait_for(ADDRESS).groups()
    run.wait_for("first packet", 10)
    if micropython() and has_pty():
        assert "sz20/w1 on CPython over MQTT" in run.output
        assert "sz21/w1 on MicroPython over a serial line" in run.output
        assert "tiangong/w1 on CPython over a serial line" in run.output
        assert "tiangong/w2 on MicroPython over MQTT" in run.output
    until(lambda: everyone_is_heard(address))
    assert get(address, "health")["first_packet_s"] < 5

    run.wait_for("sz20 is AMBER", 15)
    assert [i["vehicle"] for i in get(address, "impacts")] == ["sz20"]
    run.wait_for("sz20 is RED", 15)
    inspected = get(address, "inspections")
    assert [(i["author"], i["length_mm"]) for i in inspected] == [("scenario", 10.0)]
    with pytest.raises(HTTPError, match=r"40[13]"):
        urlopen(Request(f"{address}/api/inspections", data=b"{}"), timeout=5)
    assert len(token) >= 16

    started = children(run.pid)
    assert len(started) == 5
    run.interrupt()
    assert run.wait(8) == 0
    assert survivors(started) == []
    assert "Traceback" not in run.output
    [folder] = (tmp_path / ".panewatch" / "runs").iterdir()
    assert "Traceback" not in "".join(log.read_text() for log in folder.glob("*.log"))
    keys = list((tmp_path / ".panewatch" / "runs").glob("*/keys/*"))
    assert [(key.stat().st_size, key.stat().st_mode & 0o777) for key in keys] == [(32, 0o600)] * 4


def test_an_outside_broker(run_panewatch, tmp_path, scenario, mosquitto):
    run = run_panewatch("run", "--scenario", scenario, "--broker", mosquitto, cwd=tmp_path)
    address = run.wait_for(ADDRESS)[1]
    until(lambda: everyone_is_heard(address))
    started = children(run.pid)
    assert len(started) == 4
    run.send(signal.SIGTERM)
    assert run.wait(8) == 0
    assert survivors(started) == []


def test_a_broker_by_its_name_has_no_unit_on_micropython(
    run_panewatch, tmp_path, scenario, mosquitto
):
    broker = mosquitto.replace("127.0.0.1", "localhost")
    run = run_panewatch("run", "--scenario", scenario, "--broker", broker, cwd=tmp_path)
    address = run.wait_for(ADDRESS)[1]
    run.wait_for("tiangong/w2 on CPython over MQTT")
    until(lambda: everyone_is_heard(address))


def test_it_ends_by_itself(run_panewatch, tmp_path, scenario):
    run = run_panewatch("run", "--scenario", scenario, "--for", "3", cwd=tmp_path)
    run.wait_for(ADDRESS)
    started = children(run.pid)
    assert run.wait(15) == 0
    assert survivors(started) == []
    [archive] = tmp_path.glob(".panewatch/runs/*/archive.sqlite")
    named = archive.relative_to(tmp_path)
    assert f"Recorded: {named} (panewatch report {named}, panewatch replay" in run.output
    report = run_panewatch("report", str(archive))
    assert report.wait() == 0
    assert report.output.startswith("short: ")


def test_children_do_not_outlive_a_killed_run(run_panewatch, tmp_path, scenario):
    run = run_panewatch("run", "--scenario", scenario, cwd=tmp_path)
    address = run.wait_for(ADDRESS)[1]
    until(lambda: everyone_is_heard(address))
    started = children(run.pid)
    assert len(started) == 5
    run.send(signal.SIGKILL)
    assert run.wait(5) == -signal.SIGKILL
    assert survivors(started) == []


def test_a_broker_that_dies_comes_back_and_nothing_is_missing(run_panewatch, tmp_path, scenario):
    # Units tell their command counter each 30 s of their own time: three times as often here.
    run = run_panewatch("run", "--scenario", scenario, "--speed", "3", cwd=tmp_path)
    address = run.wait_for(ADDRESS)[1]
    until(lambda: everyone_is_heard(address))
    commands = {pid: Path(f"/proc/{pid}/cmdline").read_bytes() for pid in children(run.pid)}
    [broker] = [pid for pid, command in commands.items() if b"tools.run.broker" in command]
    os.kill(broker, signal.SIGKILL)
    run.wait_for("broker ended")

    def sz20():
        return next(u for u in get(address, "units") if u["vehicle"] == "sz20")

    before = sz20()["packets"]
    until(lambda: sz20()["packets"] > before + 5 and sz20()["missing"] == 0, 40)
    assert sz20()["lost"] == 0
    run.interrupt()
    assert run.wait(8) == 0


def test_a_port_in_use_is_one_line_and_nothing_starts(run_panewatch, tmp_path, scenario):
    first = run_panewatch("run", "--scenario", scenario, cwd=tmp_path)
    port = first.wait_for(ADDRESS)[1].rpartition(":")[2]
    second = run_panewatch("run", "--scenario", scenario, "--port", port, cwd=tmp_path)
    assert second.wait(15) == 2
    [line] = second.output.splitlines()
    assert f"port {port} is in use" in line
