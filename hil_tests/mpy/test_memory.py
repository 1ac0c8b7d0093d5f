"""A unit that runs out of memory says so and goes on."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from hil_tests.mpy.test_golden_run import CONFIG, TABLE

ROOT = Path(__file__).parents[2]


@pytest.mark.micropython
@pytest.mark.parametrize("heap", ["300k", "320k", "400k"])
def test_a_step_without_memory_becomes_an_event(tmp_path, micropython, heap):
    table, config = tmp_path / "table.json", tmp_path / "unit.json"
    table.write_text(json.dumps(TABLE))
    config.write_text(json.dumps({**CONFIG, "table": str(table)}))
    done = subprocess.run(
        [micropython, "-X", f"heapsize={heap}", "-m", "hil_tests.mpy.starve_unit", config],
        cwd=ROOT, env=os.environ | {"MICROPYPATH": f"{ROOT}:.frozen"},
        capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    *texts, steps = done.stdout.splitlines()
    assert steps == "steps 600"
    assert texts and all("MemoryError" in text for text in texts)
