"""Another key for a unit that goes on: nothing lost, and nobody locked out, whatever is cut off."""

from __future__ import annotations

import pytest

from ground.commanding.request import Effect, State
from ground.stream.keys import NEXT, OLD
from hil_tests.sim.command_bench import UNIT, CommandBench, is_of
from hil_tests.support.bench import APID, KEY
from protocol.schema.decode import decode
from protocol.wire import tables, tc
from protocol.wire.hmac256 import derived_key


@pytest.fixture
def bench(tmp_path):
    made = CommandBench(tmp_path)
    made.run(15)
    return made


def forged(bench):
    """Refusals and alarms that speak of another's commands."""
    names = [decode(p) for p in bench.station.archive.telemetry()]
    refused = [d for d in names if d.raw.get("failure") == tc.FAIL_FORGED]
    return refused, [key for key in bench.alarms() if key.startswith(("command:", "event:"))]


def key_file(bench, kind=""):
    return bench.keys / f"sz20-w1.key{kind}"


def test_both_go_over_to_the_new_key_and_nothing_is_refused(bench):
    request = bench.order("rotate_key")
    bench.run(20)
    assert (request.state, request.effect) == (State.COMPLETED, Effect.VERIFIED)
    nonce = bytes.fromhex(request.arguments["nonce"])
    assert key_file(bench).read_bytes() == derived_key(KEY, nonce)
    assert not key_file(bench, NEXT).exists()
    assert not key_file(bench, OLD).exists()
    assert forged(bench) == ([], [])
    acknowledged = len(bench.sent_of("commit"))
    bench.run(5)
    assert len(bench.sent_of("commit")) > acknowledged
    assert bench.station.streams[UNIT].count(lost=False) == 0


def test_the_old_key_is_nothing_any_more(bench):
    bench.order("rotate_key")
    bench.run(5)
    counter = bench.unit.unit._door.next_counter
    bench.unit.unit.receive(tc.build(tables.TC_ALIVE, APID, 0, counter, KEY, ()))
    bench.run(1)
    refused, alarms = forged(bench)
    assert [d.raw["tc_counter"] for d in refused] == [counter]
    assert "command:sz20/w1" in alarms
    assert bench.order("alive").state is not State.REFUSED
    bench.run(1)
    assert bench.request(2).state is State.COMPLETED


@pytest.mark.parametrize("cut", ["before the first command", "after it"])
def test_a_power_cut_at_any_time_locks_nobody_out(bench, cut):
    if cut == "before the first command":
        bench.lose = lambda packet: not is_of(packet, tables.TC_ROTATE_KEY)
    bench.order("rotate_key")
    bench.run(1)
    bench.reboot()
    bench.lose = lambda packet: False
    bench.run(12)
    assert (bench.request().state, bench.request().effect) == (State.COMPLETED, Effect.VERIFIED)
    bench.order("alive")
    bench.run(1)
    assert bench.request(2).state is State.COMPLETED
    assert forged(bench) == ([], [])
    bench.reboot()
    bench.run(10)
    bench.order("alive")
    bench.run(1)
    assert bench.request(3).state is State.COMPLETED


def test_a_rotation_that_never_arrived_changes_nothing(bench):
    bench.lose = lambda packet: is_of(packet, tables.TC_ROTATE_KEY)
    bench.order("rotate_key")
    bench.run(25)
    assert bench.request().state is State.TIMED_OUT
    assert key_file(bench).read_bytes() == KEY
    bench.lose = lambda packet: False
    bench.order("alive")
    bench.run(1)
    assert bench.request(2).state is State.COMPLETED
    again = bench.order("rotate_key")
    assert again.arguments == bench.request().arguments, "the same next key, wherever the unit is"
    bench.run(2)
    assert again.effect is Effect.VERIFIED
    assert forged(bench) == ([], [])


def test_a_rotation_whose_answers_were_lost_is_found_out(bench):
    bench.lose_report = lambda packet: decode(packet).name in ("accepted", "completed")
    bench.order("rotate_key")
    bench.run(22)
    assert bench.request().state is State.TIMED_OUT
    assert key_file(bench).read_bytes() == KEY, "both hold on board"
    bench.lose_report = lambda packet: False
    bench.run(20)
    assert (bench.request().state, bench.request().effect) == (State.COMPLETED, Effect.VERIFIED)
    assert key_file(bench).read_bytes() != KEY
    assert forged(bench) == ([], [])


def test_a_restart_of_the_ground_in_between(bench):
    bench.lose = lambda packet: not is_of(packet, tables.TC_ROTATE_KEY)
    bench.order("rotate_key")
    bench.run(0.3)
    bench.kill()
    bench.open()
    bench.lose = lambda packet: False
    bench.run(35)
    bench.order("alive")
    bench.run(1)
    assert bench.request(2).state is State.COMPLETED
    assert not key_file(bench, OLD).exists()
    assert forged(bench) == ([], [])


def test_a_false_report_of_a_rotation_is_healed(bench):
    """Telemetry is not signed. The unit's refusal of a new key brings the old one back."""
    bench.lose = lambda packet: is_of(packet, tables.TC_ROTATE_KEY)
    request = bench.order("rotate_key")
    bench.run(0.3)
    bench.station.dispatch._commander.rotate_key(UNIT)
    assert key_file(bench).read_bytes() != KEY
    bench.run(25)
    assert request.state is State.TIMED_OUT
    assert key_file(bench).read_bytes() == KEY
    bench.order("alive")
    bench.run(1)
    assert bench.request(2).state is State.COMPLETED


def test_a_unit_that_was_given_another_key_forgets_the_derived_one(bench):
    bench.order("rotate_key")
    bench.run(3)
    files = bench.unit.files
    from firmware.services.keys import Keys

    given = bytes(range(1, 33))
    keys = Keys(None, files, given)
    assert keys.parse(tc.build(tables.TC_ALIVE, APID, 0, 0, given, ()), APID).failure == 0
    again = Keys(None, files, KEY)
    assert again.parse(tc.build(tables.TC_ALIVE, APID, 0, 0, KEY, ()), APID).failure


@pytest.mark.parametrize("damaged", ["key", "key.copy"])
def test_one_damaged_key_file_is_no_harm(bench, damaged):
    bench.order("rotate_key")
    bench.run(3)
    bench.unit.files.replace(damaged, b"x" * 80)
    bench.reboot()
    bench.run(8)
    bench.order("alive")
    bench.run(1)
    assert bench.request(2).state is State.COMPLETED


def test_a_nonce_of_ones_own_is_refused(bench):
    from ground.commanding.arguments import CommandError

    with pytest.raises(CommandError, match="the ground chooses it"):
        bench.order("rotate_key", nonce="00" * 16)
