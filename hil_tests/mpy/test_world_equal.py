"""CPython and a real MicroPython play the world to the same digests."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent
BUDGET_BYTES = 102 * 1024  # 30 KB of it the capture

pytestmark = pytest.mark.micropython


def run(script, *command, **environment):
    """The lines that a script of this folder prints."""
    done = subprocess.run(
        [*command, str(HERE / script)],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.splitlines()


def run_micropython(script, program):
    return run(script, str(program), "-X", "heapsize=200k", MICROPYPATH=f"{ROOT}:.frozen")


def test_the_world_is_the_same_on_both(micropython):
    ours = run("world_digest.py", sys.executable, PYTHONPATH=str(ROOT))
    assert ours[0] == "impacts 4 health 8 38 62"
    assert run_micropython("world_digest.py", micropython) == ours


def test_heap_of_an_impact_on_micropython(micropython):
    lines = run_micropython("world_budget.py", micropython)
    figures = {name: int(value) for name, value in (line.split() for line in lines)}
    assert figures["heap_bytes"] <= BUDGET_BYTES
