"""ST[20]: settings are checked, told, and outlive a reboot."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware.store.ram import RamFiles
from hil_tests.support.bench import Bench, named
from protocol.schema.onboard import SETTINGS
from protocol.wire import events, tables, tc

THRESHOLD = tables.SETTING_AE_THRESHOLD


def values(packets):
    return [(p.raw["setting"], p.raw["value"]) for p in named(packets, "setting")]


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda s: s.name)
def test_each_setting_begins_at_its_default_and_is_told(setting):
    bench = Bench()
    bench.command(tables.TC_REPORT_SETTING, (setting.number,))
    assert values(bench.run(0.1)) == [(setting.number, setting.default)]


@given(st.sampled_from(SETTINGS), st.integers(-(2**31), 2**31 - 1))
def test_a_setting_is_taken_within_its_range_only(setting, value):
    bench = Bench()
    bench.command(tables.TC_SET_SETTING, (setting.number, value))
    packets = bench.run(0.1)
    if setting.low <= value <= setting.high:
        assert values(packets) == [(setting.number, value)]
        assert len(named(packets, "completed")) == 1
    else:
        (failed,) = named(packets, "failed")
        assert failed.raw["failure"] == tc.FAIL_ARGUMENT
        bench.command(tables.TC_REPORT_SETTING, (setting.number,))
        assert values(bench.run(0.1)) == [(setting.number, setting.default)]


@pytest.mark.parametrize(
    "command", [(tables.TC_REPORT_SETTING, (99,)), (tables.TC_SET_SETTING, (0, 1))]
)
def test_an_unknown_setting_is_no_item(command):
    bench = Bench()
    bench.command(*command)
    (failed,) = named(bench.run(0.1), "failed")
    assert failed.raw["failure"] == tc.FAIL_NO_ITEM


def test_a_setting_outlives_a_reboot():
    files = RamFiles()
    first = Bench(files)
    first.command(tables.TC_SET_SETTING, (THRESHOLD, 4600))
    first.run(0.1)
    second = Bench(files)
    second.counter = 256
    second.command(tables.TC_REPORT_SETTING, (THRESHOLD,))
    assert values(second.run(0.1)) == [(THRESHOLD, 4600)]


@pytest.mark.parametrize("copies", [("",), ("", ".copy")], ids=["one copy", "both copies"])
def test_a_damaged_setting_is_told_and_never_makes_one_up(copies):
    files = RamFiles()
    first = Bench(files)
    first.command(tables.TC_SET_SETTING, (THRESHOLD, 4600))
    first.run(0.1)
    for copy in copies:
        files.replace(f"setting{THRESHOLD}{copy}", b"46x0")
    second = Bench(files)
    second.counter = 256
    second.command(tables.TC_REPORT_SETTING, (THRESHOLD,))
    packets = second.run(0.1)
    assert values(packets) == [(THRESHOLD, 4600 if len(copies) == 1 else 4000)]
    (lost,) = [
        p for p in named(packets, "event_medium") if p.raw["event_id"] == events.SETTINGS_LOST
    ]
    assert lost.raw["a"] == 1 << THRESHOLD
