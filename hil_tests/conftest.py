"""Fixtures for outside programs, and what makes a skip a failure on the build machine."""

from __future__ import annotations

import json
import os
import re
import secrets
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from hil_tests.support import programs
from hil_tests.support.process import ROOT, Program, panewatch
from hil_tests.support.uut.options import add_options
from protocol.wire.tables import SCHEMA_HASH
from tools.sim import runtime

OUTPUT = Path(__file__).parent / "output"
SHOWN_LINES = 200
MEMORY = Path("/dev/shm")
ROOM_BYTES = 4 << 30
LOGS = pytest.StashKey[list[Path]]()


@dataclass(frozen=True)
class Browser:
    """What Playwright launches."""

    executable: str
    args: tuple[str, ...]


def pytest_addoption(parser: pytest.Parser) -> None:
    add_options(parser)


def pytest_configure() -> None:
    """Temporary files go into memory where there is room: archives are synced at each commit.

    A test sees no difference, for none takes the power from this computer.
    """
    if "TMPDIR" in os.environ or not os.access(MEMORY, os.W_OK):
        return
    memory = os.statvfs(MEMORY)
    has_room = memory.f_bavail * memory.f_frsize >= ROOM_BYTES
    if has_room and not memory.f_flag & os.ST_NOEXEC:
        tempfile.tempdir = os.environ["TMPDIR"] = str(MEMORY)


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """`-n auto`: two more than there are cores, for many tests wait for what runs in real time."""
    return len(os.sched_getaffinity(0)) + 2 if hasattr(os, "sched_getaffinity") else 3


def pytest_runtest_setup(item: pytest.Item) -> None:
    for marker in item.iter_markers():
        if reason := programs.missing(marker.name):
            pytest.skip(reason)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item):
    report = yield
    if not item.get_closest_marker("board"):
        forbid_skip(report)
    if report.failed:
        for log in item.stash.get(LOGS, []):
            if log.exists():
                lines = log.read_text().splitlines(keepends=True)
                title = os.path.relpath(log, ROOT)
                if len(lines) > SHOWN_LINES:
                    title += f", its last {SHOWN_LINES} of {len(lines)} lines"
                report.sections.append((title, "".join(lines[-SHOWN_LINES:])))
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report():
    return forbid_skip((yield))


def forbid_skip(report):
    """Skips are honest on a laptop; the build machine has everything but a board."""
    if os.environ.get("PANEWATCH_NO_SKIP") and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"{report.nodeid} may not skip here: {report.longrepr[2]}"
    return report


@pytest.fixture(scope="session", autouse=True)
def schema(record_testsuite_property: Callable[[str, object], None]) -> None:
    """JUnit output names the schema of this side of the wire."""
    record_testsuite_property("schema", f"{SCHEMA_HASH:08x}")


@pytest.fixture
def output(request: pytest.FixtureRequest) -> Path:
    """A folder of this test's own for logs and pictures; it stays after the test."""
    folder = OUTPUT / re.sub(r"[^\w.-]+", "_", request.node.nodeid.removeprefix("hil_tests/"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture
def run_program(request: pytest.FixtureRequest, output: Path) -> Iterator[Callable[..., Program]]:
    """Starts programs, ends them after the test, shows their output when the test fails."""
    started: list[Program] = []
    logs = request.node.stash.setdefault(LOGS, [])

    def start(name: str, command: list[str], **options: Path) -> Program:
        log = output / f"{len(started)}-{name}.log"
        logs.append(log)
        started.append(Program(command, log, **options))
        return started[-1]

    yield start
    for program in reversed(started):
        program.close()


@pytest.fixture
def run_panewatch(run_program: Callable[..., Program]) -> Callable[..., Program]:
    """`run_panewatch("run", "--for", "5", cwd=tmp_path)` starts the command line as a process."""
    return lambda *args, **options: run_program(args[0], panewatch(*args), **options)


@pytest.fixture
def free_port() -> int:
    """A TCP port on loopback that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def micropython() -> Path:
    """The MicroPython unix port."""
    if reason := programs.missing("micropython"):
        pytest.skip(reason)
    return runtime.micropython()


@pytest.fixture(scope="session")
def chromium() -> Browser:
    """Chromium for Playwright."""
    if reason := programs.missing("browser"):
        pytest.skip(reason)
    return Browser(programs.chromium(), programs.CHROMIUM_ARGS)


@pytest.fixture
def brokers() -> list[Program]:
    """Every Mosquitto that `start_mosquitto` has started."""
    return []


@pytest.fixture
def start_mosquitto(
    tmp_path: Path, free_port: int, run_program: Callable[..., Program], brokers: list[Program]
) -> Callable[[], str]:
    """`start_mosquitto()` starts one on this test's port, again after it died; gives its URL."""
    if reason := programs.missing("mosquitto"):
        pytest.skip(reason)
    config = tmp_path / "mosquitto.conf"
    config.write_text(f"listener {free_port} 127.0.0.1\nallow_anonymous true\nlog_dest stderr\n")

    def start() -> str:
        brokers.append(run_program("mosquitto", [programs.mosquitto(), "-c", str(config)]))
        brokers[-1].wait_for(r"mosquitto version \S+ running")
        return f"mqtt://127.0.0.1:{free_port}"

    return start


@pytest.fixture
def mosquitto(start_mosquitto: Callable[[], str]) -> str:
    """URL of a Mosquitto of this test's own."""
    return start_mosquitto()


@pytest.fixture
def amqtt_broker() -> Iterator[str]:
    """URL, with user and password, of the embedded broker."""
    password = secrets.token_hex(8)
    broker = subprocess.Popen(
        [sys.executable, "-m", "tools.run.broker"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT,
    )  # fmt: skip
    broker.stdin.write(json.dumps({"port": 0, "user": "test", "password": password}) + "\n")
    broker.stdin.flush()
    yield f"mqtt://test:{password}@127.0.0.1:{int(broker.stdout.readline())}"
    broker.stdin.close()
    broker.wait(10)
    broker.stdout.close()
