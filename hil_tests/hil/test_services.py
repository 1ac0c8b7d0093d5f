"""The services on the unit under test: on a board as on MicroPython here."""

import struct

import pytest

from firmware.health.hang import AWAIT
from protocol.wire import events, tables


def done(unit, command, values=()):
    """Command it, and wait until it says that this is done."""
    counter = unit.command(command, values)
    unit.wait_for("completed", lambda p: p.raw["tc_counter"] == counter)


def test_a_setting_outlives_a_restart(unit):
    done(unit, tables.TC_SET_SETTING, (tables.SETTING_WAVEFORM_INTERVAL_MS, 20))
    before = unit.wait_for("housekeeping").boot_id
    counter = unit.command(tables.TC_REBOOT)
    boot = unit.wait_for("boot", lambda p: p.boot_id > before)
    assert (boot.raw["reset_reason"], boot.record) == (2, 0)
    assert boot.raw["next_counter"] > counter
    unit.command(tables.TC_REPORT_SETTING, (tables.SETTING_WAVEFORM_INTERVAL_MS,))
    assert unit.wait_for("setting").raw["value"] == 20


def test_a_structure_is_made_and_sent(unit):
    numbers = (tables.POOL_P_GAP2, tables.POOL_PN_GAP2) + (0,) * 10
    done(unit, tables.TC_CREATE_DIAGNOSTIC, (5, 200, *numbers))
    done(unit, tables.TC_ENABLE_DIAGNOSTIC, (5,))
    first = unit.wait_for("diagnostic")
    second = unit.wait_for("diagnostic")
    assert first.raw["d0_id"] == tables.POOL_P_GAP2
    assert abs(second.time_us - first.time_us - 200_000) <= 20_000
    done(unit, tables.TC_DELETE_DIAGNOSTIC, (5,))


def test_a_lead_break_is_a_hit_whose_waveforms_come(unit):
    done(unit, tables.TC_STIMULATE_LEAD_BREAK, (0, 0, 0))
    hit = unit.wait_for("hit")
    assert (hit.raw["channels"], hit.raw["picked"]) == (0x3F, 0x3F)
    peaks = [hit.raw[f"ae{k}_peak"] for k in range(1, 7)]
    assert max(peaks) - min(peaks) < 50, "the centre is as far from each sensor"
    data = b""
    for part in range(151):
        name = {0: "waveform_first", 150: "waveform_last"}.get(part, "waveform_next")
        packet = unit.wait_for(name, lambda p, part=part: p.raw["part"] == part)
        assert packet.raw["transaction"] == hit.raw["waveform"]
        data += packet.raw["data"][: packet.raw["length"]]
    samples = struct.unpack_from(">15000h", data, 20)
    assert max(map(abs, samples)) > 10_000


def test_a_self_test_finds_a_broken_sensor(unit):
    unit.command(tables.TC_SELF_TEST)
    assert unit.wait_for("self_test").raw["failed"] == 0
    done(unit, tables.TC_STIMULATE_FAULT, (0, 9, 2))
    unit.command(tables.TC_SELF_TEST)
    assert unit.wait_for("self_test").raw["failed"] == 1 << 9
    done(unit, tables.TC_STIMULATE_FAULT, (0, 9, 255))


def test_a_monitor_raises_its_event(unit):
    definition = (9, tables.POOL_T_OUTER, 0, 1, 100_000, 200_000, 0, 0, 0, events.MONITOR_VIOLATED)
    done(unit, tables.TC_ADD_MONITOR, definition)
    done(unit, tables.TC_ENABLE_MONITOR, (9,))
    raised = unit.wait_for("event_medium", lambda p: p.raw["event_id"] == events.MONITOR_VIOLATED)
    assert raised.raw["a"] == 9
    done(unit, tables.TC_DELETE_MONITOR, (9,))


def test_records_of_a_time_come_again(unit):
    first = unit.wait_for("housekeeping")
    last = unit.wait_for("housekeeping")
    unit.command(tables.TC_RETRIEVE_TIME, (first.boot_id, first.time_us, last.time_us))
    again = unit.wait_for("housekeeping", lambda p: p.record == first.record)
    assert again.data == first.data
    unit.wait_for("housekeeping", lambda p: p.record == last.record)


@pytest.mark.parametrize("which", [0, 1, 2], ids=["sampling", "link", "health"])
def test_a_hung_task_is_told_and_started_again(unit, which):
    done(unit, tables.TC_STIMULATE_HANG, (which, AWAIT, 0))
    hung = unit.wait_for("event_high", lambda p: p.raw["event_id"] == events.TASK_HUNG)
    again = unit.wait_for("event_medium", lambda p: p.raw["event_id"] == events.TASK_RESTARTED)
    assert hung.raw["text"] == again.raw["text"]
    assert again.boot_id == hung.boot_id
    done(unit, tables.TC_ALIVE)
