"""What boards run: the sources compiled by mpy-cross, for each machine that they may have."""

import ast
import json
import os
import re
import subprocess
from hashlib import sha256

import pytest

from firmware.sim import simulate
from hil_tests.mpy.test_golden_run import CONFIG, TABLE
from tools.board.constants import inline
from tools.board.files import write_board_files
from tools.board.mpy import MpyError, MpyFormat, compile_folder
from tools.board.syntax import parse
from tools.scenario.load import load

UNIX_X64 = 6 | 3 << 8 | 2 << 10
PICO = 6 | 3 << 8 | 4 << 10
ESP32 = 6 | 3 << 8 | 10 << 10
NO_MACHINE_CODE = 6 | 3 << 8
OLDER = 6 | 2 << 8 | 4 << 10
VIPER = "firmware/detector/core_viper.mpy"


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    """A board's folder as `--board-files` writes it."""
    folder = tmp_path_factory.mktemp("board")
    key = folder / "made.key"
    key.write_bytes(bytes(32))
    scenario = load("quiet")
    write_board_files(scenario, scenario.units[0], key, folder / "sources")
    return folder / "sources"


@pytest.mark.parametrize("mpy", [UNIX_X64, PICO, ESP32])
def test_all_is_compiled_but_what_starts_the_board(sources, tmp_path, mpy):
    made = compile_folder(sources, tmp_path, mpy)
    assert VIPER in made, "no literal of the machine code may be larger than a small integer"
    assert [name for name in made if name.endswith(".py")] == ["main.py"]
    there = [p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*") if p.is_file()]
    assert sorted(there) == sorted(made)
    assert not any("__init__" in name for name in made), "all are empty"
    assert (tmp_path / "unit.key").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("mpy", [NO_MACHINE_CODE, OLDER])
def test_machine_code_that_a_board_cannot_load_is_left_out(sources, tmp_path, mpy):
    made = compile_folder(sources, tmp_path, mpy)
    assert VIPER not in made
    assert VIPER.replace("viper", "plain") in made


def test_a_board_of_another_mpy_version_is_refused(sources, tmp_path):
    with pytest.raises(MpyError, match=r"the board reads \.mpy version 5, mpy-cross writes 6"):
        compile_folder(sources, tmp_path, 5)


def test_a_source_that_does_not_compile_is_named(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "wrong.py").write_text("def f(:\n")
    with pytest.raises(MpyError, match="wrong, line 1: invalid syntax"):
        compile_folder(tmp_path / "in", tmp_path / "out", UNIX_X64)


def test_a_format_is_read_from_the_number_of_the_board():
    assert MpyFormat.of(UNIX_X64) == MpyFormat(6, 3, "x64")
    assert MpyFormat.of(PICO).architecture == "armv6m"
    assert MpyFormat.of(6 | 15 << 10).architecture is None


def test_names_of_constants_are_gone_and_lines_stay(sources):
    texts = {
        ".".join(path.relative_to(sources).with_suffix("").parts): path.read_text()
        for path in sources.rglob("*.py")
    }
    made = inline(texts)
    assert texts["firmware.unit"].count("\n") == made["firmware.unit"].count("\n")
    for name in ("STEP_US", "LEAK_SUSPECTED", "TM_EVENT_INFO", "TC_ALIVE", "_AVERAGE"):
        assert any(name in text for text in texts.values())
        assert not any(re.search(rf"\b{name}\b(?!\*)", code(text)) for text in made.values())
    assert "SCHEMA_HASH = " in made["protocol.wire.tables"], "the bench asks for it"


def test_what_is_no_constant_stays():
    texts = {
        "a": "ONE, TWO = range(1, 3)\nA, B = range(2)\nC = B << 4 | 1\nTEXT = 'x'\nN = 1\nN = 2\n",
        "b": "from a import C, N, TEXT\nimport a\nLOW = -C\ndef f(x, A=C):\n return A, LOW, a.C\n",
        "c": "from b import C\nfrom x import B\nprint(C, B)\n",
    }
    assert inline(texts) == {
        "a": "ONE, TWO = range(1, 3)\npass\npass\nTEXT = 'x'\nN = 1\nN = 2\n",
        "b": "from a import N, TEXT\nimport a\npass\ndef f(x, A=17):\n return A, (-17), 17\n",
        "c": "pass\nfrom x import B\nprint(17, B)\n",
    }


def code(text):
    """A source without comments and docstrings."""
    return ast.unparse(_Bare().visit(parse(text)))


class _Bare(ast.NodeTransformer):
    def visit_Expr(self, node):
        return ast.Pass() if isinstance(node.value, ast.Constant) else node


@pytest.mark.micropython
def test_compiled_it_makes_the_same_bytes_and_tells_the_same_lines(sources, tmp_path, micropython):
    (tmp_path / "table.json").write_text(json.dumps(TABLE))
    (tmp_path / "unit.json").write_text(json.dumps({**CONFIG, "table": "table.json"}))
    mpy = _ask(micropython, "import sys; print(sys.implementation._mpy)")
    board = tmp_path / "board"
    compile_folder(sources, board, int(mpy))
    environment = {"MICROPYPATH": f"{board}:.frozen"}
    subprocess.run(
        [micropython, "-c", 'from firmware.sim import main; main(["unit.json", "out"])'],
        cwd=tmp_path, env=os.environ | environment, check=True, timeout=100,
    )  # fmt: skip
    expected = []
    simulate({**CONFIG, "table": ""}, TABLE, expected.append)
    made = (tmp_path / "out").read_bytes()
    assert sha256(made).hexdigest() == sha256(b"".join(expected)).hexdigest()
    place = _ask(
        micropython,
        "from firmware.boards.this import this_board\n"
        "from protocol.wire import cobs\n"
        "try: cobs.decode(b'\\x00')\n"
        "except cobs.CobsError as error: print(this_board().where(error))",
        **environment,
    )
    name, line = place.split(":")
    assert name == "cobs.py"
    source = (sources / "protocol/wire/cobs.py").read_text().splitlines()
    assert "raise CobsError" in source[int(line) - 1]


def _ask(micropython, program, **environment):
    done = subprocess.run(
        [micropython, "-c", program], env=os.environ | environment,
        capture_output=True, text=True, check=True, timeout=100,
    )  # fmt: skip
    return done.stdout.strip()
