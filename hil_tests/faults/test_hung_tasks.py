"""Each task hangs in every way, and the unit recovers, on each runtime: the ladder to its end.

The test is the unit's launcher, and so its power supply (firmware/boards/launched.py).
"""

import sys

import pytest

from firmware.boards import launched
from firmware.health.hang import AWAIT, BUSY, STUBBORN
from firmware.health.health import HEALTH, LINK, NAMES, SAMPLING
from firmware.services.boot import POWER_ON, WATCHDOG
from hil_tests.mpy.test_unit_live import KEY, LiveUnit
from hil_tests.support.live import until
from hil_tests.support.peer import Peer
from protocol.wire import events, tables

BITTEN = -14  # SIGALRM
WATCHDOG_MS = 4000
HEALTHY_US = WATCHDOG_MS * 7500
TASKS = [pytest.param(which, id=NAMES[which]) for which in (SAMPLING, LINK, HEALTH)]


class Unit:
    """A unit, and the ground at its line; what ends is started again by `power_again`."""

    def __init__(self, folder, command, **settings):
        self._live = LiveUnit(folder, command, watchdog_ms=WATCHDOG_MS, **settings)
        self.ground = Peer(self._live.port, KEY)
        boot = self.ground.wait_for("boot")
        assert (boot.raw["reset_reason"], boot.raw["resets"]) == (POWER_ON, 0)

    def hang(self, which, kind, for_ms=0):
        self.ground.command(tables.TC_STIMULATE_HANG, (which, kind, for_ms))

    def event(self, event_id):
        """The next report of an event: its text and a."""
        severity = events.SEVERITY[event_id]
        packet = self.ground.wait_for(
            "event_" + ("info", "low", "medium", "high")[severity - 1],
            lambda p: p.raw["event_id"] == event_id,
        )
        return packet.raw["text"].rstrip(b"\0").decode(), packet.raw["a"]

    def power_again(self):
        """Wait until it has ended, and start it again; returns (exit code, boot report)."""
        code, _ = self.gone()
        self._live.start(launched.cause(code))
        before = max(p.boot_id for p in self.ground.packets)
        return code, self.ground.wait_for("boot", lambda p: p.boot_id > before)

    def gone(self):
        """Wait until it has ended; returns (exit code, what it said)."""
        return self._live.gone()

    def run_until(self, time_us, boot):
        """Until so long after a boot."""
        self.ground.wait_for(
            "housekeeping", lambda p: p.boot_id == boot and p.time_us > time_us, within_s=90
        )

    def is_alive(self):
        counter = self.ground.command(tables.TC_ALIVE)
        self.ground.wait_for("alive")
        self.ground.wait_for("completed", lambda p: p.raw["tc_counter"] == counter)

    def close(self):
        self.ground.close()
        self._live.close()


@pytest.fixture(params=["cpython", pytest.param("micropython", marks=pytest.mark.micropython)])
def unit(request, tmp_path):
    command = [sys.executable]
    if request.param == "micropython":
        command = [str(request.getfixturevalue("micropython")), "-X", "heapsize=320k"]
    made = Unit(tmp_path, command)
    yield made
    made.close()


@pytest.mark.parametrize("which", TASKS)
def test_one_that_waits_for_ever_is_started_again(unit, which):
    unit.hang(which, AWAIT)
    name, silent_ms = unit.event(events.TASK_HUNG)
    assert name == NAMES[which]
    assert WATCHDOG_MS * 3 // 8 <= silent_ms < WATCHDOG_MS
    assert unit.event(events.TASK_RESTARTED)[0] == NAMES[which]
    unit.is_alive()
    assert {p.boot_id for p in unit.ground.packets} == {1}


@pytest.mark.parametrize("which", TASKS)
def test_one_that_cannot_be_cancelled_is_reset_and_named(unit, which):
    unit.hang(which, STUBBORN)
    code, boot = unit.power_again()
    assert code == BITTEN
    assert (boot.raw["reset_reason"], boot.raw["resets"]) == (WATCHDOG, 1)
    name, silent_ms = unit.event(events.TASK_HUNG)
    assert name == f"{NAMES[which]}, so the unit was reset"
    assert silent_ms >= WATCHDOG_MS * 3 // 8
    unit.is_alive()


def test_after_a_healthy_time_resets_count_anew(unit):
    boots = []
    for _ in range(2):
        if boots:
            unit.run_until(HEALTHY_US + 2_000_000, boots[-1].boot_id)
        unit.hang(SAMPLING, BUSY)
        boots.append(unit.power_again()[1])
    assert [(boot.raw["reset_reason"], boot.raw["resets"]) for boot in boots] == [(WATCHDOG, 1)] * 2


def test_one_that_holds_the_loop_is_reset_and_the_third_time_stays_in_maintenance(unit):
    for which in (SAMPLING, LINK, HEALTH):
        unit.hang(which, BUSY)
        code, boot = unit.power_again()
        assert code == BITTEN
        assert (boot.raw["reset_reason"], boot.raw["resets"]) == (WATCHDOG, which + 1)
    assert unit.event(events.RESETS)[1] == 3
    unit.is_alive()
    unit.event(events.MAINTENANCE)
    code, said = unit.gone()
    assert code == launched.MAINTENANCE
    assert said.splitlines()[-1] == "firmware: stops for maintenance; start again to run"


@pytest.mark.micropython
@pytest.mark.parametrize("heap", ["230k", "260k", "290k"])
def test_with_too_little_memory_it_ends_or_works_and_is_never_silent(micropython, tmp_path, heap):
    """Which of them is too little changes with the code; what must hold does not."""
    command = [str(micropython), "-X", f"heapsize={heap}"]
    live = LiveUnit(tmp_path, command, watchdog_ms=WATCHDOG_MS, speed_milli=5000)
    ground = Peer(live.port, KEY)

    def minute_is_over():
        ground.read()
        return any(p.name == "time" and p.time_us > 60_000_000 for p in ground.packets)

    try:
        until(lambda: live.process.poll() is not None or minute_is_over(), 60)
        assert live.process.poll() in (None, launched.FAILED, BITTEN)
    finally:
        ground.close()
        live.close()
