"""The set-up on a machine that lacks something: one clear line, and the next start goes on."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from hil_tests.support.process import ROOT
from tools.bootstrap import stages
from tools.bootstrap.errors import StageError
from tools.bootstrap.pip import Pip

NEEDED = (
    "tools/__init__.py",
    "tools/bootstrap",
    "ground/__init__.py",
    "ground/console/__init__.py",
    "ground/console/fetch.py",
    "requirements",
    "pyproject.toml",
)
NO_ENSUREPIP = """
import importlib.util
find = importlib.util.find_spec
importlib.util.find_spec = lambda name, *rest: None if name == "ensurepip" else find(name, *rest)
"""


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    for name in NEEDED:
        source, target = ROOT / name, tmp_path / "clone" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target)
        else:
            shutil.copy(source, target)
    return tmp_path / "clone"


def bootstrap(clone: Path, *names: str, **environment: str) -> subprocess.CompletedProcess:
    python = getattr(sys, "_base_executable", sys.executable)
    return subprocess.run(
        [python, "-m", "tools.bootstrap", *names],
        cwd=clone, check=False, capture_output=True, text=True, timeout=120,
        env={"PATH": os.environ["PATH"], "HOME": str(clone), **environment},
    )  # fmt: skip


def test_without_a_network_it_says_so_in_one_line(clone):
    done = bootstrap(clone, "core", PIP_NO_INDEX="1", PIP_CONFIG_FILE=os.devnull)
    assert done.returncode == 1
    assert done.stderr.startswith("core: cannot reach the package index; it is needed once")
    assert done.stderr.count("\n") == 1
    assert not (clone / ".venv" / ".core").exists()


def test_without_ensurepip_it_names_the_command(clone, tmp_path):
    (tmp_path / "sitecustomize.py").write_text(NO_ENSUREPIP)
    done = bootstrap(clone, "core", PYTHONPATH=str(tmp_path))
    assert done.returncode == 2
    assert "apt-get install python3." in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (clone / ".venv").exists()


def test_a_moved_folder_gets_a_new_environment(clone):
    make = "from tools.bootstrap.stages import ensure_venv; ensure_venv()"

    def ensure(folder: Path) -> str:
        python = getattr(sys, "_base_executable", sys.executable)
        return subprocess.run(
            [python, "-c", make],
            cwd=folder,
            check=True,
            capture_output=True,
            text=True,
            timeout=120,
        ).stdout

    assert ensure(clone).startswith("core: making .venv with Python")
    assert ensure(clone) == ""
    elsewhere = clone.rename(clone.with_name("else where"))
    assert ensure(elsewhere).startswith("core: .venv was made in another folder")
    done = subprocess.run(
        [elsewhere / ".venv/bin/pip", "--version"], capture_output=True, text=True, check=True
    )
    assert str(elsewhere) in done.stdout


def test_unknown_stage(clone):
    done = bootstrap(clone, "cor")
    assert done.returncode == 2
    assert done.stderr == "stages are core, assets, dev, not ['cor']\n"


@pytest.fixture
def stage(tmp_path, monkeypatch):
    """One stage with one input; what it makes is counted."""
    monkeypatch.setattr(stages, "VENV", tmp_path)
    pins = tmp_path / "pins.txt"
    pins.write_text("a==1")
    made = tmp_path / "made"
    runs = []

    def run(make=lambda: runs.append(made.write_text("made"))):
        stages.once("core", [pins], made, make)
        return len(runs)

    run.pins, run.made = pins, made
    return run


def test_a_stage_runs_again_only_when_its_input_changes(stage):
    assert [stage(), stage()] == [1, 1]
    stage.pins.write_text("a==2")
    assert [stage(), stage()] == [2, 2]


def test_a_stage_that_failed_is_taken_up_again(stage):
    def fail():
        stage.made.touch()
        raise StageError("no network")

    assert stage() == 1
    stage.made.unlink()
    with pytest.raises(StageError):
        stage(fail)
    assert [stage(), stage()] == [2, 2]


def test_pip_counts_what_it_downloads_and_what_it_has(tmp_path, capsys):
    pip = Pip("core", Path(sys.executable), tmp_path / "log")
    for line in (
        "  Downloading numpy-2.4.6-cp311-cp311-linux.whl.metadata (500 kB)",
        "  Downloading numpy-2.4.6-cp311-cp311-linux.whl (16.9 MB)",
        "  Using cached h11-0.16.0-py3-none-any.whl (37 kB)",
        "Installing collected packages: numpy, h11",
        "Successfully installed h11-0.16.0 numpy-2.4.6",
        "Installing collected packages: panewatch",
    ):
        pip.follow(line)
    pip.close()
    said = capsys.readouterr().out
    assert said.count("core: installing\n") == 1
    assert "core: numpy-2.4.6-cp311-cp311-linux.whl (16.9 MB)\n" in said
    assert "core: 2 packages, 17.4 MB downloaded (0.0 MB more from pip's cache) in 0 s\n" in said
