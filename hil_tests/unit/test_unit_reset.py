"""A unit's end and next start on a board, whose watchdog cannot be stopped (machine is ours)."""

import asyncio
import json
import sys
from types import ModuleType

import pytest

from firmware import start as start_module
from firmware.boards import launched
from firmware.boards.cpython import CpythonBoard
from firmware.boards.generic import GenericBoard
from firmware.services.boot import COMMAND, FAULT, POWER_ON, UNKNOWN, WATCHDOG
from firmware.start import MAINTENANCE_FILE, Start
from hil_tests.unit.event_table import table
from protocol.schema.decode import decode
from protocol.wire import tables, tc

KEY = bytes(32)
APID = 1


class ResetError(BaseException):
    """The board starts again: nothing after it runs."""


class Machine(ModuleType):
    """MicroPython's machine, of a board that calls every reset but a power-on a watchdog's."""

    PWRON_RESET = 1
    WDT_RESET = 3

    def __init__(self):
        super().__init__("machine")
        self.cause = self.PWRON_RESET
        self.armed_ms = None
        machine = self

        class WDT:
            def __init__(self, timeout):
                machine.armed_ms = timeout

            def feed(self):
                pass

        self.WDT = WDT

    def reset_cause(self):
        return self.cause

    def reset(self):
        self.cause = self.WDT_RESET
        self.armed_ms = None
        raise ResetError


class Link:
    """Delivers one command once the boot report says with which counter."""

    def __init__(self, command):
        self.sent = []
        self._command = command

    def send(self, packet):
        self.sent.append(decode(packet))
        return True

    def proceed(self):
        pass

    async def run(self, on_packet, beat):
        while True:
            await beat()
            await asyncio.sleep(0.05)
            if self.sent and self._command is not None:
                counter = self.sent[0].raw["next_counter"]
                on_packet(tc.build(self._command, APID, 0, counter, KEY, ()))
                self._command = None


@pytest.fixture
def machine(monkeypatch):
    made = Machine()
    monkeypatch.setitem(sys.modules, "machine", made)
    return made


@pytest.fixture
def power_on(machine, tmp_path, monkeypatch):
    """`power_on(command)` starts the unit of a board; returns (Start, Link)."""
    monkeypatch.chdir(tmp_path)

    def make(command=None):
        link = Link(command)

        class Board(CpythonBoard):
            reset_cause = GenericBoard.reset_cause
            watchdog = GenericBoard.watchdog
            unwatch = GenericBoard.unwatch
            reset = GenericBoard.reset

            def open_link(self, settings):
                return link

        monkeypatch.setattr(start_module, "this_board", Board)
        return Start("unit.json"), link

    (tmp_path / "key").write_bytes(KEY)
    (tmp_path / "table.json").write_text(json.dumps(table()))
    config = {
        "version": 1, "vehicle": "sz20", "unit": "w1", "apid": APID, "link": "console",
        "key": "key", "store": "store", "table": "table.json",
    }  # fmt: skip
    (tmp_path / "unit.json").write_text(json.dumps(config))
    return make


def test_told_to_stop_it_resets_to_be_rid_of_its_watchdog_and_stays_in_maintenance(
    power_on, machine, capsys
):
    unit, link = power_on(tables.TC_MAINTAIN)
    with pytest.raises(ResetError):
        unit.run()
    assert "completed" in [p.name for p in link.sent]
    unit, _ = power_on()
    assert unit.run() == launched.MAINTENANCE
    assert machine.armed_ms is None
    words = "firmware: stays in maintenance: told to stop; start again to run\n"
    assert capsys.readouterr().err == words
    unit, link = power_on(tables.TC_MAINTAIN)
    with pytest.raises(ResetError):
        unit.run()
    boot = next(p for p in link.sent if p.name == "boot")
    assert (boot.raw["reset_reason"], boot.raw["resets"]) == (COMMAND, 0)


def test_ctrl_c_at_its_console_leads_to_maintenance_past_the_watchdog(power_on, monkeypatch):
    """Over a broker the console stays a REPL's: who interrupts there must not be reset away."""
    unit, link = power_on()

    def interrupt():
        if link.sent:
            raise KeyboardInterrupt

    monkeypatch.setattr(link, "proceed", interrupt)
    with pytest.raises(ResetError):
        unit.run()
    unit, _ = power_on()
    assert unit.maintenance == "told to stop; start again to run"
    assert unit.run() == launched.MAINTENANCE
    assert power_on()[0].maintenance is None


def test_its_watchdog_starts_only_with_the_unit(power_on, machine):
    unit, _ = power_on(tables.TC_MAINTAIN)
    assert machine.armed_ms is None, "Ctrl-C must have its seconds"
    with pytest.raises(ResetError):
        unit.run()


@pytest.mark.parametrize("place", [MAINTENANCE_FILE, f"store/{MAINTENANCE_FILE}"])
def test_a_maintenance_file_keeps_it_in_maintenance_until_it_is_removed(
    power_on, machine, tmp_path, capsys, place
):
    (tmp_path / "store").mkdir()
    file = tmp_path / place
    file.touch()
    for _ in range(2):
        unit, link = power_on()
        assert unit.run() == launched.MAINTENANCE
        assert (machine.armed_ms, link.sent) == (None, [])
        assert f"remove the file {place} and start again" in capsys.readouterr().err
    file.unlink()
    assert power_on()[0].maintenance is None


def test_after_too_many_watchdog_resets_it_stays_in_maintenance(power_on, machine):
    machine.cause = machine.WDT_RESET
    for count in range(1, 5):
        unit, _ = power_on()
        assert (unit._resets.reason, unit._resets.count) == (
            (COMMAND, 0) if count == 1 else (WATCHDOG, count - 1)
        )
        unit._resets.armed()
    unit, _ = power_on()
    assert unit.maintenance == "4 watchdog or fault resets in a row; start again to run"
    unit, _ = power_on()
    assert unit.maintenance is None, "whoever restarts it from the REPL has looked at it"


@pytest.mark.parametrize(
    ("code", "cause"),
    [(-14, WATCHDOG), (1, FAULT), (-11, FAULT), (0, POWER_ON), (-9, POWER_ON), (-15, POWER_ON)],
)
def test_a_launcher_tells_a_process_why_it_starts(code, cause, monkeypatch):
    assert launched.cause(code) == cause
    monkeypatch.setenv(launched.VARIABLE, str(cause))
    assert CpythonBoard().reset_cause() == cause


def test_a_board_that_does_not_say_has_an_unknown_cause(monkeypatch):
    monkeypatch.setitem(sys.modules, "machine", ModuleType("machine"))
    assert GenericBoard.reset_cause(None) == UNKNOWN
