"""The world, its sensors and the detector give the same digits everywhere: integers only."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ("world", "sensors", "detector")
FILES = sorted(p for room in ROOMS for p in (ROOT / "firmware" / room).rglob("*.py"))
BANNED_IMPORTS = {"math", "cmath", "random", "time", "decimal", "fractions", "numpy"}


def float_like(source):
    """What in this source could make a float, or make two runs differ."""
    for node in ast.walk(ast.parse(source)):
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
    assert {p.parent.name for p in FILES if p.stat().st_size} == set(ROOMS)


@pytest.mark.parametrize(
    "source",
    ["x = 1.5", "x = 1e6", "x = a / b", "x /= 2", "import math", "from math import pi", "float(x)"],
)
def test_the_check_sees_floats(source):
    assert len(list(float_like(source))) >= 1
