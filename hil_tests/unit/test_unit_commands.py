"""The front door: forged, replayed, unsigned and repeated commands; what is reported of them."""

import pytest

from hil_tests.support.bench import APID, KEY, Bench, named
from protocol.wire import events, tables, tc
from protocol.wire.crc import packet_check

NO_BITS = bytes(32)


@pytest.fixture
def bench():
    made = Bench()
    made.run(0.5)
    return made


def reports(packets):
    """Verification and event reports as (name, counter or event id, failure or a)."""
    return [
        (p.name, p.raw["tc_counter"], p.raw["failure"])
        if "failure" in p.raw
        else (p.name, p.raw["event_id"], p.raw["a"])
        for p in packets
        if "failure" in p.raw or "event_id" in p.raw
    ]


def test_alive_is_accepted_answered_completed(bench):
    sent = bench.command(tables.TC_ALIVE)
    accepted, alive, completed = bench.run(0.1)
    assert (accepted.name, alive.name, completed.name) == ("accepted", "alive", "completed")
    assert accepted.raw["tc_packet_id"].to_bytes(2, "big") == sent[0:2]
    assert accepted.raw["tc_sequence"].to_bytes(2, "big") == sent[2:4]


def test_success_is_reported_only_when_asked_for(bench):
    bench.command(tables.TC_ALIVE, ack=tc.ACK_NONE)
    assert [p.name for p in bench.run(0.1)] == ["alive"]
    bench.command(tables.TC_ALIVE, ack=tc.ACK_COMPLETION)
    assert [p.name for p in bench.run(0.1)] == ["alive", "completed"]


def test_failure_is_reported_unasked(bench):
    bench.command(tables.TC_RETRIEVE, (1, 9, 3), ack=tc.ACK_NONE)
    assert reports(bench.run(0.1)) == [("failed", 0, tc.FAIL_ARGUMENT)]


def test_a_byte_identical_repeat_runs_nothing_and_gets_the_same_records(bench):
    sent = bench.command(tables.TC_ALIVE)
    bench.run(0.1)
    before = bench.packets[-3:]
    bench.unit.receive(sent)
    assert [p.name for p in bench.run(0.1)] == ["accepted", "completed"]
    assert bench.packets[-2:] == [before[0], before[2]]


def test_a_repeat_of_a_refused_command_gets_its_refusal(bench):
    sent = bench.command(tables.TC_RETRIEVE, (1, 9, 3))
    first = bench.run(0.1)
    bench.unit.receive(sent)
    assert bench.run(0.1) == first


def test_a_repeat_is_known_among_the_last_16_only(bench):
    sent = [bench.command(tables.TC_ALIVE, ack=tc.ACK_COMPLETION) for _ in range(17)]
    bench.run(0.1)
    bench.unit.receive(sent[1])
    assert [p.name for p in bench.run(0.1)] == ["completed"]
    bench.unit.receive(sent[0])
    assert reports(bench.run(0.1)) == [
        ("refused", 0, tc.FAIL_REPLAY),
        ("event_medium", events.COMMAND_REPLAY, 0),
    ]


def test_a_used_counter_with_another_mac_is_a_replay(bench):
    bench.command(tables.TC_ALIVE, counter=7)
    bench.run(0.1)
    bench.command(tables.TC_COMMIT, (1, 0, NO_BITS), counter=7)
    assert reports(bench.run(0.1)) == [
        ("refused", 7, tc.FAIL_REPLAY),
        ("event_medium", events.COMMAND_REPLAY, 7),
    ]


def test_a_counter_below_the_last_is_a_replay(bench):
    bench.command(tables.TC_ALIVE, counter=9)
    bench.run(0.1)
    bench.command(tables.TC_ALIVE, counter=8)
    assert reports(bench.run(0.1))[0] == ("refused", 8, tc.FAIL_REPLAY)


def test_a_counter_is_not_taken_again_after_a_reboot(bench):
    sent = bench.command(tables.TC_ALIVE, counter=300)
    bench.run(0.1)
    again = Bench(bench.files)
    (boot,) = named(again.run(0.1), "boot")
    assert boot.raw["next_counter"] == 512
    again.unit.receive(sent)
    again.command(tables.TC_ALIVE, counter=511)
    again.command(tables.TC_ALIVE, counter=512)
    names = [p.name for p in again.run(0.1)]
    assert names == ["refused", "event_medium"] * 2 + ["accepted", "alive", "completed"]


def forged():
    return tc.build(tables.TC_ALIVE, APID, 0, 0, bytes(32), ())


def unsigned():
    packet = bytearray(forged()[: tc.HEADER_SIZE])
    packet[4:6] = (len(packet) + 2 - 7).to_bytes(2, "big")
    return bytes(packet) + packet_check(packet).to_bytes(2, "big")


def malformed():
    packet = bytearray(unsigned())
    packet[6] = 0x1F  # PUS version 1
    return bytes(packet[:-2]) + packet_check(packet[:-2]).to_bytes(2, "big")


def other_address():
    return tc.build(tables.TC_ALIVE, APID + 1, 0, 0, KEY, ())


@pytest.mark.parametrize(
    ("packet", "failure"),
    [
        (forged(), tc.FAIL_FORGED),
        (unsigned(), tc.FAIL_UNSIGNED),
        (malformed(), tc.FAIL_MALFORMED),
        (other_address(), tc.FAIL_APID),
    ],
    ids=["forged", "unsigned", "malformed", "other_address"],
)
def test_what_is_not_ours_is_refused_and_reported(bench, packet, failure):
    bench.unit.receive(packet)
    refused, event = bench.run(0.1)
    assert (refused.name, refused.raw["failure"]) == ("refused", failure)
    assert (event.raw["event_id"], event.raw["a"]) == (events.COMMAND_FORGED, 1)
    bench.command(tables.TC_ALIVE)
    assert "alive" in [p.name for p in bench.run(0.1)], "its counter was not used up"


def test_a_forged_acknowledgement_deletes_nothing(bench):
    bench.run(20)
    storage = named(bench.run(10), "storage")[-1]
    bench.command(tables.TC_COMMIT, (1, 20, NO_BITS), key=bytes(32))
    after = named(bench.run(10), "storage")[-1]
    assert storage.raw["boot0_oldest"] == after.raw["boot0_oldest"] == 0


def test_bytes_that_are_no_packet_are_counted(bench):
    bench.unit.receive(b"\x00garbage")
    (event,) = bench.run(0.1)
    assert (event.raw["event_id"], event.raw["a"]) == (events.COMMAND_FORGED, 1)


def test_a_flood_of_forgeries_does_not_flood_the_downlink(bench):
    sent = 0
    made = []
    for _ in range(1000):
        for _ in range(10):
            bench.unit.receive(forged())
            sent += 1
        made += bench.run(0.02)
    made += bench.run(11)
    counted = [p.raw["a"] for p in named(made, "event_medium")]
    assert sum(counted) == sent
    assert len(counted) <= 4
    assert len(named(made, "refused")) <= 3 * 4
    assert named(made, "housekeeping")[-1].raw["commands_refused"] == sent


def test_a_flood_of_repeats_does_not_flood_the_downlink(bench):
    sent = bench.command(tables.TC_ALIVE)
    bench.run(0.1)
    made = []
    for _ in range(500):
        bench.unit.receive(sent)
        made += bench.run(0.02)
    assert len(named(made, "accepted", "completed")) <= 16


def test_unknown_and_misshapen_commands_are_refused_though_signed(bench):
    body = bytearray(tc.build(tables.TC_ALIVE, APID, 0, 0, KEY, ()))
    body[7] = 99  # a service that we have not
    resign(body)
    bench.unit.receive(bytes(body))
    assert reports(bench.run(0.1)) == [("refused", 0, tc.FAIL_UNKNOWN)]


def resign(packet):
    """Sign and close a packet again after a change."""
    from protocol.wire.hmac256 import hmac256

    at = len(packet) - 2 - tc.TRAILER_SIZE
    packet[at + 4 : at + 20] = hmac256(KEY, bytes(packet[: at + 4]))[:16]
    packet[-2:] = packet_check(packet[:-2]).to_bytes(2, "big")


def test_commands_are_counted_in_housekeeping(bench):
    bench.command(tables.TC_ALIVE)
    bench.unit.receive(forged())
    housekeeping = named(bench.run(1), "housekeeping")[-1]
    assert housekeeping.raw["commands_accepted"] == 1
    assert housekeeping.raw["commands_refused"] == 1


LAST = 0xFFFFFFFE


@pytest.mark.parametrize("counter", [0xFFFFFF00, LAST])
def test_the_last_counters_are_taken_and_the_unit_boots_again(bench, counter):
    bench.command(tables.TC_ALIVE, counter=counter)
    assert "alive" in [p.name for p in bench.run(0.1)]
    again = Bench(bench.files)
    (boot,) = named(again.run(0.1), "boot")
    assert boot.raw["next_counter"] == LAST + 1
    again.command(tables.TC_ALIVE, counter=LAST)
    assert reports(again.run(0.1))[0] == ("refused", LAST, tc.FAIL_REPLAY)


def test_the_counter_that_has_no_next_is_refused(bench):
    bench.command(tables.TC_ALIVE, counter=LAST + 1)
    assert reports(bench.run(0.1))[0] == ("refused", LAST + 1, tc.FAIL_REPLAY)
    bench.command(tables.TC_ALIVE, counter=LAST)
    assert "alive" in [p.name for p in bench.run(0.1)]
    boots = named(bench.run(31), "boot")
    assert boots[-1].raw["next_counter"] == LAST + 1


def test_a_damaged_counter_lets_no_used_command_in(bench):
    sent = bench.command(tables.TC_ALIVE, counter=300)
    bench.run(0.1)
    bench.files.replace("counter", b"garbage")
    again = Bench(bench.files)
    again.unit.receive(sent)
    made = again.run(0.1)
    assert named(made, "boot")[0].raw["next_counter"] == 512
    assert not named(made, "alive")
    (failed,) = named(made, "event_high")
    assert failed.raw["event_id"] == events.STORE_FAILED
    assert failed.raw["text"].rstrip(b"\0") == b"damaged: counter"


def test_a_report_that_cannot_be_packed_stops_nothing_else(bench):
    bench.unit._door.next_counter = 1 << 40
    made = bench.run(31)
    assert not named(made, "boot")
    failed = named(made, "event_high")
    assert 1 <= len(failed) <= 2
    assert failed[0].raw["event_id"] == events.TASK_EXCEPTION
    assert b".py:" in failed[0].raw["text"]
    assert len(named(made, "housekeeping")) >= 30
