"""The parts of the bench that need no unit: pace, logs, resets, locks."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from hil_tests.support.logs import Log, Trace
from hil_tests.support.peer import Peer
from hil_tests.support.uut.base import CannotError
from hil_tests.support.uut.board import BoardUut
from hil_tests.support.uut.pace import Pace
from hil_tests.support.uut.port import PIECE, HostPort, PortInUseError
from protocol.wire import frame, tables, tc

KEY = bytes(32)


def heard(pace: Pace, clock: list[float], seconds: int, slowness: float, first: int = 0) -> None:
    """A packet each second of the unit's clock, which is so much slower than ours."""
    for i in range(seconds):
        clock[0] += slowness
        pace.heard(1, first + i, (first + i) * 1_000_000)


def test_an_emulated_boards_pace_is_measured() -> None:
    clock = [0.0]
    pace = Pace(first=30, clock=lambda: clock[0])
    assert (pace.scale, pace.measured) == (30, None)
    heard(pace, clock, 10, slowness=8.0)
    assert pace.scale == pytest.approx(8.0)
    assert Pace(fixed=5).scale == 5


def test_pace_believes_no_jump_no_repeat_and_no_buffer() -> None:
    clock = [0.0]
    pace = Pace(clock=lambda: clock[0])
    for record in range(40):  # what the port had kept
        pace.heard(0, record, record * 1_000_000)
    assert pace.measured is None
    heard(pace, clock, 10, slowness=2.0)
    pace.heard(1, 3, 3_000_000)  # sent again
    pace.heard(1, 10, 3_600_000_000)  # its clock was set
    heard(pace, clock, 10, slowness=2.0, first=11)
    assert pace.measured == pytest.approx(2.0)
    fast = Pace(clock=lambda: clock[0])
    heard(fast, clock, 10, slowness=0.1)
    assert fast.scale == 1, "this computer is none the faster"


def test_a_slow_board_gets_no_more_at_once_than_its_buffer_holds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    slept: list[float] = []
    monkeypatch.setattr("hil_tests.support.uut.port.time.sleep", slept.append)
    port = HostPort("loop://", slowness=lambda: 10.0)
    port.write(bytes(range(200)))
    assert port.read() == bytes(range(200))
    port.close()
    assert len(slept) == -(-200 // PIECE)
    assert sum(slept) == pytest.approx(200 / 11_520 * 10)


def test_a_port_that_was_gone_is_opened_again() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = HostPort(f"socket://127.0.0.1:{server.getsockname()[1]}")
        got = b""
        for part in (b"before", b"after"):
            line, _ = server.accept()
            line.sendall(part)
            while not got.endswith(part):
                got += port.read()
            line.close()
            while not port.trouble:
                got += port.read()
            with pytest.raises(ConnectionError, match="hung up"):
                port.write(b"into the void")
            port.read()
        port.close()
    assert got == b"beforeafter"


def test_nothing_is_sent_before_the_unit_was_heard() -> None:
    peer = Peer("loop://", KEY)
    with pytest.raises(AssertionError, match="wait for a frame first"):
        peer.write(b"\x03")
    with pytest.raises(AssertionError, match="wait for the boot packet first"):
        peer.command(tables.TC_ALIVE)
    peer.close()


def test_one_bench_a_port() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"socket://127.0.0.1:{server.getsockname()[1]}"
        held = HostPort(url)
        with pytest.raises(PortInUseError, match=f"{url} is in use by another"):
            HostPort(url)
        held.close()
        HostPort(url).close()


def test_power_is_cut_by_the_command_of_the_options(tmp_path: Path) -> None:
    said = tmp_path / "said"
    board = BoardUut("/dev/ttyX", KEY, reset_cmd=f"echo cut {{url}} > {said}")
    board.power_cut()
    assert said.read_text() == "cut /dev/ttyX\n"
    with pytest.raises(AssertionError, match=r"--reset-cmd exit 3: 3"):
        BoardUut("/dev/ttyX", KEY, reset_cmd="exit 3").power_cut()
    with pytest.raises(CannotError, match="nothing switches its power; give --reset-cmd"):
        BoardUut("/dev/ttyX", KEY).power_cut()


def test_a_trace_says_what_went_which_way(tmp_path: Path) -> None:
    line, unit = Log(), Log()
    trace = Trace(line, unit)
    command = frame.encode(tc.build(tables.TC_ALIVE, 1, 0, 7, KEY, []))
    trace.note("host -> unit", command[:9])
    trace.note("host -> unit", command[9:])
    trace.note("unit -> host", b"Traceback (most recent call last):\n\0")
    line.to(tmp_path / "line.log")
    unit.to(tmp_path / "unit.log")
    first, second = (tmp_path / "line.log").read_text().splitlines()
    assert first.endswith("host -> unit     TC[17,1] alive, counter 7")
    assert "unit -> host     no frame, 35 bytes: b'Traceback" in second
    assert (tmp_path / "unit.log").read_text() == "Traceback (most recent call last):\n"
    line.say("more")
    line.to(tmp_path / "next.log")
    line.say("other")
    assert (tmp_path / "line.log").read_text().endswith("\nmore\n")
    assert (tmp_path / "next.log").read_text() == "other\n"
