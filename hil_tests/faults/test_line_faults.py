"""What must hold on a bad line, fault by fault; every line is seeded."""

import pytest

from ground.archive.history import history
from hil_tests.faults.chain import T0_US, UNIT, Chain
from hil_tests.faults.kinds import FRAME_FAULTS
from hil_tests.faults.line import Line, S
from protocol.schema.decode import decode
from protocol.wire.tables import SCHEMA_HASH


def everything_once(chain: Chain) -> None:
    """What was made up to 15 s ago is in the archive, once, byte for byte; and nothing else."""
    archived = chain.archived()
    for key, packet in chain.made_before(chain.tick_us - 15 * S).items():
        assert archived.get(key) == packet, f"boot and record {key}"
    assert archived.items() <= chain.made.items()
    assert not [key for key in chain.station.notices if "schema" in key]


def test_one_hour_at_a_bit_error_rate_of_1e_4(tmp_path):
    chain = Chain(tmp_path, Line(1, bit_error_rate=1e-4), Line(2, bit_error_rate=1e-4))
    chain.seconds(3600)
    assert chain.down.harmed > 0.05 * chain.down.carried
    chain.settle()
    everything_once(chain)


@pytest.mark.parametrize("fault", FRAME_FAULTS.values(), ids=FRAME_FAULTS)
def test_frames(tmp_path, fault):
    chain = Chain(tmp_path, Line(3, **fault), Line(4, **fault))
    chain.seconds(600)
    chain.settle()
    everything_once(chain)
    hits = sorted(key for key, p in chain.made.items() if decode(p).name == "hit")
    told = sorted((i.packet.boot, i.packet.record) for i in chain.station.assessor.impacts)
    assert told == hits, "no impact is lost or told twice"
    assert len(hits) > 1


def test_a_disconnected_line_is_an_alarm_and_nothing_is_lost(tmp_path):
    gap = ((100 * S, 160 * S),)
    chain = Chain(tmp_path, Line(5, dead_us=gap), Line(6, dead_us=gap))
    chain.seconds(130)
    assert len(chain.alarms("silence:")) == 1
    (vehicle,) = [v for v in chain.station.assessor.vehicles if v.id == UNIT.vehicle]
    assert vehicle.unknown_since_us is not None
    chain.seconds(60)
    chain.settle()
    everything_once(chain)
    (vehicle,) = [v for v in chain.station.assessor.vehicles if v.id == UNIT.vehicle]
    assert vehicle.unknown_since_us is None


def test_half_open_up(tmp_path):
    """The unit is heard and cannot be reached: nothing is acknowledged, nothing is lost."""
    chain = Chain(tmp_path, Line(7, drop=0.1), Line(8, dead_us=((0, 10**12),)))
    chain.seconds(300)
    storage = [p for p in chain.made if p[0] == 1]
    assert len(chain.archived()) < len(storage)
    assert chain.alarms("silence:") == []
    chain.settle(180)
    everything_once(chain)


def test_half_open_down(tmp_path):
    """The unit is reached and not heard: that is silence."""
    chain = Chain(tmp_path, Line(9, dead_us=((60 * S, 200 * S),)), Line(10))
    chain.seconds(210)
    assert len(chain.alarms("silence:")) == 1
    chain.settle()
    everything_once(chain)


def test_a_brown_out_loses_only_what_was_never_said_to_be_stored(tmp_path):
    dead = ((100 * S, 140 * S),)
    chain = Chain(tmp_path, Line(11, dead_us=dead), Line(12, dead_us=dead))
    chain.seconds(130)
    chain.power_on()
    chain.settle()
    archived = chain.archived()
    assert {boot for boot, _ in archived} == {1, 2}
    assert archived.items() <= chain.made.items()
    gone = sorted(record for boot, record in chain.made.keys() - archived.keys() if boot == 1)
    newest = max(record for boot, record in chain.made if boot == 1)
    assert len(gone) <= 48, "at most what 30 s of housekeeping and its reports make"
    assert gone == list(range(newest - len(gone) + 1, newest + 1)), "only the tail in memory"


def test_a_clock_that_jumps_moves_the_time_of_no_packet(tmp_path):
    """Neither of those that come live nor of those that are asked for later; no alarm rises."""
    chain = Chain(tmp_path, Line(15, drop=0.1), Line(16, drop=0.1), scenario="quiet")
    for by_us in (3600 * S, -1800 * S, -5 * S):
        chain.seconds(60)
        chain.jump(by_us)
        chain.seconds(10)
    chain.settle()
    everything_once(chain)
    chain.station.commit()
    told = [utc_us for utc_us, _ in history(chain.station.archive, UNIT, "p_cabin", 0, 1 << 62)]
    made = [
        T0_US + chain.made_us[key]
        for key, packet in chain.archived().items()
        if decode(packet).name == "housekeeping"
    ]
    away = [abs(t - m) for t, m in zip(sorted(told), sorted(made), strict=True)]
    assert len(away) > 300
    assert max(away) < S
    alarms = chain.station.assessor.alarms
    assert [a for a in alarms if not a.key.startswith("unheard:")] == []  # the others never were


def test_another_schema_is_told_by_its_hash_and_nothing_is_taken(tmp_path):
    foreign = SCHEMA_HASH ^ 0x5A5A5A5A
    chain = Chain(tmp_path, Line(13), Line(14), seed=foreign)
    chain.seconds(20)
    assert chain.archived() == {}
    assert any(f"{foreign:08x}" in words for words in chain.station.notices.values())
