"""What the command line says of each bad input (bad_input.py).

Exit code 2, one line on standard error that begins with `panewatch:`, no traceback, and the folder
holds afterwards what it held before. Every row runs in this process, which Python need not start
for; the first of each command in one of its own, too.
"""

import io
import logging
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from hil_tests.support.process import panewatch
from hil_tests.unit.bad_input import ROWS, Row
from tools.cli.main import main
from tools.sim.runtime import environment

MOMENT_S = 20
FIRST = list({tuple(row.args[:1]): row for row in reversed(ROWS)}.values())
Ended = tuple[int, str, str]
"""Exit code, standard output and standard error."""


def run_process(args: list[str], folder: Path) -> Ended:
    done = subprocess.run(
        panewatch(*args), cwd=folder, env=environment(), capture_output=True, text=True,
        stdin=subprocess.DEVNULL, timeout=MOMENT_S, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout, done.stderr


@pytest.fixture
def run_here(
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> Callable[[list[str], Path], Ended]:
    """As `run_process`, in this process: what would be a traceback there fails the test."""

    def run(args: list[str], folder: Path) -> Ended:
        monkeypatch.chdir(folder)
        monkeypatch.setattr(sys, "stdin", io.StringIO())
        threads = set(threading.enumerate())
        try:
            code = main(args)
        except SystemExit as end:  # argparse's
            assert isinstance(end.code, int)
            code = end.code
        assert [r.getMessage() for r in caplog.records if r.levelno >= logging.WARNING] == []
        left = set(threading.enumerate()) - threads
        assert not [t for t in left if not t.daemon], "they would keep a process from ending"
        return code, *capfd.readouterr()

    return run


def contents(folder: Path) -> dict[str, bytes]:
    """Every file that is not our own state."""
    paths = [p for p in folder.rglob("*") if p.is_file() and ".panewatch" not in p.parts]
    return {str(p): p.read_bytes() for p in paths if not p.name.endswith(("-shm", "-wal"))}


def check(row: Row, folder: Path, run: Callable[[list[str], Path], Ended]) -> None:
    row.prepare(folder)
    before = contents(folder)
    code, out, err = run(row.args, folder)
    assert code == 2, err
    assert out == ""
    assert err.startswith("panewatch: ")
    assert row.words in err
    assert len(err.splitlines()) == 1, err
    assert contents(folder) == before
    assert not list(folder.glob(".panewatch/runs/*"))


@pytest.mark.parametrize("row", FIRST, ids=[row.name for row in FIRST])
def test_bad_input_in_a_process(row: Row, tmp_path: Path) -> None:
    check(row, tmp_path, run_process)


@pytest.mark.timeout(MOMENT_S)
# What Python prints: of a thread or a destructor that failed too; not these, which it hides.
@pytest.mark.filterwarnings("error", "ignore::ResourceWarning", "ignore::DeprecationWarning")
@pytest.mark.parametrize("row", ROWS, ids=[row.name for row in ROWS])
def test_bad_input(row: Row, tmp_path: Path, run_here: Callable[[list[str], Path], Ended]) -> None:
    check(row, tmp_path, run_here)
