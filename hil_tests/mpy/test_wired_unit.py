"""A unit with a real window over fake pins, on CPython and MicroPython: from counts to ground."""

import json
import math
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from ground.fleet import Window
from ground.model import Packet, UnitKey
from ground.monitor.impact import read_impact
from ground.monitor.localise import pick_sigma_us
from ground.receive.packets import split
from protocol.schema.decode import decode

ROOT = Path(__file__).parents[2]
FAKES = ROOT / "hil_tests" / "support" / "fakes"
WINDOW = Window("w1", 1)
A0 = 3.69  # mm/µs
SLOW = ("p_gap1", "p_gap2", "p_cabin", "t_outer", "t_middle", "t_inner")
COUNTS = (6554, 39322, 39300, 20000, 30000, 31000)  # what each sensor's ADC reads
RANGE = {"counts": [6554, 58982], "values": [0, 2_000_000]}  # 0.5 … 4.5 V, halved: 0 … 200 kPa
TEMPERATURE = {"counts": [0, 65535], "values": [-50_000, 100_000]}
EDGES = {
    "rp2": {"kind": "edges", "pins": [2, 3, 4, 5, 6, 7], "start": 8},
    "esp32": {"kind": "edges", "pins": [16, 17, 18, 19, 21, 22], "reset": 23, "clock": [25, 26]},
}


def wiring(acoustic):
    slow = {
        name: {"adc": 26, "channel": i, **(RANGE if i < 3 else TEMPERATURE)}
        for i, name in enumerate(SLOW)
    }
    return {"version": 1, "select": [10, 11, 12], "slow": slow, "acoustic": acoustic}


@pytest.fixture(params=["cpython", pytest.param("micropython", marks=pytest.mark.micropython)])
def run(request, tmp_path):
    """`run(board, wiring, edges)` runs a unit; returns its packets, or what is wrong with it."""
    if request.param == "cpython":
        command = [sys.executable]
    else:
        command = [str(request.getfixturevalue("micropython"))]

    def go(board, window, edges=(), until_us=3_000_000, late_us=300, adc=()):
        files = {
            "window.json": window,
            "unit.json": {
                "version": 1, "vehicle": "sz20", "unit": "w1", "apid": 1,
                "window": str(tmp_path / "window.json"), "table": "",
            },
            "script.json": {
                "adc": [[26, i, [count]] for i, count in enumerate(COUNTS)] + list(adc),
                "edges": sorted(edges), "until_us": until_us, "late_us": late_us,
            },
        }  # fmt: skip
        for name, values in files.items():
            (tmp_path / name).write_text(json.dumps(values))
        out = tmp_path / "out"
        names = [str(tmp_path / n) for n in ("unit.json", "script.json")]
        path = f"{FAKES}{os.pathsep}{ROOT}"
        result = subprocess.run(
            [*command, "-m", "hil_tests.support.wired_unit", board, *names, str(out)],
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": path, "MICROPYPATH": f"{path}:.frozen"},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        if result.returncode == 2:
            return json.loads(result.stdout)
        assert result.returncode == 0, result.stdout + result.stderr
        packets, _ = split(out.read_bytes())
        return [decode(packet) for packet in packets]

    return go


def arrivals(place, at_us, speed=A0):
    """Edges of an impact as [0.1 µs, channel]."""
    return [
        [round(10 * (at_us + math.dist(place, sensor) / speed)), k]
        for k, sensor in enumerate(WINDOW.sensors)
    ]


def of(packets, name):
    return [packet.raw for packet in packets if packet.name == name]


def impact(decoded, boot):
    """What the ground makes of a hit packet."""
    sigma_us = pick_sigma_us("edges", boot["sample_rate_hz"])
    packet = Packet(UnitKey("sz20", "w1"), decoded, "pins", 0, decoded.time_us, False)
    return read_impact(packet, WINDOW, sigma_us=sigma_us, picks=False, faulty=())


@pytest.mark.parametrize("board", EDGES)
def test_readings_are_calibrated(run, board):
    packets = run(board, wiring(EDGES[board]))
    boot = of(packets, "boot")[0]
    assert boot["capability"] == 1
    assert boot["sample_rate_hz"] == {"rp2": 62_500_000, "esp32": 10_000_000}[board]
    found = of(packets, "housekeeping")
    assert len(found) == 3
    assert [found[-1][name] for name in SLOW[:3]] == [
        round((count - 6554) * 2_000_000 / 52428) for count in COUNTS[:3]
    ]
    assert [found[-1][name] for name in SLOW[3:]] == [
        -50_000 + round(count * 150_000 / 65535) for count in COUNTS[3:]
    ]


@pytest.mark.parametrize("late_us", [300, 170_000])
@pytest.mark.parametrize("board", EDGES)
def test_an_impact_is_one_hit_that_the_ground_places(run, board, late_us):
    """However late the steps are: the trigger is on the clock, not on a step."""
    place, at_us = (40.0, -30.0), 1_234_567 + late_us
    edges = arrivals(place, at_us)
    noise = [[10 * (at_us - 700_000), 1], [10 * (at_us - 400_000), 4], [10 * (at_us + 90_000), 1]]
    packets = run(board, wiring(EDGES[board]), edges + noise, late_us=late_us)
    (hit,) = [packet for packet in packets if packet.name == "hit"]
    first = min(edges)[0]
    assert hit.raw["channels"] == 0b111111
    assert (hit.raw["picked"], hit.raw["flags"], hit.raw["waveform"]) == (0, 0, 0)
    for at, k in edges:
        assert abs(hit.raw[f"ae{k + 1}_arrival"] - (at - first)) <= 10, "to 1 µs of the trigger"
        assert hit.raw[f"ae{k + 1}_peak"] == 0
    assert abs(hit.raw["trigger_us"] - (first // 10 - late_us)) <= 1
    found = impact(hit, of(packets, "boot")[0])
    assert found.localised
    away = math.dist(place, (found.x_mm, found.y_mm))
    assert away < found.ellipse_mm[1], "inside the ellipse, whichever way it points"
    counted = [sum(h[f"ae{k}_crossings"] for h in of(packets, "housekeeping")) for k in range(1, 7)]
    assert counted == [0, 2, 0, 0, 1, 0]
    assert of(packets, "housekeeping")[-1]["impacts"] == 1


@pytest.mark.parametrize("board", EDGES)
def test_two_channels_are_no_impact(run, board):
    edges = arrivals((0.0, 0.0), 1_000_000)[:2]
    packets = run(board, wiring(EDGES[board]), edges)
    assert of(packets, "hit") == []
    counted = [sum(h[f"ae{k}_crossings"] for h in of(packets, "housekeeping")) for k in range(1, 7)]
    assert counted == [1, 1, 0, 0, 0, 0]


def test_a_second_impact_after_the_first(run):
    """The latches of an ESP32 are reset between them."""
    edges = arrivals((10.0, 10.0), 500_000) + arrivals((-50.0, 20.0), 1_500_000)
    packets = run("esp32", wiring(EDGES["esp32"]), edges)
    assert [hit["channels"] for hit in of(packets, "hit")] == [63, 63]


def test_the_pio_clock_is_followed_over_its_wrap(run):
    """2^32 counts are 68.7 s; both impacts are dated on the board's clock."""
    times_us = (68_000_000, 69_500_000)
    edges = [edge for at_us in times_us for edge in arrivals((10.0, 10.0), at_us)]
    packets = run("rp2", wiring(EDGES["rp2"]), edges, until_us=70_000_000)
    found = [hit["trigger_us"] for hit in of(packets, "hit")]
    assert found == pytest.approx([at_us - 300 + 29 for at_us in times_us], abs=3)


def test_peaks_come_with_edges_where_there_are_detectors(run):
    loud = {"adc": 27, "counts": [0, 65535], "values": [2000, 11_000]}
    peaks = [{**loud, "channel": k} for k in range(6)]
    adc = [[27, k, [10_000 * (k + 1)]] for k in range(6)]
    edges = arrivals((0.0, 0.0), 1_000_000)
    packets = run("rp2", wiring({**EDGES["rp2"], "peaks": peaks}), edges, adc=adc)
    (hit,) = of(packets, "hit")
    assert [hit[f"ae{k}_peak"] for k in range(1, 7)] == [
        2000 + round(9000 * 10_000 * k / 65535) for k in range(1, 7)
    ]


def test_a_self_test_without_references_fails_nothing(run):
    packets = run("rp2", wiring({"kind": "none"}), until_us=61_000_000)
    assert of(packets, "boot")[0]["capability"] == 0
    assert {h["ae_health"] for h in of(packets, "housekeeping")} == {0}, "nobody listens"
    (found,) = of(packets, "self_test")
    assert (found["tested"], found["failed"]) == (0, 0)


def changed(key, value):
    """A wiring with one thing changed: `a.b` is b of a; None leaves it out."""
    made = wiring(dict(EDGES["rp2"]))
    *sections, name = key.split(".")
    place = made
    for section in sections:
        place = place[section]
    if value is None:
        del place[name]
    else:
        place[name] = value
    return made


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("version", 2, "version must be 1 to 1, not 2"),
        ("colour", 1, "unknown key: colour"),
        ("readings", 0, "readings must be 1 to 128, not 0"),
        ("select", [1, 2, 99], "select must be 3 whole numbers from 0 to 48, not [1, 2, 99]"),
        ("slow.p_gap1", None, "missing key: slow.p_gap1"),
        ("slow.t_outer.gain", 2, "unknown key: slow.t_outer.gain"),
        ("slow.p_gap2.adc", 3, "slow.p_gap2.adc: the board refuses 3"),
        ("slow.p_gap2.channel", 8, "slow.p_gap2.channel must be 0 to 7, not 8"),
        ("slow.p_gap2.counts", [5, 6], "slow.p_gap2.counts must rise by 1024 or more, not [5, 6]"),
        ("slow.p_gap2.counts", [5], "slow.p_gap2.counts must be 2 whole numbers from 0 to 65535"),
        ("slow.p_gap2.values", "big", "slow.p_gap2.values must be of type list"),
        ("acoustic.kind", "ears", "acoustic.kind must be none, edges, envelope or waveform"),
        ("acoustic.pins", [1], "acoustic.pins must be 6 whole numbers"),
        ("acoustic.start", None, "missing key: acoustic.start"),
        ("acoustic.reset", 4, "unknown key: acoustic.reset"),
        ("acoustic.threshold", {"pwm": 9}, "missing key: acoustic.threshold.gain"),
        ("acoustic.peaks", [{}], "acoustic.peaks must be 6 inputs"),
        ("acoustic", {"kind": "waveform", "module": "nowhere"}, "cannot import nowhere"),
    ],
)
def test_a_wrong_wiring_is_one_clear_line(run, key, value, words):
    said = run("rp2", changed(key, value))
    assert words in said
    assert "\n" not in said


def test_the_wirings_in_the_documentation_work(run):
    blocks = re.findall(r"```json\n(.*?)```", (ROOT / "docs" / "boards.md").read_text(), re.DOTALL)
    pico, esp32 = [json.loads(block) for block in blocks]
    adc = [[27, k, [20_000]] for k in range(6)]
    edges = arrivals((0.0, 0.0), 1_000_000)
    (hit,) = of(run("rp2", pico, edges, adc=adc), "hit")
    assert (hit["channels"], hit["ae1_peak"]) == (63, 2000 + round(8000 * 15_035 / 39_719))
    slow = {name: {**section, "adc": 32} for name, section in pico["slow"].items()}
    wired = {**pico, "select": [13, 14, 27], "slow": slow, "acoustic": esp32}
    adc32 = [[32, k, [20_000]] for k in range(6)]
    assert len(of(run("esp32", wired, edges, adc=adc32), "hit")) == 1
    pico["acoustic"]["machines"] = [0, 1, 2, 3, 5, 6]
    assert of(run("rp2", pico, adc=adc), "boot")[0]["capability"] == 1
