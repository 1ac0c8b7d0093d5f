"""No reader, or one that floods the line: the longest gap between two steps stays short."""

import os
import sys
import threading

import pytest

from hil_tests.mpy.test_unit_live import HEAP, KEY, LiveUnit
from hil_tests.support.live import until
from hil_tests.support.peer import Peer
from protocol.wire import tables, tc
from protocol.wire.frame import encode

LONGEST_US = 1_000_000  # on a loaded computer
FAST_MILLI = 10_000
MINUTE_US = 60_000_000
GONE_ON_BYTES = 30_000  # of records, while nobody reads: a line holds 4 KB


@pytest.fixture(params=["cpython", pytest.param("micropython", marks=pytest.mark.micropython)])
def unit(request, tmp_path):
    command = [sys.executable]
    if request.param == "micropython":
        command = [str(request.getfixturevalue("micropython")), "-X", HEAP]
    made = LiveUnit(tmp_path, command, speed_milli=FAST_MILLI)
    yield made
    made.close()


@pytest.fixture
def ground(unit):
    made = Peer(unit.port, KEY)
    yield made
    made.close()


def longest_gap_us(ground):
    return max(p.raw["longest_gap_us"] for p in ground.packets if p.name == "housekeeping")


def test_a_line_that_nobody_reads_delays_no_step(unit, ground, tmp_path):
    store = tmp_path / "store"
    until(lambda: sum(f.stat().st_size for f in store.glob("*.seg")) > GONE_ON_BYTES, 60)
    boot = ground.wait_for("boot")
    late = ground.wait_for("housekeeping", lambda p: p.raw["link_dropped"] > 0)
    ground.command(tables.TC_RETRIEVE, (boot.boot_id, 0, late.record))
    ground.wait_for("completed", within_s=60)
    records = {p.record for p in ground.packets}
    assert records >= set(range(late.record)), "also those of the time when nobody read"
    assert longest_gap_us(ground) < LONGEST_US


def test_a_line_that_is_flooded_delays_no_step(unit, ground):
    forged = encode(tc.build(tables.TC_ALIVE, 1, 0, 0, bytes(32), ()))
    flood = (bytes(range(1, 256)) + b"\0" + forged * 8) * 4
    line = os.open(unit.port, os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK)
    over, full = threading.Event(), threading.Event()

    def write():
        while not over.is_set():
            try:
                os.write(line, flood)
            except BlockingIOError:
                full.set()
                over.wait(0.001)

    begin = ground.wait_for("housekeeping").time_us
    writer = threading.Thread(target=write)
    writer.start()
    try:
        ground.wait_for("housekeeping", lambda p: p.time_us > begin + MINUTE_US, within_s=60)
    finally:
        over.set()
        writer.join()
        os.close(line)
    assert full.is_set(), "the unit could keep up: no flood"
    assert longest_gap_us(ground) < LONGEST_US
