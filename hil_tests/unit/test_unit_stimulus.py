"""Stimuli, waveforms, retrieval by time, self-test and restart, on the simulated window."""

import struct

import pytest

from firmware.boards.fixed import FixedBoard
from firmware.boards.this import this_board
from firmware.session import Session
from firmware.store.ram import RamFiles
from firmware.unit import STEP_US
from hil_tests.support.bench import APID, KEY, named
from hil_tests.unit.event_table import SECOND, table
from protocol.schema.decode import decode
from protocol.wire import events, tables, tc

IMPACT = (0, 30_000, -20_000, 100, 10_000_000, 2700, 0)


class Unit:
    """A session in virtual time, and a ground that commands it."""

    def __init__(self, *happens):
        from types import SimpleNamespace

        settings = SimpleNamespace(
            vehicle="sz20", unit="w1", apid=APID, key=KEY, store_bytes=4 << 20
        )
        self.sent = []
        self.tick_us = 0
        self.counter = 0

        def send(packet):
            self.sent.append(decode(packet))
            return True

        self.session = Session(
            settings, FixedBoard(this_board()), table(*happens), RamFiles(), send, epoch_us=0
        )

    def run(self, seconds):
        before = len(self.sent)
        for _ in range(round(seconds * SECOND) // STEP_US):
            self.session.step(self.tick_us)
            self.tick_us += STEP_US
        return self.sent[before:]

    def command(self, index, values=()):
        packet = tc.build(index, APID, self.counter, self.counter, KEY, values)
        self.session.unit.receive(packet)
        self.counter += 1


def failure(unit, command, values):
    unit.command(command, values)
    return [p.raw["failure"] for p in named(unit.run(0.1), "failed")]


@pytest.mark.parametrize(
    ("command", "values", "event"),
    [
        (tables.TC_STIMULATE_IMPACT, IMPACT, ("impact", *IMPACT)),
        (tables.TC_STIMULATE_LEAD_BREAK, (1000, 2000), ("pencil_lead_break", 1000, 2000)),
        (tables.TC_STIMULATE_LEAK, (1, 100), ("leak", 1, 100)),
        (tables.TC_STIMULATE_THERMAL, (1, 4000, 500), ("thermal", 1, 4000, 500_000)),
        (tables.TC_STIMULATE_FAULT, (4, 0), ("sensor_fault", 4, 0)),
    ],
)
def test_a_stimulus_is_what_the_same_line_of_a_table_is(command, values, event):
    at_us = 7 * SECOND + 1234
    told, planned = Unit(), Unit((at_us, *event))
    told.command(command, (at_us, *values))
    names = ("hit", "housekeeping")
    heard = [[(p.name, p.raw) for p in named(u.run(60), *names)] for u in (told, planned)]
    for _, raw in heard[0] + heard[1]:
        raw["commands_accepted"] = raw["stored_bytes"] = 0
    assert heard[0] == heard[1]
    (begun,) = [p for p in told.sent if p.raw.get("event_id") == events.STIMULUS]
    assert begun.raw["a"] == command - tables.TC_STIMULATE_IMPACT + 1


def test_a_healed_sensor_is_healthy_again():
    unit = Unit((0, "sensor_fault", 4, 2))
    unit.run(5)
    unit.command(tables.TC_STIMULATE_FAULT, (0, 4, 255))
    recovered = [p for p in unit.run(20) if p.raw.get("event_id") == events.SENSOR_RECOVERED]
    assert [p.raw["a"] for p in recovered] == [4]


def test_absurd_stimuli_are_refused_and_the_list_has_an_end():
    unit = Unit()
    for command, values in (
        (tables.TC_STIMULATE_IMPACT, (0, 3, *IMPACT[1:])),
        (tables.TC_STIMULATE_IMPACT, (0, *IMPACT[:6], 95_000)),
        (tables.TC_STIMULATE_LEAK, (0, 3, 100)),
        (tables.TC_STIMULATE_THERMAL, (0, 1, 4000, 0)),
        (tables.TC_STIMULATE_FAULT, (0, 6, 0)),
        (tables.TC_STIMULATE_LEAD_BREAK, (0, 300_000, 0)),
    ):
        assert failure(unit, command, values) == [tc.FAIL_ARGUMENT]
    later = (10**12, 1, 100)
    codes = [failure(unit, tables.TC_STIMULATE_LEAK, later) for _ in range(17)]
    assert codes == [[]] * 16 + [[tc.FAIL_FULL]]


def waveforms(packets):
    """The bytes of each complete transaction."""
    parts = {}
    for p in named(packets, "waveform_first", "waveform_next", "waveform_last"):
        parts.setdefault(p.raw["transaction"], {})[p.raw["part"]] = p
    for transaction, found in parts.items():
        if len(found) == found[0].raw["parts"]:
            data = b"".join(found[i].raw["data"][: found[i].raw["length"]] for i in sorted(found))
            yield transaction, data


def test_the_waveforms_of_a_hit_come_in_parts():
    unit = Unit((SECOND, "impact", *IMPACT))
    packets = unit.run(25)
    (hit,) = named(packets, "hit")
    ((transaction, data),) = waveforms(packets)
    assert hit.raw["waveform"] == transaction == 1
    head = struct.unpack_from(">QHBBLHH", data)
    assert head == (hit.raw["trigger_us"], 1, 6, hit.raw["gain_db"], 2_500_000, 500, 2500)
    samples = struct.unpack(">15000h", data[20:])
    code_v = (10, 0.1)[hit.raw["gain_db"] == 40] / 32768
    for k in range(6):
        peak_uv = max(map(abs, samples[2500 * k : 2500 * (k + 1)])) * code_v * 1e6
        assert 10 ** (hit.raw[f"ae{k + 1}_peak"] / 2000) == pytest.approx(peak_uv, rel=0.001)
    named_parts = [p.name for p in packets if p.name.startswith("waveform")]
    assert (named_parts[0], named_parts[-1]) == ("waveform_first", "waveform_last")
    assert len(named_parts) == 151


def test_a_hit_while_waveforms_are_sent_has_features_only():
    alone = Unit((5 * SECOND, "impact", *IMPACT))
    unit = Unit((SECOND, "impact", *IMPACT), (5 * SECOND, "impact", *IMPACT))
    packets = unit.run(40)
    first, second = named(packets, "hit")
    assert (first.raw["flags"], second.raw["flags"]) == (0, 1)
    assert second.raw["waveform"] == 0
    (expected,) = named(alone.run(10), "hit")
    ignore = {"flags", "waveform"}
    assert {k: v for k, v in second.raw.items() if k not in ignore} == {
        k: v for k, v in expected.raw.items() if k not in ignore
    }
    missed = [p for p in packets if p.raw.get("event_id") == events.WAVEFORM_MISSED]
    assert [p.raw["a"] for p in missed] == [1]
    assert len(list(waveforms(packets))) == 1
    unit.command(tables.TC_STIMULATE_IMPACT, (0, *IMPACT))
    assert named(unit.run(1), "hit")[0].raw["waveform"] == 2


def test_no_waveforms_when_they_are_switched_off():
    unit = Unit((SECOND, "impact", *IMPACT))
    unit.command(tables.TC_SET_SETTING, (tables.SETTING_WAVEFORMS, 0))
    packets = unit.run(20)
    assert named(packets, "hit")[0].raw["waveform"] == 0
    assert not [p for p in packets if p.name.startswith("waveform")]


def test_a_higher_threshold_hears_less():
    weak = (0, 0, 0, 12, 10_000_000, 2700, 0)
    assert len(named(Unit((SECOND, "impact", *weak)).run(3), "hit")) == 1
    unit = Unit((SECOND, "impact", *weak))
    unit.command(tables.TC_SET_SETTING, (tables.SETTING_AE_THRESHOLD, 8000))
    assert named(unit.run(3), "hit") == []


def test_records_of_a_time_come_again_byte_for_byte():
    unit = Unit()
    made = unit.run(120)
    boot, from_us, to_us = made[0].boot_id, 20 * SECOND, 40 * SECOND
    unit.command(tables.TC_RETRIEVE_TIME, (boot, from_us, to_us))
    after = unit.run(30)
    counter = unit.counter - 1
    mine = [p.name for p in after if p.raw.get("tc_counter") == counter]
    assert mine == ["accepted", "started", "completed"]
    again = [p.data for p in after if p.record < made[-1].record]
    assert again == [p.data for p in made if from_us <= p.time_us <= to_us]


def test_a_retrieval_is_aborted():
    unit = Unit()
    made = unit.run(60)
    for _ in range(3):
        unit.command(tables.TC_RETRIEVE, (made[0].boot_id, 0, 50))
    unit.run(0.2)
    unit.command(tables.TC_ABORT_RETRIEVAL)
    after = unit.run(5)
    assert [p.raw["failure"] for p in named(after, "failed")] == [tc.FAIL_EXECUTION] * 3
    assert len([p for p in after if p.record < made[-1].record]) <= 1


def test_a_self_test_measures_every_sensor():
    unit = Unit()
    unit.run(1)
    unit.command(tables.TC_SELF_TEST)
    packets = unit.run(1)
    (report,) = named(packets, "self_test")
    assert (report.raw["tested"], report.raw["failed"]) == (0x3F3F, 0)
    assert all(6000 < report.raw[f"ae{k}_pulse"] < 8500 for k in range(1, 7))
    assert abs(report.raw["p_gap2_offset"]) < 300
    assert [p.name for p in packets if p.raw.get("tc_counter") == unit.counter - 1] == [
        "accepted", "started", "completed",
    ]  # fmt: skip
    assert named(packets, "hit") == []


@pytest.mark.parametrize(
    ("sensor", "fault", "failed"),
    [(8, 2, 1 << 8), (10, 0, 1 << 10), (1, 1, 1 << 1), (13, 1, 1 << 13)],
)
def test_a_self_test_finds_what_is_broken(sensor, fault, failed):
    unit = Unit((100 * SECOND, "sensor_fault", sensor, fault))
    unit.run(240)  # the first one, after a minute, is the reference
    unit.command(tables.TC_SELF_TEST)
    packets = unit.run(2)
    assert named(packets, "self_test")[-1].raw["failed"] == failed
    assert events.SELF_TEST_FAILED in [p.raw.get("event_id") for p in packets]


def test_an_impact_during_a_self_test_is_reported():
    unit = Unit((10 * SECOND, "impact", *IMPACT))
    unit.run(10)
    unit.command(tables.TC_SELF_TEST)
    packets = unit.run(5)
    assert len(named(packets, "hit")) == 1
    assert named(packets, "self_test")[0].raw["failed"] == 0


def test_a_commanded_restart_is_a_new_boot_on_the_same_store():
    unit = Unit()
    unit.run(5)
    unit.command(tables.TC_REBOOT)
    packets = unit.run(5)
    assert [p.raw["tc_counter"] for p in named(packets, "completed")] == [0]
    boots = [p for p in named(packets, "boot") if p.boot_id == 2]
    assert (boots[0].record, boots[0].raw["reset_reason"]) == (0, 2)


def test_a_clock_jump_dates_packets_anew_and_steps_go_on():
    unit = Unit()
    before = unit.run(10)[-1]
    unit.command(tables.TC_STIMULATE_CLOCK_JUMP, (3_600_000,))
    after = unit.run(10)
    assert after[-1].time_us - before.time_us > 3600 * SECOND
    assert len(named(after, "housekeeping")) == 10
    assert events.CLOCK_JUMPED in [p.raw.get("event_id") for p in after]
