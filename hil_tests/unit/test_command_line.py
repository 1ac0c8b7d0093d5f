"""The command line at run time: what is said, what is kept, and how it ends."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ground.archive.archive import Archive
from ground.archive.entries import StoredPacket
from hil_tests.support.process import Program, children, panewatch
from protocol.schema.decode import Decoded, decode
from protocol.wire.frame import Deframer
from tools.cli.sim import FILES
from tools.scenario.find import find
from tools.sim.runtime import environment

MOMENT_S = 60  # as long as a loaded machine takes for a simulation


def run(*args: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        panewatch(*args), cwd=cwd, env=environment(), capture_output=True, text=True,
        stdin=subprocess.DEVNULL, timeout=MOMENT_S, check=False,
    )  # fmt: skip


@contextmanager
def listening() -> Iterator[tuple[socket.socket, int]]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(MOMENT_S)
        yield server, server.getsockname()[1]


@contextmanager
def program(folder: Path, *args: str) -> Iterator[Program]:
    started = Program(panewatch(*args), folder / "output.log", folder)
    try:
        yield started
    finally:
        started.close()


@pytest.mark.parametrize("command", ["run", "ground", "replay"])
def test_console_port_in_use(command: str, tmp_path: Path) -> None:
    if command == "replay":
        run("sim", "impact", "--out", "made", cwd=tmp_path)
    with listening() as (_, port):
        args = {
            "run": ["run"],
            "ground": ["ground", "--link", "socket://127.0.0.1:1"],
            "replay": ["replay", "made/telemetry.bin"],
        }[command]
        done = run(*args, "--port", str(port), cwd=tmp_path)
    assert done.returncode == 2
    assert f"panewatch: port {port} is in use by another program" in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.glob(".panewatch/runs/*"))


def test_a_store_has_one_unit_at_a_time(tmp_path: Path) -> None:
    with listening() as (_, port):
        unit = ["firmware", "--link", f"socket://127.0.0.1:{port}"]
        with program(tmp_path, *unit) as first:
            first.wait_for("runs on socket")
            second = run(*unit, cwd=tmp_path)
            assert second.returncode == 2
            assert len(second.stderr.splitlines()) == 1
            assert "runs on this store already" in second.stderr
            first.send(signal.SIGKILL)
            first.wait()
        with program(tmp_path, *unit) as third:
            third.wait_for("runs on socket")
            third.interrupt()
            assert third.wait() in (0, 130)  # 130 before it listens to signals
    assert not list(tmp_path.rglob("*.lock"))


def boot_report(server: socket.socket) -> Decoded:
    """The first one of a unit that connects."""
    line, _ = server.accept()
    line.settimeout(MOMENT_S)
    deframer = Deframer()
    with line:
        while True:
            for packet, _ in deframer.feed(line.recv(512)):
                if packet and (decoded := decode(packet)).name == "boot":
                    return decoded


def test_a_unit_that_its_watchdog_reset_starts_again_and_says_why(tmp_path: Path) -> None:
    with listening() as (server, port):
        unit = ["firmware", "--link", f"socket://127.0.0.1:{port}"]
        with program(tmp_path, *unit) as started:
            for count in range(3):
                boot = boot_report(server).raw
                assert (boot["reset_reason"], boot["resets"]) == (1 if count else 0, count)
                (process,) = children(started.pid)
                os.kill(process, signal.SIGALRM)
                started.wait_for(rf"(?:was reset by its watchdog[\s\S]*){{{count + 1}}}")
            started.send(signal.SIGTERM)
            assert started.wait() in (0, 143)  # 143 before it listens to signals
    assert "Traceback" not in started.output


def test_ground_waits_for_a_port_that_does_not_exist_yet(tmp_path: Path) -> None:
    with program(tmp_path, "ground", "--link", "/dev/ttyNONE", "--archive", "a.sqlite") as ground:
        ground.wait_for(r"/dev/ttyNONE: no such port; waiting for it")
        ground.wait_for(r"Console: http://127\.0\.0\.1:\d+/$")
        ground.send(signal.SIGTERM)
        assert ground.wait() == 0
    assert "Traceback" not in ground.output
    assert ground.output.endswith(
        "  ending\nRecorded: a.sqlite (panewatch report a.sqlite, panewatch replay a.sqlite)\n"
    )
    assert "start" in [row.kind for row in Archive(tmp_path / "a.sqlite", write=False).journal()]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("command", ["firmware", "ground"])
def test_broker_down_is_said_and_tried_again(
    command: str, number: signal.Signals, tmp_path: Path
) -> None:
    with listening() as (_, port):
        pass  # nobody listens there any more
    with program(tmp_path, command, "--link", f"mqtt://127.0.0.1:{port}") as started:
        started.wait_for(rf"mqtt://127.0.0.1:{port}: .*trying again")
        started.send(number)
        assert started.wait() == 0
    assert "Traceback" not in started.output


def kept_bytes(path: Path) -> bytes:
    archive = Archive(path, write=False)
    try:
        return b"".join(chunk.data for chunk in archive.raw())
    finally:
        archive.close()


def test_garbage_on_the_serial_line_is_kept(tmp_path: Path) -> None:
    garbage = bytes(range(256)) * 20 + b"\x00\x05almost\x00"
    path = tmp_path / "a.sqlite"
    with (
        listening() as (server, port),
        program(
            tmp_path, "ground", "--link", f"socket://127.0.0.1:{port}", "--archive", str(path)
        ) as ground,
    ):
        line, _ = server.accept()
        line.sendall(garbage)
        ground.wait_for("many damaged frames")
        ground.send(signal.SIGTERM)
        assert ground.wait() == 0
        line.close()
    assert "Traceback" not in ground.output
    assert kept_bytes(path) == garbage
    archive = Archive(path, write=False)
    assert not [entry for entry in archive.entries() if isinstance(entry, StoredPacket)]
    archive.close()


def test_cut_telemetry_is_reported_as_far_as_it_goes(tmp_path: Path) -> None:
    run("sim", "impact", "--out", "made", cwd=tmp_path)
    whole = (tmp_path / "made/telemetry.bin").read_bytes()
    (tmp_path / "cut.bin").write_bytes(whole[:-10])
    done = run("report", "cut.bin", "--json", cwd=tmp_path)
    assert done.returncode == 1
    assert '"packets": ' in done.stdout
    assert done.stderr.startswith("panewatch: cut.bin: is damaged after ")
    assert len(done.stderr.splitlines()) == 1


def test_recording_gives_the_same_report_every_way(tmp_path: Path) -> None:
    used_s = sum(os.times()[2:4])
    first = json.loads(run("sim", "shenzhou20", "--out", "made", "--json", cwd=tmp_path).stdout)
    assert sum(os.times()[2:4]) - used_s < 10, "CPU of a quarter of an hour of three units"
    assert {path.name for path in (tmp_path / "made").iterdir()} == {*FILES}
    archive = ["made/archive.sqlite", "--json"]
    assert json.loads(run("report", *archive, cwd=tmp_path).stdout) == first
    replayed = json.loads(run("replay", *archive, "--speed", "max", cwd=tmp_path).stdout)
    assert replayed == first | {"replay": archive[0]}, "the same, marked as a replay"
    packets = ["made/telemetry.bin", "--fleet", "shenzhou20", "--json"]
    bare = json.loads(run("report", *packets, cwd=tmp_path).stdout)
    replayed = json.loads(run("replay", *packets, "--speed", "1000", cwd=tmp_path).stdout)
    assert replayed == bare | {"replay": packets[0]}
    assert bare["sha256"] == first["sha256"]
    nameless = run("report", "made/telemetry.bin", cwd=tmp_path)
    assert "--fleet NAME|FILE takes them from a scenario" in nameless.stderr
    assert [v["status"] for v in bare["vehicles"]] == ["AMBER", "AMBER", None]  # nobody looked


def test_reader_that_goes_away(tmp_path: Path) -> None:
    with subprocess.Popen(
        panewatch("dictionary"), cwd=tmp_path, env=environment(),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == ""
        assert process.wait(MOMENT_S) == 141


def test_board_files_with_a_wiring_have_no_event_table(tmp_path: Path) -> None:
    wiring = tmp_path / "mine.json"
    wiring.write_text('{"version": 1}')
    args = ("firmware", "--window", str(wiring), "--board-files", "board")
    done = run(*args, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    config = json.loads((tmp_path / "board" / "unit.json").read_text())
    assert config["window"] == "window.json"
    assert "table" not in config
    assert (tmp_path / "board" / "window.json").read_bytes() == wiring.read_bytes()
    assert not (tmp_path / "board" / "table.json").exists()
    wiring.write_text('{"version": 7}')
    done = run(*args, cwd=tmp_path)
    assert done.returncode == 2
    assert f"panewatch: {wiring}: version must be 1 to 1, not 7" in done.stderr
    done = run("firmware", "--window", str(wiring), "--link", "socket://127.0.0.1:1", cwd=tmp_path)
    assert done.returncode == 2
    assert "--window needs --board-files" in done.stderr


def test_interrupted_simulation(tmp_path: Path) -> None:
    long = find("impact").read_text().replace("duration_s = 120", "duration_s = 3000000")
    (tmp_path / "long.toml").write_text(long)
    with program(tmp_path, "sim", "long.toml") as sim:
        while not children(sim.pid):
            pass  # a grandchild gives no event to wait for
        sim.interrupt()
        assert sim.wait() == 130
    assert sim.output == ""


def test_help_names_what_works_and_only_that(tmp_path: Path) -> None:
    done = run("--help", cwd=tmp_path)
    assert done.returncode == 0
    commands = (
        "run", "sim", "firmware", "ground", "replay", "report", "evidence", "limits", "dictionary",
        "board", "regression", "bench",
    )  # fmt: skip
    for command in commands:
        assert f"\n    {command}" in done.stdout
        assert run(command, "--help", cwd=tmp_path).returncode == 0
    for later in ("campaign", "assess"):
        assert later not in done.stdout
    assert run("--version", cwd=tmp_path).stdout.startswith("panewatch ")


def test_command_starts_quickly(tmp_path: Path) -> None:
    """Help and mistakes must not wait for numpy and FastAPI."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "tools.cli.main", "--version"],
        cwd=tmp_path, env=environment(), capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "numpy" not in done.stderr
    assert "fastapi" not in done.stderr
