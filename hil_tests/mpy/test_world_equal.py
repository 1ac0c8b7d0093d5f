"""CPython and a real MicroPython play the world to the same digests."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent
MICROPYTHON = shutil.which(
    "micropython", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}"
)
BUDGET_BYTES = 60 * 1024
BUDGET_US = 150_000

pytestmark = [
    pytest.mark.micropython,
    pytest.mark.skipif(MICROPYTHON is None, reason="no MicroPython unix port for this platform"),
]


def run(command, **environment):
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.splitlines()


def micropython(script):
    command = [MICROPYTHON, "-X", "heapsize=200k", str(HERE / script)]
    return run(command, MICROPYPATH=f"{ROOT}:.frozen")


def test_the_world_is_the_same_on_both():
    ours = run([sys.executable, str(HERE / "world_digest.py")], PYTHONPATH=str(ROOT))
    assert ours[0] == "impacts 4 health 3 54 62"
    assert micropython("world_digest.py") == ours


def test_heap_and_time_of_an_impact_on_micropython():
    figures = dict(line.split() for line in micropython("world_budget.py"))
    assert int(figures["heap_bytes"]) <= BUDGET_BYTES
    assert int(figures["impact_us"]) <= BUDGET_US
