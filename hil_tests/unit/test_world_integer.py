"""The world, its sensors and the detector give the same digits everywhere: integers only."""

import ast
from pathlib import Path

import pytest

from firmware.downlink import Downlink
from firmware.sim import simulate
from protocol.wire import tables
from tools.board.syntax import parse
from tools.scenario.compile import event_table
from tools.scenario.load import load

ROOT = Path(__file__).parents[2]
ROOMS = ("world", "sensors", "detector", "services", "store")
FILES = [
    *sorted(p for room in ROOMS for p in (ROOT / "firmware" / room).rglob("*.py")),
    *(ROOT / "firmware" / name for name in ("unit.py", "session.py", "downlink.py")),
    *sorted((ROOT / "protocol" / "wire").glob("*.py")),
]
BANNED_IMPORTS = {"math", "cmath", "random", "time", "decimal", "fractions", "numpy"}


def float_like(source):
    """What in this source could make a float, or make two runs differ."""
    for node in ast.walk(parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, float | complex):
            yield f"line {node.lineno}: constant {node.value}"
        elif isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Div):
            yield f"line {node.lineno}: true division"
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):
            yield f"line {node.lineno}: a power, which may have a negative exponent"
        elif isinstance(node, ast.Name) and node.id in {"float", "complex", "hash", "id"}:
            yield f"line {node.lineno}: {node.id}"
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names = [getattr(node, "module", None)] + [alias.name for alias in node.names]
            for name in BANNED_IMPORTS & set(names):
                yield f"line {node.lineno}: import {name}"


@pytest.mark.parametrize("path", FILES, ids=lambda p: f"{p.parent.name}/{p.name}")
def test_no_floats(path):
    assert list(float_like(path.read_text("utf-8"))) == []


def test_the_rooms_are_not_empty():
    assert {p.parent.name for p in FILES if p.stat().st_size} == {*ROOMS, "firmware", "wire"}


def test_every_value_of_a_packet_is_an_integer_or_bytes(monkeypatch):
    scenario = load("everything")
    seen = set()
    pack = Downlink.make

    def checked(self, kind, values):
        for value in values:
            assert type(value) in (int, bytes, bool), f"{value!r} in packet {kind}"
        seen.add(kind)
        return pack(self, kind, values)

    monkeypatch.setattr(Downlink, "make", checked)
    for unit in scenario.units:
        config = {"version": 1, "vehicle": unit.vehicle, "unit": unit.unit, "apid": 1, "table": ""}
        simulate(config, event_table(scenario, unit), lambda packet: None)
    assert {tables.TM_HIT, tables.TM_HOUSEKEEPING, tables.TM_WAVEFORM_LAST} <= seen
    assert {tables.TM_SELF_TEST, tables.TM_MONITOR_TRANSITION, tables.TM_EVENT_MEDIUM} <= seen


@pytest.mark.parametrize(
    "source",
    ["x = 1.5", "x = 1e6", "x = a / b", "x /= 2", "import math", "from math import pi", "float(x)"],
)
def test_the_check_sees_floats(source):
    assert len(list(float_like(source))) >= 1
