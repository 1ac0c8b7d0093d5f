"""ST[03] and ST[05]: what is sent, how often, and which events."""

import pytest

from hil_tests.support.bench import Bench, named
from protocol.wire import events, tables, tc

ID, INTERVAL_MS = 7, 200
NUMBERS = (tables.POOL_P_GAP2, tables.POOL_T_OUTER, tables.POOL_PN_GAP2) + (0,) * 9


def failure(bench, command, values=()):
    bench.command(command, values)
    packets = bench.run(0.1)
    assert len(named(packets, "completed", "failed")) == 1
    return sum(p.raw["failure"] for p in named(packets, "failed"))


def created():
    bench = Bench()
    bench.run(2)
    assert failure(bench, tables.TC_CREATE_DIAGNOSTIC, (ID, INTERVAL_MS, *NUMBERS)) == 0
    return bench


def test_a_structure_is_made_then_sent_then_changed_then_deleted():
    bench = created()
    assert named(bench.run(2), "diagnostic") == []
    failure(bench, tables.TC_ENABLE_DIAGNOSTIC, (ID,))
    sent = named(bench.run(2), "diagnostic")
    assert len(sent) == 10
    raw = sent[-1].raw
    assert (raw["d0_id"], raw["d1_id"], raw["d3_id"]) == (NUMBERS[0], NUMBERS[1], 0)
    assert raw["d0_value"] in (1_013_250, 1_013_251)
    assert raw["d2_value"] == pytest.approx(1_013_250 * 293.15 / (273.15 + 19), rel=1e-4)
    failure(bench, tables.TC_DIAGNOSTIC_INTERVAL, (ID, 1000))
    assert len(named(bench.run(3), "diagnostic")) == 3
    bench.command(tables.TC_REPORT_DIAGNOSTIC, (ID,))
    (structure,) = named(bench.run(0.1), "diagnostic_structure")
    assert structure.raw["interval_ms"] == 1000
    assert structure.raw["periodic"] == 1
    assert structure.raw["s2_id"] == tables.POOL_PN_GAP2
    failure(bench, tables.TC_DISABLE_DIAGNOSTIC, (ID,))
    assert named(bench.run(3), "diagnostic") == []
    assert failure(bench, tables.TC_DELETE_DIAGNOSTIC, (ID,)) == 0
    assert failure(bench, tables.TC_ENABLE_DIAGNOSTIC, (ID,)) == tc.FAIL_NO_ITEM


def test_housekeeping_is_slowed_and_stopped_and_the_unit_is_still_heard():
    bench = Bench()
    bench.run(1)
    failure(bench, tables.TC_HOUSEKEEPING_INTERVAL, (1, 5000))
    assert len(named(bench.run(20), "housekeeping")) == 4
    failure(bench, tables.TC_DISABLE_HOUSEKEEPING, (1,))
    packets = bench.run(20)
    assert named(packets, "housekeeping") == []
    assert len(named(packets, "time")) == 4
    failure(bench, tables.TC_ENABLE_HOUSEKEEPING, (1,))
    assert named(bench.run(5), "housekeeping")


@pytest.mark.parametrize(
    ("command", "values", "expected"),
    [
        (tables.TC_CREATE_DIAGNOSTIC, (1, 200, *NUMBERS), tc.FAIL_ARGUMENT),
        (tables.TC_CREATE_DIAGNOSTIC, (ID, 200, *NUMBERS), tc.FAIL_ARGUMENT),
        (tables.TC_CREATE_DIAGNOSTIC, (8, 80, *NUMBERS), tc.FAIL_ARGUMENT),
        (tables.TC_CREATE_DIAGNOSTIC, (8, 210, *NUMBERS), tc.FAIL_ARGUMENT),
        (tables.TC_CREATE_DIAGNOSTIC, (8, 200, *(0,) * 12), tc.FAIL_ARGUMENT),
        (tables.TC_CREATE_DIAGNOSTIC, (8, 200, 999, *(0,) * 11), tc.FAIL_ARGUMENT),
        (tables.TC_DELETE_DIAGNOSTIC, (1,), tc.FAIL_NO_ITEM),
        (tables.TC_DISABLE_HOUSEKEEPING, (ID,), tc.FAIL_NO_ITEM),
        (tables.TC_DIAGNOSTIC_INTERVAL, (ID, 99), tc.FAIL_ARGUMENT),
        (tables.TC_REPORT_DIAGNOSTIC, (99,), tc.FAIL_NO_ITEM),
    ],
)
def test_what_makes_no_sense_fails(command, values, expected):
    assert failure(created(), command, values) == expected


def test_there_is_room_for_eight_structures():
    bench = created()
    codes = [failure(bench, tables.TC_CREATE_DIAGNOSTIC, (10 + i, 200, *NUMBERS)) for i in range(8)]
    assert codes == [0] * 7 + [tc.FAIL_FULL]


def test_a_disabled_event_is_not_reported_and_the_list_is():
    bench = Bench()
    bench.run(3)
    assert failure(bench, tables.TC_DISABLE_EVENT, (events.SENSOR_FAULT,)) == 0
    bench.window.slow[1] = 9_000_000
    assert named(bench.run(3), "event_medium") == []
    bench.command(tables.TC_REPORT_DISABLED_EVENTS)
    (report,) = named(bench.run(0.1), "disabled_events")
    assert report.raw["disabled"] == 1 << events.SENSOR_FAULT
    assert failure(bench, tables.TC_ENABLE_EVENT, (events.SENSOR_FAULT,)) == 0
    bench.window.slow[2] = 9_000_000
    assert len(named(bench.run(3), "event_medium")) == 1
    assert failure(bench, tables.TC_DISABLE_EVENT, (99,)) == tc.FAIL_NO_ITEM


def test_every_command_has_a_handler():
    assert set(Bench().unit._door.handlers) == set(range(len(tables.TC_SERVICE)))
