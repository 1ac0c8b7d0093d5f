"""The units under test: CPython and MicroPython on this computer, or boards (docs/testing.md)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hil_tests.conftest import LOGS
from hil_tests.hil.rig import Rig, bench_scenario
from hil_tests.support.logs import Log, Trace
from hil_tests.support.peer import Peer
from hil_tests.support.process import Program, panewatch
from hil_tests.support.uut.base import CannotError, Identity, Uut
from hil_tests.support.uut.options import choices
from hil_tests.support.uut.pace import Pace


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Every test of one unit runs on each; a test of the rig has them all side by side."""
    if "uut" in metafunc.fixturenames:
        params = [
            pytest.param(choice, id=choice.name, marks=choice.marks)
            for choice in choices(metafunc.config)
        ]
        metafunc.parametrize("uut", params, indirect=True, scope="module")
    elif "rig" in metafunc.fixturenames:
        chosen = choices(metafunc.config)
        marks = [mark for choice in chosen for mark in choice.marks]
        names = " and ".join(choice.name for choice in chosen)
        param = pytest.param(chosen, id=names, marks=marks)
        metafunc.parametrize("rig", [param], indirect=True, scope="module")


@pytest.fixture(scope="module")
def uut(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Uut]:
    """A running unit; skips, with the reason, where it cannot run."""
    scenario = bench_scenario(tmp_path_factory.mktemp("scenario"), 1)
    unit = request.param.make(tmp_path_factory.mktemp("unit"), scenario, scenario.units[0])
    try:
        unit.start()
    except CannotError as error:
        unit.stop()
        pytest.skip(str(error))
    yield unit
    unit.stop()


@pytest.fixture(scope="module")
def line_log() -> Log:
    """What goes over the line of `uut`."""
    return Log()


@pytest.fixture(scope="module")
def peer(uut: Uut, line_log: Log) -> Iterator[Peer]:
    """The line to `uut`, which has told who it is."""
    pace = Pace(uut.time_scale, uut.first_scale)
    trace = Trace(line_log, uut.log)
    peer = Peer(uut.url, uut.key, pace=pace, paced=uut.paced, trace=trace)
    try:
        uut.identity = Identity.of(peer.wait_for("boot", within_s=uut.hello_s))
        yield peer
    finally:
        peer.close()


@pytest.fixture
def unit(
    request: pytest.FixtureRequest, uut: Uut, peer: Peer, line_log: Log, output: Path
) -> Iterator[Peer]:
    """The line to the unit under test, with logs and JUnit properties of this test's own."""
    line = output / f"{uut.file_name}-line.log"
    line_log.to(line)
    request.node.stash.setdefault(LOGS, []).extend((line, uut.log_to(output)))
    tell(request.node, uut)
    yield peer
    uut.check()


@pytest.fixture(scope="module")
def rig(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    """All units side by side, each behind a line that can be made to fail, and a ground station."""
    folder = tmp_path_factory.mktemp("rig")
    scenario = bench_scenario(folder, len(request.param))
    units = [
        choice.make(folder / f"unit{i}", scenario, scenario.units[i])
        for i, choice in enumerate(request.param)
    ]
    ground_log = Log()

    def start_ground(*arguments: str) -> Program:
        return Program(panewatch("ground", *arguments), ground_log)

    rig = Rig(folder, units, start_ground, ground_log)
    try:
        rig.start()
        yield rig
    except CannotError as error:
        pytest.skip(str(error))
    finally:
        rig.close()


@pytest.fixture
def lines(request: pytest.FixtureRequest, rig: Rig, output: Path) -> Iterator[Rig]:
    """The rig with whole lines, and with logs and JUnit properties of this test's own."""
    request.node.stash.setdefault(LOGS, []).extend(rig.log_to(output))
    for bench in rig.benches:
        tell(request.node, bench.uut)
    rig.begin()
    yield rig
    rig.heal()


@pytest.fixture
def or_skip() -> Callable[..., None]:
    """`or_skip(work)` does it, or skips with the reason why this backend cannot."""

    def do(work: Callable[[], None]) -> None:
        try:
            work()
        except CannotError as error:
            pytest.skip(str(error))

    return do


def tell(item: pytest.Item, uut: Uut) -> None:
    """Name the board, its firmware and its schema in the JUnit output."""
    who = uut.identity
    item.user_properties.extend(
        (
            ("board", f"{uut.name}: {who.runtime}, unique id {who.unique_id}"),
            ("unit", f"{who.vehicle}/{who.unit}"),
            ("firmware", who.firmware),
            ("schema", who.schema),
        )
    )
