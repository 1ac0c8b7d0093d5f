"""Commands from the desk to the real unit and back: stages, repeats, queue, restarts, hazards."""

from __future__ import annotations

import pytest

from ground.api.source import Refused
from ground.commanding.arguments import CommandError
from ground.commanding.desk import ANSWER_US, CONFIRM_US, TRIES
from ground.commanding.request import Effect, State
from hil_tests.sim.command_bench import CommandBench, is_of
from protocol.schema.decode import decode
from protocol.wire import tables

TRY_S = ANSWER_US / 1e6


@pytest.fixture
def bench(tmp_path):
    made = CommandBench(tmp_path)
    made.run(15)
    return made


def stages(request):
    return [what for what, _ in request.stages]


def test_a_command_goes_through_its_stages(bench):
    request = bench.order("alive")
    bench.run(0.5)
    assert (request.state, request.reason, request.effect) == (State.COMPLETED, "", Effect.NONE)
    assert stages(request) == ["send", "accepted", "completed"]
    assert len(bench.sent_of("alive")) == 1


def test_an_effect_is_read_back(bench):
    request = bench.order("set_setting", setting="waveform_interval_ms", value=40)
    bench.run(1)
    assert (request.state, request.effect) == (State.COMPLETED, Effect.VERIFIED)
    assert request.effect_words == "setting: value is 40 ms"


def test_an_effect_that_reports_itself_only_when_asked(bench):
    request = bench.order("enable_monitor", monitor=1)
    bench.run(1)
    assert bench.sent_of("report_monitor")
    assert (request.state, request.effect) == (State.COMPLETED, Effect.VERIFIED)


def test_an_effect_that_nobody_sees_is_said_to_be_so(bench):
    bench.lose_report = lambda packet: decode(packet).name == "setting"
    request = bench.order("set_setting", setting="waveform_interval_ms", value=40)
    bench.run(1)
    assert (request.state, request.effect) == (State.COMPLETED, Effect.AWAITED)
    bench.lose_report = lambda packet: decode(packet).name in ("setting", "refused")
    bench.run(31)
    assert request.effect is Effect.NOT_VERIFIED
    assert request.effect_words == "not verified within 30 s"


def test_a_failure_is_told_with_its_reason(bench):
    request = bench.confirmed("delete_monitor", monitor=99)
    bench.run(0.5)
    assert (request.state, request.reason) == (State.FAILED, "no such item")


def test_what_was_lost_goes_again_byte_for_byte(bench):
    lost = []

    def lose(packet):
        if is_of(packet, tables.TC_ALIVE) and len(lost) < 2:
            lost.append(packet)
            return True
        return False

    bench.lose = lose
    request = bench.order("alive")
    bench.run(2 * TRY_S + 1)
    sent = bench.sent_of("alive")
    assert len(sent) == 3
    assert len(set(sent)) == 1, "never another counter for the same request"
    assert request.state is State.COMPLETED
    assert "command:sz20/w1" not in bench.alarms()


def test_a_lost_answer_is_asked_for_again_and_nothing_runs_twice(bench):
    answers = ("accepted", "started", "completed", "failed")
    bench.lose_report = lambda packet: decode(packet).name in answers
    before = bench.unit.unit._door.accepted
    request = bench.order("self_test")
    bench.run(TRY_S - 1)
    assert request.state is State.SENT
    assert bench.unit.unit._door.accepted == before + 1
    bench.lose_report = lambda packet: False
    bench.run(5)
    assert request.state is State.COMPLETED
    assert len(bench.sent_of("self_test")) == 2
    names = [decode(p).name for p in bench.station.archive.telemetry()]
    assert names.count("self_test") == 1


def test_nothing_heard_is_timed_out_and_a_late_report_tells_the_truth(bench):
    bench.lose_report = lambda packet: decode(packet).name in ("accepted", "completed")
    request = bench.order("alive")
    bench.run(TRIES * TRY_S + 1.5)
    assert request.state is State.TIMED_OUT
    assert request.reason == "no report came; it is not known whether it was done"
    bench.lose_report = lambda packet: False
    bench.run(20)  # the unit has kept its reports; the gap is filled
    assert request.state is State.COMPLETED


def test_a_silent_unit_is_waited_for(bench):
    bench.up = False
    bench.run(10)
    request = bench.order("alive")
    bench.run(30)
    assert (request.state, bench.sent_of("alive")) == (State.QUEUED, [])
    bench.up = True
    bench.run(3)
    assert request.state is State.COMPLETED


def test_what_waits_too_long_is_never_sent(bench):
    bench.up = False
    bench.run(10)
    request = bench.order("alive", expires_s=20)
    bench.run(21)
    assert (request.state, request.reason) == (
        State.EXPIRED,
        "the unit could not be reached in time",
    )
    bench.up = True
    bench.run(10)
    assert bench.sent_of("alive") == []


def test_what_waits_can_be_taken_back(bench):
    bench.up = False
    bench.run(10)
    request = bench.order("alive")
    bench.ground.cancel(request.id, "bob")
    bench.up = True
    bench.run(5)
    assert (request.state, request.reason) == (State.CANCELLED, "cancelled by bob")
    assert bench.sent_of("alive") == []
    with pytest.raises(Refused, match="is cancelled"):
        bench.ground.cancel(request.id, "bob")


def test_one_at_a_time_and_in_their_order(bench):
    bench.up = False
    bench.run(10)
    asked = [bench.order("report_setting", setting=k) for k in (3, 1, 2)]
    bench.up = True
    bench.run(4)
    assert [r.state for r in asked] == [State.COMPLETED] * 3
    settings = [decode(p).raw["setting"] for p in bench.station.archive.telemetry()
                if decode(p).name == "setting"]  # fmt: skip
    assert settings == [3, 1, 2]


@pytest.mark.parametrize("moment", ["waiting", "under way", "answered"])
def test_a_restart_of_the_ground_finds_each_request_where_it_stood(bench, moment):
    if moment == "waiting":
        bench.up = False
        bench.run(10)
        bench.order("self_test")
    else:
        bench.lose = lambda packet: moment == "under way" and is_of(packet, tables.TC_SELF_TEST)
        bench.order("self_test")
        bench.run(0.4)
    before = bench.request()
    bench.kill()
    bench.open()
    again = bench.request()
    assert again == before
    assert again is not before
    bench.up, bench.lose = True, lambda packet: False
    bench.run(12)
    assert again.state is State.COMPLETED
    assert len(set(bench.sent_of("self_test"))) == 1


def test_a_command_under_way_while_the_ground_is_away_ends_as_unknown(bench):
    bench.lose = lambda packet: is_of(packet, tables.TC_ALIVE)
    bench.order("alive")
    bench.run(0.3)
    bench.kill()
    bench.now_us += 3_600_000_000
    bench.open()
    bench.lose = lambda packet: False
    bench.run(3)
    assert bench.request().state is State.TIMED_OUT
    assert len(bench.sent_of("alive")) == 1


def test_a_hazardous_command_waits_for_its_confirmation(bench):
    request = bench.order("reboot")
    bench.run(2)
    assert (request.state, bench.sent_of("reboot")) == (State.UNCONFIRMED, [])
    with pytest.raises(Refused, match="type its unit, sz20/w1"):
        bench.ground.confirm(request.id, "ann", "", 1)
    with pytest.raises(Refused, match="another person"):
        bench.ground.confirm(request.id, "ann", "sz20/w1", 2)
    bench.ground.confirm(request.id, "bob", "", 2)
    bench.run(0.5)
    assert request.state is State.COMPLETED
    assert request.confirmed_by == "bob"
    assert bench.unit.unit.maintenance.wanted


def test_a_hazardous_command_that_nobody_confirms_is_dropped(bench):
    request = bench.order("reboot")
    bench.run(CONFIRM_US / 1e6 + 1)
    assert (request.state, request.reason) == (State.EXPIRED, "nobody confirmed it in time")
    with pytest.raises(Refused, match="nothing to confirm"):
        bench.ground.confirm(request.id, "bob", "", 2)


def test_a_setting_that_lowers_detection_is_hazardous_and_another_is_not(bench):
    assert bench.order("set_setting", setting="ae_threshold", value=45.5).hazard
    assert not bench.order("set_setting", setting="retrieval_interval_ms", value=40).hazard


def test_what_the_dictionary_forbids_is_not_even_asked(bench):
    with pytest.raises(CommandError, match="from 40 to 80 dB_AE"):
        bench.order("set_setting", setting="ae_threshold", value=81)
    assert bench.ground.commands(10) == []


def test_our_own_command_over_a_reboot_is_no_intruder(bench):
    """What was under way is refused by the unit's next boot, and nobody need look for a thief."""
    caught = []
    bench.lose = lambda packet: bool(caught.append(packet)) or True
    bench.run(2)
    assert caught, "acknowledgements go out each second"
    for packet in caught:  # each uses a counter; the unit forgets them with its power
        bench.unit.unit.receive(packet)
    bench.run(0.2)
    bench.reboot()
    for packet in caught:
        bench.unit.unit.receive(packet)
    bench.lose = lambda packet: False
    bench.run(3)
    refused = [p for p in bench.station.archive.telemetry() if decode(p).name == "refused"]
    assert refused
    assert not [key for key in bench.alarms() if key.startswith(("command:", "event:"))]
    bench.kill()
    bench.open()
    assert not [key for key in bench.alarms() if key.startswith(("command:", "event:"))]


def test_an_intruder_who_sends_ours_again_raises_the_alarm(bench):
    bench.order("alive")
    bench.run(0.5)
    (old,) = bench.sent_of("alive")
    bench.run(60)
    bench.unit.unit.receive(old)
    bench.run(1)
    assert "command:sz20/w1" in bench.alarms()
    assert bench.request().state is State.COMPLETED, "and it tells nothing of ours"
