"""No outage of broker or reader delays a sample: the unit's own longest gap between steps.

The unit's clock measures it and housekeeping tells it. Steps are due each 2 ms here (20 ms at
SPEED 10); one that comes late is made up for, so that no sample is missing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import trustme

from hil_tests.conftest import LOGS
from hil_tests.support.bad_brokers import BlackHole, Doorway, Mute
from hil_tests.support.live import LONGEST_GAP_US, LiveUnit, lone_unit, until
from tools.run.lines import PtyLine, has_pty

MORE = 30  # housekeeping packets, one a scenario second, after the outage was seen

RUNTIMES = ["cpython", pytest.param("micropython", marks=pytest.mark.micropython)]


@pytest.fixture(params=RUNTIMES)
def start(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[..., LiveUnit]]:
    """`start(line, **settings)` starts a unit on each runtime."""
    made: list[LiveUnit] = []

    def make(line: PtyLine | str, **settings: str) -> LiveUnit:
        made.append(lone_unit(tmp_path, request.param, line, **settings))
        request.node.stash.setdefault(LOGS, []).append(made[-1].log)
        made[-1].start()
        return made[-1]

    yield make
    for unit in made:
        unit.close()


@pytest.fixture
def closing() -> Iterator[Callable]:
    """`closing(thing)` closes it after the test."""
    things: list = []

    def add(thing):
        things.append(thing)
        return thing

    yield add
    for thing in things:
        thing.close()


def said(unit: LiveUnit, pattern: str) -> None:
    """Wait for words of the unit."""
    until(lambda: re.search(pattern, unit.log.read_text()), timeout_s=60)


def check_gaps(unit: LiveUnit) -> None:
    """MORE packets on, no gap was too long and no sample is missing."""
    before = len(unit.of_type("housekeeping"))
    until(lambda: len(unit.of_type("housekeeping")) >= before + MORE)
    packets = unit.of_type("housekeeping")
    longest_us = max(packet.raw["longest_gap_us"] for packet in packets)
    print(f"longest gap {longest_us / 1000:.1f} ms in {len(packets)} s of scenario")
    assert longest_us <= LONGEST_GAP_US
    steps_us = {later.time_us - earlier.time_us for earlier, later in pairwise(packets)}
    assert steps_us == {1_000_000}, "each second has its packet"
    unit.end()
    assert "Traceback" not in unit.log.read_text()


def test_a_broker_that_is_not_there(start, free_port):
    unit = start(f"mqtt://127.0.0.1:{free_port}")
    said(unit, "not connected .*(refused|ECONNREFUSED)")
    check_gaps(unit)


def test_a_broker_behind_a_black_hole(start, closing):
    unit = start(f"mqtt://127.0.0.1:{closing(BlackHole()).port}")
    said(unit, "not connected")
    check_gaps(unit)


@pytest.mark.parametrize("kind", ["mqtt", "mqtts"])
def test_a_broker_that_takes_the_call_and_says_nothing(start, closing, kind, tmp_path):
    trustme.CA().cert_pem.write_to_path(tmp_path / "ca.pem")
    settings = {"ca": str(tmp_path / "ca.pem")}
    unit = start(f"{kind}://127.0.0.1:{closing(Mute()).port}", **settings)
    said(unit, "not connected")
    check_gaps(unit)


@pytest.mark.mosquitto
def test_a_broker_that_stops_reading(start, closing, mosquitto):
    doorway = closing(Doorway(urlsplit(mosquitto).port))
    unit = start(f"mqtt://127.0.0.1:{doorway.port}")
    said(unit, ": connected")
    doorway.stall()
    said(unit, "not connected")
    doorway.clear()
    said(unit, "(?s)not connected.*: connected")
    check_gaps(unit)


@pytest.mark.mosquitto
def test_a_broker_that_is_killed_and_comes_back(start, start_mosquitto, brokers):
    unit = start(start_mosquitto())
    said(unit, ": connected")
    brokers[0].close()
    said(unit, "not connected")
    start_mosquitto()
    said(unit, "(?s)not connected.*: connected")
    check_gaps(unit)


@pytest.mark.skipif(not has_pty(), reason="needs pseudo-terminals")
def test_a_line_that_nobody_reads(start):
    unit = start(PtyLine())  # its buffer is full within a second
    until(lambda: len(unit.made()) > 120)
    check_gaps(unit)
