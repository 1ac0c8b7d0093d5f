"""The bench itself, as its user starts it: boards by URL and by id, and what a failure shows."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest

from hil_tests.conftest import OUTPUT
from hil_tests.hil.rig import bench_scenario
from hil_tests.support.peer import Peer
from hil_tests.support.process import ROOT
from hil_tests.support.serial_server import SerialServer
from hil_tests.support.uut.base import Identity
from hil_tests.support.uut.board import BoardUut
from hil_tests.support.uut.find import NoBoardError, port_of
from hil_tests.support.uut.process import ProcessUut
from protocol.wire.tables import SCHEMA_HASH
from tools.run.lines import has_pty

pytestmark = pytest.mark.skipif(not has_pty(), reason="needs pseudo-terminals")
FAILING = """
def test_that_fails(unit):
    unit.wait_for("housekeeping")
    assert not "a failure"
"""


def run_pytest(*arguments: str | Path, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *map(str, arguments)],
        cwd=cwd, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


def properties(case: ElementTree.Element) -> dict[str, str]:
    return {p.get("name"): p.get("value") for p in case.iter("property")}


@pytest.fixture
def units(tmp_path: Path) -> Iterator[list[ProcessUut]]:
    """Two running units, as boards on a desk."""
    scenario = bench_scenario(tmp_path, 2)
    units = [
        ProcessUut("cpython", tmp_path / unit.vehicle, scenario, unit) for unit in scenario.units
    ]
    for unit in units:
        unit.start()
    yield units
    for unit in units:
        unit.stop()


@pytest.fixture
def serve() -> Iterator:
    """`serve(port, scheme)` puts a port on the network."""
    servers: list[SerialServer] = []

    def start(port: str, scheme: str) -> SerialServer:
        servers.append(SerialServer(port, scheme))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


def test_boards_by_url_side_by_side(units: list[ProcessUut], serve, tmp_path: Path) -> None:
    """Each has its logs and its name in JUnit; a device, TCP and RFC 2217 are alike."""
    urls = [serve(units[0].url, "socket").url, serve(units[1].url, "rfc2217").url]
    boards: list[str | Path] = []
    for unit, url in zip(units, urls, strict=True):
        key = tmp_path / f"{unit.url.replace('/', '_')}.key"
        key.write_bytes(unit.key)
        boards += ["--board", url, "--key", key]
    report = tmp_path / "junit.xml"
    tests = ("-k", "alive or byte_for_byte", "hil_tests/hil/test_unit.py")
    done = run_pytest("--junit-xml", report, "-o", "timeout=100", *boards, *tests)
    assert done.returncode == 0, done.stdout
    cases = [properties(case) for case in ElementTree.parse(report).iter("testcase")]
    assert len(cases) == 4
    assert {case["unit"] for case in cases} == {"sz20/w1", "sz21/w1"}
    for url in urls:
        (case,) = {tuple(c.items()) for c in cases if c["board"].startswith(f"{url}: cpython")}
        assert ("schema", f"{SCHEMA_HASH:08x}") in case
    for url in urls:
        port = url.rpartition(":")[2]
        (log,) = OUTPUT.glob(f"hil_test_unit.py_test_it_is_alive*/*_{port}-line.log")
        assert "TC[17,1] alive" in log.read_text()


def test_a_board_is_found_by_its_unique_id(units: list[ProcessUut]) -> None:
    peer = Peer(units[0].url, units[0].key)
    identity = Identity.of(peer.wait_for("boot"))
    peer.close()
    ports = ["/dev/ttyNONE", units[0].url]
    assert port_of(identity.unique_id.upper(), 1.0, 15, ports) == units[0].url
    with pytest.raises(NoBoardError, match=f"ttyNONE: cannot be opened.*{identity.unique_id}"):
        port_of("00ff", 1.0, 15, ports)


def test_a_board_that_is_slow_is_waited_for(tmp_path: Path) -> None:
    """A second of its clock takes four: time-outs follow it once its packets have shown it."""
    scenario = bench_scenario(tmp_path, 1)
    unit = ProcessUut("cpython", tmp_path / "unit", scenario, scenario.units[0], speed=0.25)
    unit.start()
    peer = Peer(unit.url, unit.key)
    try:
        first = peer.wait_for("housekeeping").time_us
        peer.wait_for("housekeeping", lambda p: p.time_us >= first + 3_000_000, within_s=5)
        assert 3 < peer.pace.scale < 6
    finally:
        peer.close()
        unit.stop()


@pytest.mark.parametrize("line", ["dtr", "rts"])
def test_a_board_is_reset_by_its_control_line(units: list[ProcessUut], serve, line: str) -> None:
    server = serve(units[0].url, "rfc2217")
    board = BoardUut(server.url, units[0].key, reset_by=line)
    peer = Peer(board.url, board.key)
    peer.wait_for("boot")
    server.levels.clear()
    board.reset(peer)
    peer.wait_for("housekeeping")
    peer.close()
    assert [level for name, level in server.levels if name == line][:2] == [True, False]


def test_a_failure_shows_the_logs_of_unit_and_line(tmp_path: Path) -> None:
    (tmp_path / "test_failing.py").write_text(FAILING)
    report = tmp_path / "junit.xml"
    plugins = ("-p", "hil_tests.conftest", "-p", "hil_tests.hil.conftest")
    done = run_pytest(
        *plugins, "--rootdir", tmp_path, "-c", ROOT / "pyproject.toml", "--backend", "cpython",
        "--junit-xml", report, tmp_path / "test_failing.py",
    )  # fmt: skip
    assert done.returncode == 1, done.stdout + done.stderr
    assert "cpython-unit.log" in done.stdout
    assert "cpython-line.log" in done.stdout
    assert "unit -> host     TM[3,25] housekeeping, boot 1, record " in done.stdout
    tree = ElementTree.parse(report)
    told = properties(next(tree.iter("testcase")))
    assert told["board"].startswith("cpython: cpython 3.")
    assert told["unit"] == "sz20/w1"
    assert told["firmware"]
    assert told["schema"] == f"{SCHEMA_HASH:08x}"
    assert ("schema", told["schema"]) in properties(next(tree.iter("testsuite"))).items()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--board", "/dev/ttyA", "--board", "/dev/ttyB"], "2 boards and 0 keys: give --key"),
        (["--board", "/dev/ttyA", "--key", "none.key"], "--key none.key: cannot be read"),
    ],
)
def test_wrong_options_are_told_in_a_line(options: list[str], words: str) -> None:
    done = run_pytest(*options, "hil_tests/hil/test_unit.py", "-k", "alive")
    assert done.returncode != 0
    assert words in done.stdout + done.stderr
    assert "INTERNALERROR" not in done.stdout + done.stderr


def test_an_emulated_board_without_an_image_is_skipped_with_the_reason(tmp_path: Path) -> None:
    key = tmp_path / "a.key"
    key.write_bytes(bytes(32))
    options = ("--board", "rp2040py:none.uf2", "--key", key)
    done = run_pytest(*options, "hil_tests/hil/test_unit.py", "-k", "alive")
    assert done.returncode == 0, done.stdout
    assert "SKIPPED" in done.stdout
    assert "none.uf2" in done.stdout
