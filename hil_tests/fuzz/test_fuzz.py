"""The corpus holds, and the fuzzer itself runs; `python -m hil_tests.fuzz` is for longer."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from hil_tests.fuzz.__main__ import CORPUS, NAMES
from hil_tests.fuzz.targets import TARGETS

ROOT = Path(__file__).parents[2]
SECONDS = 3


def test_every_target_can_be_chosen_and_has_a_corpus() -> None:
    assert tuple(TARGETS) == NAMES
    assert all(any((CORPUS / name).iterdir()) for name in NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_the_corpus_holds(name: str) -> None:
    for path in sorted((CORPUS / name).iterdir()):
        try:
            TARGETS[name](path.read_bytes())
        except Exception as error:
            error.add_note(f"input: {path.relative_to(ROOT)}")
            raise


@pytest.mark.parametrize("name", NAMES)
def test_the_fuzzer_finds_nothing(name: str) -> None:
    if importlib.util.find_spec("atheris") is None:
        pytest.skip("atheris has no package for this machine")
    done = subprocess.run(
        [sys.executable, "-m", "hil_tests.fuzz", name, "--seconds", str(SECONDS)],
        cwd=ROOT, capture_output=True, text=True, timeout=150, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-4000:] + done.stdout[-2000:]
    assert "DONE" in done.stderr
