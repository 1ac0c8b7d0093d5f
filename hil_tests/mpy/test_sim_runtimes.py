"""The same scenario gives the same telemetry bytes on CPython and on MicroPython."""

from pathlib import Path

import pytest

from tools.scenario.load import load
from tools.sim.runtime import micropython
from tools.sim.telemetry import join, merge
from tools.sim.units import run_units

pytestmark = [
    pytest.mark.micropython,
    pytest.mark.skipif(micropython() is None, reason="no MicroPython unix port on this computer"),
]


@pytest.mark.parametrize("name", ["shenzhou20", "everything"])
def test_equal_bytes(name: str, tmp_path: Path) -> None:
    made = {
        runtime: join(merge(run_units(load(name), tmp_path / runtime, runtime, lambda *_: None)))
        for runtime in ("cpython", "micropython")
    }
    assert made["cpython"] == made["micropython"]
    assert len(made["cpython"]) > 10_000
