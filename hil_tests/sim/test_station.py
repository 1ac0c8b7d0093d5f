from __future__ import annotations

from pathlib import Path

import pytest

from ground.archive.archive import Archive
from ground.fleet import Fleet
from ground.model import Chunk, Inspection, UnitKey
from ground.station import Station
from ground.stream.refill import ATTEMPTS
from hil_tests.sim.fake_unit import FakeUnit
from hil_tests.sim.ground_bench import T0, Bench, S
from hil_tests.sim.recording_assessor import RecordingAssessor
from protocol.wire import frame, tables, tc

SZ20 = UnitKey("sz20", "w1")


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path, [FakeUnit()])


def test_everything_is_archived_once_and_acknowledged(bench: Bench) -> None:
    bench.seconds(40)
    unit = bench.units[0]
    assert bench.archived(unit) == unit.made
    assert len(unit.store) <= 4  # but for what came since the last acknowledgement
    assert not [c for c in unit.commands if c.failure]
    acknowledgements = [c for c in unit.commands if c.subtype == 4]
    assert 20 < len(acknowledgements) <= 42
    assert {c.ack for c in acknowledgements} == {tc.ACK_NONE}
    raw = b"".join(chunk.data for chunk in bench.station.archive.raw())
    assert all(frame.encode(p) in raw for p in unit.made.values())


def test_nothing_new_means_no_acknowledgement(bench: Bench) -> None:
    bench.seconds(3)
    told = len(bench.sent)
    for _ in range(3):
        bench.now += S
        bench.station.tick(T0 + bench.now)
        bench.commit()
    assert len(bench.sent) <= told + 1


def test_a_lossy_line_loses_nothing(bench: Bench) -> None:
    bench.loss = 0.2
    bench.seconds(200)
    bench.loss = 0.0
    bench.seconds(40)
    unit = bench.units[0]
    assert bench.archived(unit) == unit.made
    assert bench.assessor.current_holes[SZ20] == ()
    received = [p.id for p in bench.assessor.packets]
    assert len(received) == len(set(received)) == len(unit.made)


def test_a_link_loss_is_silence_then_refilled_late(bench: Bench) -> None:
    bench.seconds(30)
    unit = bench.units[0]
    bench.up = False
    bench.seconds(10)
    assert bench.assessor.silent[SZ20] == pytest.approx(T0 + 29 * S + 2_000, abs=3_000)
    unit.now = bench.now
    hit = unit.hit()
    bench.seconds(30)
    commands_while_silent = len(bench.sent)
    bench.seconds(5)
    assert len(bench.sent) == commands_while_silent
    bench.up = True
    bench.second()
    assert bench.assessor.silent[SZ20] is None
    bench.seconds(12)
    assert bench.archived(unit) == unit.made
    assert bench.assessor.current_holes[SZ20] == ()
    late = next(p for p in bench.assessor.packets if p.decoded.data == hit)
    assert late.late
    assert late.onboard_us == pytest.approx(T0 + 40 * S, abs=10_000)
    assert late.received_us >= T0 + 75 * S
    holes = [c for c in bench.assessor.calls if c[0] == "holes" and c[2]]
    first = holes[0][2][0]
    assert first.end_us - first.start_us == pytest.approx(46 * S, abs=S)


def test_a_tail_that_only_the_storage_report_shows(bench: Bench) -> None:
    bench.seconds(21)
    unit = bench.units[0]
    unit.now = bench.now
    hit = unit.hit()  # never delivered, and the last record before a reboot
    bench.now += S
    unit.now = bench.now
    unit.reboot()
    bench.seconds(15)
    assert bench.archived(unit) == unit.made
    late = next(p for p in bench.assessor.packets if p.decoded.data == hit)
    assert late.late
    assert late.onboard_us == pytest.approx(T0 + 21 * S, abs=10_000)


def test_a_boot_that_was_never_heard_is_fetched_and_dated(bench: Bench) -> None:
    bench.seconds(21)
    unit = bench.units[0]
    bench.up = False
    unit.now = bench.now
    unit.reboot()
    bench.seconds(20)
    hit_us = bench.now
    unit.now = bench.now
    hit = unit.hit()
    bench.seconds(10)
    unit.now = bench.now
    unit.reboot()
    bench.up = True
    bench.seconds(15)
    assert bench.archived(unit) == unit.made
    late = next(p for p in bench.assessor.packets if p.decoded.data == hit)
    assert late.onboard_us == pytest.approx(T0 + hit_us, abs=2 * S)


def test_what_the_unit_dropped_closes_as_lost_and_is_not_asked_for_for_ever(bench: Bench) -> None:
    bench.seconds(20)
    unit = bench.units[0]
    bench.up = False
    first = unit.next_record
    bench.seconds(30)
    unit.now = bench.now
    kept = unit.hit()
    dropped = range(first, first + 20)
    unit.lost(1, dropped[0], dropped[-1])
    bench.up = True
    bench.seconds(60)
    have = bench.archived(unit)
    assert set(unit.made) - set(have) == {(1, r) for r in dropped}
    assert kept in have.values()
    (hole,) = bench.assessor.current_holes[SZ20]
    assert (hole.first, hole.last, hole.lost) == (dropped[0], dropped[-1], True)
    requests = [c for c in unit.commands if c.subtype == 3]
    assert len(requests) < 10
    assert all(record > first + 60 for _, record in unit.store)  # acknowledged beyond the hole


def requests_of(unit: FakeUnit) -> int:
    return sum(c.subtype == 3 for c in unit.commands)


@pytest.fixture
def abandoned(bench: Bench) -> Bench:
    """Its unit has a gap, answers no request for it, and is not asked any more."""
    unit = bench.units[0]
    unit.answer = lambda command: []
    bench.seconds(20)
    bench.up = False
    bench.second()
    bench.up = True
    bench.seconds(400)
    assert requests_of(unit) == ATTEMPTS
    return bench


def test_a_unit_that_never_answers_is_given_up_and_people_know_what_to_do(abandoned: Bench) -> None:
    bench, stream = abandoned, abandoned.station.streams[SZ20]
    (hole,) = bench.assessor.current_holes[SZ20]
    assert (hole.lost, hole.given_up) == (False, True)
    assert stream.count(lost=False) == stream.given_up() == hole.last - hole.first + 1
    words = bench.assessor.active["refill:sz20/w1"]
    assert f"retrieve boot=1 first={hole.first} last={hole.last}" in words
    assert f"after {ATTEMPTS} requests" in words
    bench.seconds(600)
    assert requests_of(bench.units[0]) == ATTEMPTS, "bounded"
    held = {record for _, record in bench.units[0].store}
    assert held >= set(range(hole.first, hole.last + 1)), "kept on board: never acknowledged"


@pytest.mark.parametrize(
    "change", ["link", "boot", "silence", "command", "start", "reached", "storage"]
)
def test_what_starts_a_refill_again(abandoned: Bench, change: str) -> None:
    bench, unit = abandoned, abandoned.units[0]

    def only_send_again(command: tc.Command) -> list[bytes]:
        """Nothing is committed: so its storage reports stay the same."""
        if (command.service, command.subtype) != (130, 3):
            return []
        boot, first, last = command.values
        return [unit.store[boot, r] for r in range(first, last + 1) if (boot, r) in unit.store]

    unit.answer = only_send_again
    bench.seconds(60)
    assert requests_of(unit) == ATTEMPTS, "time alone changes nothing"
    (hole,) = bench.assessor.current_holes[SZ20]
    unit.now = bench.now
    match change:
        case "link":
            bench.line = "the other one"
        case "boot":
            unit.reboot()
        case "silence":
            bench.up = False
            bench.seconds(10)
            bench.up = True
        case "command":  # a person's: only a part of it, the rest follows
            bench.deliver(unit, [unit.store[1, hole.first]])
        case "start":
            bench.station.stop(T0 + bench.now)
            bench.kill()
            bench.open()
        case "reached":  # what it takes shows again that commands arrive
            bench.deaf = True
            bench.seconds(70)
            assert requests_of(unit) == ATTEMPTS
            bench.deaf = False
            bench.seconds(70)
        case "storage":  # its storage report shows that acknowledgements arrive
            unit.answer = None
    bench.seconds(30)
    assert bench.archived(unit) == unit.made
    assert bench.assessor.current_holes[SZ20] == ()
    assert "refill:sz20/w1" not in bench.assessor.active


def test_what_is_given_up_is_so_in_the_fold(abandoned: Bench) -> None:
    bench = abandoned
    bench.station.stop(T0 + bench.now)
    holes = bench.station.streams[SZ20].holes()
    bench.kill()
    archive = Archive(bench.path, write=False)
    again = Station(archive, Fleet(), RecordingAssessor)
    assert again.streams[SZ20].holes() == holes
    assert again.notices == bench.station.notices
    archive.close()


def test_a_new_boot_is_commanded_once_its_counter_is_known(tmp_path: Path) -> None:
    bench = Bench(tmp_path, [FakeUnit()], framed=False)
    unit = bench.units[0]
    bench.seconds(5)
    bench.up = False  # as when the unit sends before its link is up
    unit.now = bench.now
    unit.reboot()
    unit.next_counter = 256  # it takes those that it may have used before as used
    bench.second()
    bench.up = True
    sent = len(bench.sent)
    bench.seconds(4)
    assert bench.station.streams[SZ20].current == unit.boot_id
    assert len(bench.sent) == sent
    bench.deliver(unit, [unit.boot()])
    bench.seconds(10)
    assert not [command for command in unit.commands if command.failure]
    assert bench.archived(unit) == unit.made
    assert "command:sz20/w1" not in bench.assessor.active


def test_a_unit_that_refuses_and_reports_is_reported(bench: Bench) -> None:
    bench.seconds(5)
    unit = bench.units[0]
    forged = tc.build(tables.TC_COMMIT, 1, 0, 9_999, bytes(32), (1, 100, bytes(32)))
    replayed = tc.build(tables.TC_COMMIT, 1, 0, 0, unit.key, (1, 100, bytes(32)))
    unsigned = bytearray(tc.build(tables.TC_ALIVE, 1, 0, 0, unit.key, ()))[:13]
    unsigned[4:6] = (len(unsigned) - 7).to_bytes(2, "big")
    unsigned[11:13] = frame.packet_check(bytes(unsigned[:11])).to_bytes(2, "big")
    for attack, why in ((forged, "forged"), (replayed, "replay"), (bytes(unsigned), "unsigned")):
        bench.deliver(unit, unit.take(attack))
        assert why in bench.assessor.active["command:sz20/w1"]


def test_quality_of_service_1_delivers_twice(tmp_path: Path) -> None:
    bench = Bench(tmp_path, [FakeUnit()], framed=False)
    unit = bench.units[0]
    for _ in range(20):
        unit.now = bench.now
        packets = [unit.boot(), unit.housekeeping()]
        bench.deliver(unit, [*packets, *packets])
        bench.second()
    assert bench.archived(unit) == unit.made


def test_packets_before_the_boot_packet_are_held_and_taken_in_order(bench: Bench) -> None:
    unit = bench.units[0]
    before = [unit.housekeeping() for _ in range(3)]
    bench.deliver(unit, before)
    assert bench.assessor.packets == []
    bench.now += 20 * S
    bench.deliver(unit, [unit.boot()])
    assert [p.decoded.record for p in bench.assessor.packets] == [0, 1, 2, 3]
    assert bench.assessor.packets[0].received_us == T0 + 2_000


def test_a_unit_that_never_names_itself_is_told_and_its_bytes_are_kept(bench: Bench) -> None:
    unit = bench.units[0]
    packet = unit.housekeeping()
    bench.deliver(unit, [packet])
    bench.now += 40 * S
    bench.station.tick(T0 + bench.now)
    bench.commit()
    assert "unnamed:line-sz20:1" in bench.assessor.active
    assert [c.data for c in bench.station.archive.raw()] == [frame.encode(packet)]


def test_70_000_packets_in_one_boot(bench: Bench) -> None:
    unit = bench.units[0]
    bench.deliver(unit, [unit.boot()])
    for _ in range(70):
        unit.now = bench.now
        bench.deliver(unit, [unit.alive() for _ in range(1000)])
        bench.now += S
        bench.station.tick(T0 + bench.now)
        bench.commit()
    assert unit.next_record > 70_000
    assert bench.archived(unit) == unit.made
    assert len(unit.store) <= 1
    assert not any(p.late for p in bench.assessor.packets)


def test_killed_in_the_middle_and_started_again(bench: Bench) -> None:
    unit = bench.units[0]
    for life in range(4):
        bench.loss = 0.1
        bench.seconds(25)
        unit.now = bench.now
        bench.deliver(unit, [unit.housekeeping() for _ in range(5)])  # not committed
        bench.kill()
        if life == 1:
            unit.reboot()
        bench.up = False
        unit.now = bench.now = bench.now + 3 * S
        unit.hit()
        bench.up = True
        bench.open()
    bench.loss = 0
    bench.seconds(45)
    assert bench.archived(unit) == unit.made
    assert not [c for c in unit.commands if c.failure]  # no command counter was used twice


def test_the_rebuilt_station_equals_the_live_one(tmp_path: Path) -> None:
    bench = Bench(tmp_path, [FakeUnit(), FakeUnit(vehicle="tiangong", key=b"k" * 32)])
    bench.loss = 0.1
    bench.seconds(40)
    bench.up = False
    bench.seconds(12)
    bench.station.inspect(Inspection(SZ20, T0, "Ada", "outer", "crack", 10.0))
    bench.station.acknowledge(1, "Ada", "seen")
    bench.station.shelve(1, "Ada", "known", T0 + 99 * S)
    bench.up = True
    bench.seconds(8)
    bench.units[0].reboot()
    bench.units[1].lost(1, 3, 5)
    bench.seconds(30)
    bench.station.stop(T0 + bench.now)
    live = bench.assessor
    streams = bench.station.streams
    bench.kill()
    bench.open()
    again = bench.assessor
    assert again.facts() == live.facts()
    assert again.ticks == live.ticks + 1  # its own start
    assert again.active == live.active
    assert bench.station.inspections == [
        Inspection(SZ20, T0, "Ada", "outer", "crack", 10.0, through=True)
    ]
    for unit, stream in bench.station.streams.items():
        assert stream.holes() == streams[unit].holes()
        assert stream.packets == streams[unit].packets
        assert stream.silent == streams[unit].silent


def test_an_action_that_is_refused_is_not_journaled(bench: Bench) -> None:
    with pytest.raises(KeyError):
        bench.station.acknowledge(99, "Ada", "seen")
    bench.commit()
    assert "acknowledge" not in [row.kind for row in bench.station.archive.journal()]


def test_a_missing_key_is_told_once_and_the_unit_is_read(tmp_path: Path) -> None:
    bench = Bench(tmp_path, [FakeUnit()])
    bench.units.append(FakeUnit(vehicle="sz21"))
    bench.seconds(65)
    assert "no key" in bench.assessor.active["key:sz21/w1"]
    assert bench.archived(bench.units[1]) == bench.units[1].made
    assert bench.units[1].commands == []
    told = [c for c in bench.assessor.calls if c[:2] == ("alarm", "key:sz21/w1")]
    assert len(told) == 1


def test_another_schema_on_a_line_is_told_and_taken_back(bench: Bench) -> None:
    unit = FakeUnit(vehicle="sz22")
    for _ in range(5):
        data = frame.encode(unit.housekeeping(), seed=0x0BADCAFE)
        bench.station.receive(Chunk("line-sz20", T0 + 1, data, framed=True))
    assert "0badcafe" in bench.assessor.active["schema:line-sz20"]
    bench.seconds(2)
    assert "schema:line-sz20" not in bench.assessor.active


def test_the_last_of_the_disk_is_for_raw_data(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.seconds(5)
    monkeypatch.setattr(bench.station.archive, "free_bytes", lambda: 10_000_000)
    bench.second()
    told = len(bench.sent)
    bench.seconds(10)
    assert "nearly full" in bench.assessor.active["archive:margin"]
    assert len(bench.sent) == told
    assert bench.archived(bench.units[0]) == bench.units[0].made
    monkeypatch.undo()
    bench.seconds(3)
    assert "archive:margin" not in bench.assessor.active
    assert len(bench.sent) > told


def test_no_command_leaves_before_the_unit_was_heard_in_this_run(bench: Bench) -> None:
    bench.loss = 0.3
    bench.seconds(20)
    bench.kill()
    told = len(bench.sent)
    bench.open()
    bench.now += 3 * S
    bench.station.tick(T0 + bench.now)
    bench.commit()
    assert len(bench.sent) == told
    bench.loss = 0
    bench.second()
    assert len(bench.sent) > told


def test_an_erased_store_is_told(bench: Bench) -> None:
    bench.seconds(5)
    unit = bench.units[0]
    unit.next_record = 0
    unit.now = bench.now
    bench.deliver(unit, [unit.boot()])
    assert "number 1" in bench.assessor.active["boots:sz20/w1"]


def test_a_fresh_ground_on_an_old_unit_does_not_mourn_what_came_before(tmp_path: Path) -> None:
    unit = FakeUnit(boot_id=5, next_record=500, next_counter=256)
    bench = Bench(tmp_path, [unit])
    unit.reboot()
    unit.next_record = 800
    bench.seconds(35)
    assert bench.archived(unit) == unit.made
    assert bench.assessor.current_holes.get(SZ20, ()) == ()
    assert not [c for c in unit.commands if c.failure]


def test_time_status_tai_needs_no_correlation(tmp_path: Path) -> None:
    unit = FakeUnit(tai_base_us=184_377_600_000_000 + 37 * S)  # T0 in TAI since 2020
    bench = Bench(tmp_path, [unit])
    bench.seconds(3)
    first, second = (p for p in bench.assessor.packets if p.decoded.record in (0, 4))
    assert second.onboard_us - first.onboard_us == S
    assert first.onboard_us == T0


@pytest.mark.parametrize("boot_id", [4, 6])
def test_a_stray_packet_of_another_boot_does_not_silence_the_unit(
    tmp_path: Path, boot_id: int
) -> None:
    bench = Bench(tmp_path, [FakeUnit(boot_id=5)], framed=False)
    bench.seconds(12)
    stray = FakeUnit(boot_id=boot_id, next_record=900, now=bench.now)
    bench.deliver(bench.units[0], [stray.housekeeping()])
    before = len(bench.assessor.packets)
    bench.seconds(12)
    fresh = [p for p in bench.assessor.packets[before:] if p.decoded.boot_id == 5]
    assert len(fresh) >= 12
    assert not any(p.late for p in fresh[1:])
    assert bench.assessor.silent.get(SZ20) is None


def test_two_units_that_share_a_name_are_told(bench: Bench) -> None:
    bench.seconds(3)
    other = FakeUnit(now=bench.now, next_record=2)
    bench.deliver(bench.units[0], [other.hit()])
    bench.second()
    assert any(key.startswith("boots:") for key in bench.station.notices)


def test_a_stray_message_of_another_schema_is_an_alarm_that_passes(bench: Bench) -> None:
    bench.seconds(2)
    chunk = Chunk("line-sz20", T0 + bench.now, b"", framed=False, unit=SZ20, schema=0x1234)
    bench.station.receive(chunk)
    assert any("00001234" in words for words in bench.station.notices.values())
    bench.seconds(65)
    assert not any("00001234" in words for words in bench.station.notices.values())
