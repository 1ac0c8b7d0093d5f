"""ST[12] and the leak trigger, on readings in the test's hands and on the simulated window."""

import pytest

from firmware.sim import simulate
from hil_tests.support.bench import Bench, named
from hil_tests.unit.event_table import SECOND, table
from protocol.schema.decode import decode
from protocol.wire import events, tables, tc

CONFIG = {"version": 1, "vehicle": "sz20", "unit": "w1", "apid": 1, "table": ""}
LIMIT, EXPECTED, DELTA = range(3)
DISABLED, PASSIVE, ENABLED = range(3)
WITHIN, BELOW, ABOVE, UNEXPECTED = 2, 3, 4, 5
NUMBER = 9
TOO_HIGH = (
    NUMBER,
    tables.POOL_T_INNER,
    LIMIT,
    3,
    -50_000,
    50_000,
    0,
    0,
    0,
    events.MONITOR_VIOLATED,
)


def done(bench, command, values, expected=0):
    bench.command(command, values)
    packets = bench.run(0.1)
    assert [p.raw["failure"] for p in named(packets, "failed")] == [expected] * bool(expected)
    assert len(named(packets, "completed")) == (not expected)
    return packets


def watching(definition=TOO_HIGH, enable=tables.TC_ENABLE_MONITOR):
    bench = Bench()
    bench.run(0.1)
    done(bench, tables.TC_ADD_MONITOR, definition)
    if enable is not None:
        done(bench, enable, (definition[0],))
    bench.run(3)
    return bench


def transitions(packets):
    return [
        (p.raw["before"], p.raw["after"])
        for p in named(packets, "monitor_transition")
        if p.raw["monitor"] == NUMBER
    ]


def raised(packets):
    return [
        p for p in named(packets, "event_medium") if p.raw["event_id"] == events.MONITOR_VIOLATED
    ]


def test_an_enabled_monitor_reports_its_transition_and_raises_its_event():
    bench = watching()
    bench.window.slow[5] = 60_000
    packets = bench.run(5)
    assert transitions(packets) == [(WITHIN, ABOVE)]
    (event,) = raised(packets)
    assert (event.raw["a"], event.raw["b"]) == (NUMBER, pytest.approx(60_000, abs=1))
    bench.window.slow[5] = 20_000
    assert transitions(bench.run(5)) == [(ABOVE, WITHIN)]


def test_fewer_than_its_repetitions_are_no_transition():
    bench = watching()
    bench.window.slow[5] = 60_000
    bench.run(2)
    bench.window.slow[5] = 20_000
    assert transitions(bench.run(5)) == []


def test_a_passive_one_raises_nothing_and_a_disabled_one_is_silent():
    passive = watching(enable=tables.TC_PASSIVATE_MONITOR)
    passive.window.slow[5] = 60_000
    packets = passive.run(5)
    assert transitions(packets) == [(WITHIN, ABOVE)]
    assert raised(packets) == []
    disabled = watching(enable=None)
    disabled.window.slow[5] = 60_000
    assert transitions(disabled.run(5)) == []


def test_an_expected_value_looks_at_its_bits_only():
    definition = (NUMBER, tables.POOL_SENSOR_HEALTH, EXPECTED, 1, 0b10, 0, 0b10, 0, 0, 0)
    bench = watching(definition)
    bench.window.slow[0] = 9_000_000
    assert transitions(bench.run(3)) == []
    bench.window.slow[1] = 9_000_000
    assert transitions(bench.run(3)) == [(WITHIN, UNEXPECTED)]


def test_a_delta_waits_for_its_time_and_for_what_makes_it_valid():
    definition = (
        NUMBER, tables.POOL_T_INNER, DELTA, 1, -100, 100, 0, 10, tables.POOL_STEADY_GAP1, 0,
    )  # fmt: skip
    bench = watching(definition)
    bench.window.slow[5] += 300  # gap 1 is not steady yet: a minute has not passed
    assert transitions(bench.run(9)) == []
    bench.run(80)
    bench.window.slow[5] += 300
    assert transitions(bench.run(5)) == [(WITHIN, ABOVE)]
    assert transitions(bench.run(12)) == [(ABOVE, WITHIN)]


def test_definitions_are_reported_changed_and_deleted():
    bench = watching()
    (report,) = named(done(bench, tables.TC_REPORT_MONITOR, (NUMBER,)), "monitor")
    assert (report.raw["state"], report.raw["result"]) == (ENABLED, WITHIN)
    assert (report.raw["high"], report.raw["raises"]) == (50_000, events.MONITOR_VIOLATED)
    changed = (*TOO_HIGH[:5], 10_000, *TOO_HIGH[6:])
    done(bench, tables.TC_MODIFY_MONITOR, changed)
    assert transitions(bench.run(4)) == [(0, ABOVE)]
    done(bench, tables.TC_DELETE_MONITOR, (NUMBER,))
    done(bench, tables.TC_REPORT_MONITOR, (NUMBER,), tc.FAIL_NO_ITEM)


@pytest.mark.parametrize(
    "change",
    [{1: 0}, {1: 99}, {2: 3}, {3: 0}, {4: 60_000}, {8: 99}, {9: 99}, {2: DELTA, 7: 0},
     {2: DELTA, 7: 301}],
)  # fmt: skip
def test_a_definition_that_makes_no_sense_is_refused(change):
    bench = Bench()
    bench.run(0.1)
    values = [change.get(i, v) for i, v in enumerate(TOO_HIGH)]
    done(bench, tables.TC_ADD_MONITOR, values, tc.FAIL_ARGUMENT)
    done(bench, tables.TC_MODIFY_MONITOR, values, tc.FAIL_NO_ITEM)


def played(*happens, for_s=900, seed=20251105):
    made = []
    simulate(CONFIG, table(*happens, duration_us=for_s * SECOND, seed=seed), made.append)
    return [decode(packet) for packet in made]


def suspicions(packets):
    return [
        (p.time_us - packets[0].time_us) / 1e6
        for p in named(packets, "event_medium")
        if p.raw["event_id"] == events.LEAK_SUSPECTED
    ]


def test_a_leak_of_a_tenth_of_a_millimetre_is_suspected_within_seconds():
    (at_s,) = suspicions(played((300 * SECOND, "leak", 1, 100)))
    assert 300 < at_s < 315


def test_a_quiet_orbit_raises_no_suspicion():
    for seed in range(3):
        assert suspicions(played(for_s=5520, seed=seed)) == []


@pytest.mark.parametrize("delta_mk", [5000, -5000])
@pytest.mark.parametrize("over_s", [5, 60, 600])
@pytest.mark.parametrize("pane", [1, 2])
def test_a_5_k_ramp_at_constant_gas_mass_raises_no_suspicion(delta_mk, over_s, pane):
    ramp = (400 * SECOND, "thermal", pane, delta_mk, over_s * SECOND)
    for seed in range(2):
        assert suspicions(played(ramp, for_s=1500, seed=seed)) == []


@pytest.mark.parametrize("sensor", [1, 2])
def test_a_drifting_gauge_is_told_from_a_leak_by_the_self_test(sensor):
    packets = played((300 * SECOND, "sensor_fault", sensor, 1))
    faults = [
        p.raw for p in named(packets, "event_medium") if p.raw["event_id"] == events.SENSOR_FAULT
    ]
    assert [(f["a"], f["b"]) for f in faults] == [(sensor, 1)]
    tests = named(packets, "self_test")
    assert tests[-1].raw["failed"] == 1 << sensor
