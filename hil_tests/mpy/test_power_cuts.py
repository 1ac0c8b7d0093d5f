"""The recorder on a real littlefs: power cuts at any write, and what a record costs the flash."""

import os
import subprocess
from pathlib import Path

import pytest

from hil_tests.support.budget import hold

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent
CUTS = 200
SEED = 1000

ERASES = (
    "housekeeping_erases_per_1000_records",
    "event_erases_per_1000_records",
    "quiet_hour_erases_per_1000_records",
)

pytestmark = pytest.mark.micropython


def run(micropython, script, *arguments):
    """(exit code, {word: number} of the lines, all it printed) of a script of this folder."""
    done = subprocess.run(
        [str(micropython), "-X", "heapsize=64m", str(HERE / script), *map(str, arguments)],
        cwd=ROOT,
        env={**os.environ, "MICROPYPATH": f"{ROOT}:.frozen"},
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )
    lines = [line.split() for line in done.stdout.splitlines()]
    figures = {line[0]: int(line[1]) for line in lines if len(line) == 2}
    return done.returncode, figures, done.stdout + done.stderr


def test_200_power_cuts_break_no_promise(micropython, tmp_path):
    code, figures, output = run(micropython, "power_cuts.py", tmp_path, CUTS, SEED)
    assert code == 0, output
    cuts = {name: figures.pop(name) for name in ("append", "replace", "cut", "remove", "format")}
    assert min(cuts.values()) >= 3, "each call is cut"
    assert figures["overflows"] > 0
    assert figures["torn"] > 0
    assert sum(cuts.values()) + figures["start"] >= CUTS


@pytest.mark.parametrize(
    ("fault", "broken"),
    [
        ("lazy", "was stored and is lost"),
        ("careless", "was stored and is lost"),
        ("no-counter", "command counter"),
        ("no-settings", "setting"),
    ],
)
def test_the_campaign_finds_a_fault(micropython, tmp_path, fault, broken):
    code, _, output = run(micropython, "power_cuts.py", tmp_path, CUTS, SEED, fault)
    assert code == 1
    assert f"seed {SEED}" in output
    assert broken in output


def test_erases_per_record(micropython, tmp_path):
    code, figures, output = run(micropython, "erases.py", tmp_path)
    assert code == 0, output
    assert set(figures) == set(ERASES)
    for name in ERASES:
        hold(name, figures[name])
