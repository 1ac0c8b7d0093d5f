"""What a unit sends by itself, and how it gives stored packets again."""

import pytest

from firmware.sensors.capture import Capture
from firmware.store.ram import RamFiles
from hil_tests.support.bench import Bench, named
from protocol.schema.decode import decode
from protocol.wire import events, tables, tc
from protocol.wire.cuc import STATUS_SINCE_BOOT, STATUS_TAI

EPOCH_US = 184_377_600_000_000
SECOND = 1_000_000
NO_BITS = bytes(32)


def test_the_boot_report_is_record_0_and_all_else_follows_in_order():
    packets = Bench().run(60)
    assert [p.name for p in packets[:4]] == ["boot", "housekeeping", "time", "storage"]
    assert [p.record for p in packets] == list(range(len(packets)))
    counts = {
        name: len(named(packets, name)) for name in ("boot", "housekeeping", "time", "storage")
    }
    assert counts == {"boot": 3, "housekeeping": 60, "time": 12, "storage": 6}
    assert [p.type_count for p in named(packets, "housekeeping")] == list(range(60))


def test_time_since_boot_or_tai():
    late = Bench(boot_us=100 * SECOND).run(1)
    assert {(p.time_status, p.time_us) for p in late[:4]} == {(STATUS_SINCE_BOOT, 0)}
    tai = Bench(boot_us=100 * SECOND, epoch_us=EPOCH_US).run(6)
    assert {p.time_status for p in tai} == {STATUS_TAI}
    assert tai[0].time_us == EPOCH_US + 100 * SECOND
    assert named(tai, "time")[-1].raw["since_boot_us"] == 5 * SECOND


def test_crossings_are_those_since_the_last_report():
    bench = Bench()
    bench.window.crossings[2] = 5
    bench.run(1)
    bench.window.crossings[2] = 12
    bench.window.crossings[3] = 100_000
    last = named(bench.run(1), "housekeeping")[-1].raw
    assert (last["ae3_crossings"], last["ae4_crossings"]) == (7, 0xFFFF)


def capture(trigger_us, channels):
    """A burst of 1 V on some channels, 4 µs apart."""
    made = Capture()
    made.trigger_us = trigger_us
    for k in channels:
        for i in range(200):
            made.samples[k * 2500 + 500 + 10 * k + i] = 3277 if i % 16 < 8 else -3277
    return made


@pytest.mark.parametrize("epoch_us", [None, EPOCH_US])
def test_a_hit_report_is_in_the_time_scale_of_its_header(epoch_us):
    bench = Bench(boot_us=10 * SECOND, epoch_us=epoch_us)
    bench.run(1)
    bench.window.captures.append(capture(10_900_123, (0, 1, 3)))
    (hit,) = named(bench.run(0.1), "hit")
    base_us = -10 * SECOND if epoch_us is None else epoch_us
    assert hit.raw["trigger_us"] == base_us + 10_900_123
    assert hit.raw["channels"] == 0b001011
    assert hit.raw["ae2_arrival"] - hit.raw["ae1_arrival"] == 40
    assert hit.raw["ae3_peak"] == 0
    assert bench.window.captures == []
    assert named(bench.run(1), "housekeeping")[-1].raw["impacts"] == 1


def test_fewer_than_three_sensors_are_no_impact():
    bench = Bench()
    bench.window.captures.append(capture(0, (0, 1)))
    assert named(bench.run(0.1), "hit") == []


def test_a_sensor_that_fails_and_recovers_is_reported():
    bench = Bench()
    bench.window.slow[1] = 9_000_000
    fault = named(bench.run(3), "event_medium")
    assert [(e.raw["event_id"], e.raw["a"]) for e in fault] == [(events.SENSOR_FAULT, 1)]
    assert fault[0].raw["text"].rstrip(b"\0") == b"p_gap2"
    bench.window.slow[1] = 1_013_250
    (recovered,) = named(bench.run(20), "event_info")
    assert (recovered.raw["event_id"], recovered.raw["a"]) == (events.SENSOR_RECOVERED, 1)


def test_what_the_link_does_not_take_is_counted_and_kept():
    bench = Bench()
    bench.link_takes = False
    bench.run(10)
    bench.link_takes = True
    last = named(bench.run(1), "housekeeping")[-1]
    assert last.raw["link_dropped"] == last.record
    bench.command(tables.TC_RETRIEVE, (1, 0, last.record - 1), ack=tc.ACK_NONE)
    again = bench.run(2)
    assert set(range(last.record)) <= {p.record for p in again}


def test_playback_is_byte_for_byte_limited_and_below_the_live_stream():
    bench = Bench()
    bench.run(100)
    first = list(bench.packets)
    bench.command(tables.TC_RETRIEVE, (1, 0, 99), ack=tc.ACK_COMPLETION)
    one_second = bench.run(1)
    assert 40 <= len([p for p in one_second if p.record < 100]) <= 50
    rest = bench.run(2)
    assert [p.name for p in rest].count("completed") == 1
    assert [packet for packet in bench.packets[len(first) :] if decode(packet).record < 100] == (
        first[:100]
    )


def test_playback_waits_for_a_link_that_takes_nothing():
    bench = Bench()
    bench.run(100)
    bench.command(tables.TC_RETRIEVE, (1, 0, 49), ack=tc.ACK_NONE)
    bench.run(0.2)
    bench.link_takes = False
    bench.run(5)
    bench.link_takes = True
    bench.run(2)
    records = [decode(p).record for p in bench.packets]
    assert [r for r in records[records.index(0, 1) :] if r < 50] == list(range(50))


def test_records_that_are_not_on_board_are_reported_lost():
    files = RamFiles()
    Bench(files).run(5)  # ends without a flush: the last housekeeping is not stored
    bench = Bench(files)
    storage = named(bench.run(1), "storage")[0]
    newest = storage.raw["boot0_newest"]
    bench.command(tables.TC_RETRIEVE, (1, 0, newest + 5), ack=tc.ACK_COMPLETION)
    packets = bench.run(1)
    (lost,) = named(packets, "lost")
    assert (lost.raw["lost_boot"], lost.raw["lost_first"], lost.raw["lost_last"]) == (
        1,
        newest + 1,
        newest + 5,
    )
    assert [p.record for p in packets if p.boot_id == 1] == list(range(newest + 1))


def test_acknowledged_records_are_not_reported_lost():
    bench = Bench()
    bench.run(30)
    bench.command(tables.TC_COMMIT, (1, 30, NO_BITS))
    bench.run(0.1)
    bench.command(tables.TC_RETRIEVE, (1, 0, 35))
    assert named(bench.run(2), "lost") == []


@pytest.mark.parametrize("values", [(1, 5, 4), (2, 0, 4)], ids=["backwards", "future boot"])
def test_a_retrieval_that_makes_no_sense_fails(values):
    bench = Bench()
    bench.run(1)
    bench.command(tables.TC_RETRIEVE, values, ack=tc.ACK_NONE)
    (failed,) = named(bench.run(0.1), "failed")
    assert failed.raw["failure"] == tc.FAIL_ARGUMENT


def test_retrievals_queue_and_the_queue_has_an_end():
    bench = Bench()
    bench.run(10)
    for _ in range(20):
        bench.command(tables.TC_RETRIEVE, (1, 0, 0))
    packets = bench.run(3)
    assert len(named(packets, "completed")) == 16
    assert {p.raw["failure"] for p in named(packets, "failed")} == {tc.FAIL_FULL}
    assert len([p for p in packets if p.record == 0]) == 16


def test_an_acknowledgement_moves_the_oldest_uncommitted_record():
    bench = Bench()
    bench.run(20)
    bench.command(tables.TC_COMMIT, (1, 10, b"\x06" + bytes(31)))  # 11 and 12 too, 10 missing
    assert named(bench.run(10), "storage")[-1].raw["boot0_oldest"] == 10
    bench.command(tables.TC_COMMIT, (1, 11, NO_BITS))
    assert named(bench.run(10), "storage")[-1].raw["boot0_oldest"] == 13


def test_an_acknowledgement_of_what_was_never_made_fails():
    bench = Bench()
    bench.run(1)
    bench.command(tables.TC_COMMIT, (1, 1000, NO_BITS))
    assert named(bench.run(0.1), "failed")[0].raw["failure"] == tc.FAIL_ARGUMENT


def test_overflow_is_reported_as_lost_ranges():
    bench = Bench(store_bytes=65_536)
    packets = bench.run(1200)
    lost = named(packets, "lost")
    assert lost
    assert {p.raw["lost_class"] for p in lost} == {0}
    assert lost[0].raw["lost_first"] <= 2
    assert named(packets, "storage")[-1].raw["boot0_oldest"] == 0, "events stay"
    assert named(packets, "housekeeping")[-1].raw["stored_bytes"] <= 65_536 + 4096


def test_a_broken_store_is_reported_and_the_unit_goes_on():
    class Broken(RamFiles):
        def append(self, name, pieces):
            raise OSError(28, "No space left on device")

    bench = Bench(Broken())
    packets = bench.run(60)
    (failed,) = named(packets, "event_high")
    assert failed.raw["event_id"] == events.STORE_FAILED
    assert b"No space left" in failed.raw["text"]
    assert len(named(packets, "housekeeping")) == 60


def test_notes_become_events_with_their_words_cut_between_characters():
    bench = Bench()
    bench.run(0.1)
    bench.unit.note(events.TASK_EXCEPTION, "é" * 30)
    (event,) = bench.run(0.1)
    assert (event.name, event.raw["event_id"]) == ("event_high", events.TASK_EXCEPTION)
    assert event.raw["text"].decode() == "é" * 24


def test_the_boot_before_the_first_id_is_given_again():
    files = RamFiles()
    files.replace("boot", b"65534")
    first = Bench(files)
    first.run(5)
    first.unit.close()
    bench = Bench(files)
    assert bench.run(1)[0].boot_id == 1
    bench.command(tables.TC_RETRIEVE, (65535, 0, 3), ack=tc.ACK_COMPLETION)
    given = [packet for packet in bench.run(1) if packet.boot_id == 65535]
    assert [packet.record for packet in given] == [0, 1, 2, 3]
    bench.command(tables.TC_RETRIEVE, (2, 0, 3))
    (failed,) = named(bench.run(1), "failed")
    assert failed.raw["failure"] == tc.FAIL_ARGUMENT
