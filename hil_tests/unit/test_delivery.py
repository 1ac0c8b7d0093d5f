"""Order of telemetry.bin and of delivery."""

from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ground.fleet import Fleet
from ground.model import UnitKey
from ground.receive.packets import split
from protocol.schema import encode
from protocol.schema.timescale import utc_to_tai_us
from protocol.wire.cuc import STATUS_TAI, from_us
from protocol.wire.frame import MAX_PACKET
from protocol.wire.tables import TM_TIME
from tools.scenario.model import Event, Scenario
from tools.sim.delivery import BACKLOG_INTERVAL_US, deliver, losses
from tools.sim.telemetry import join, merge

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
FLEET = Fleet.from_dict(
    {
        "vehicle": [
            {"id": "a", "role": "return", "window": [{"id": "w1"}]},
            {"id": "b", "role": "return", "window": [{"id": "w1"}]},
        ]
    }
)
A, B = UnitKey("a", "w1"), UnitKey("b", "w1")
S = 1_000_000


def packet(apid: int, t_us: int, record: int) -> bytes:
    buffer = bytearray(MAX_PACKET)
    coarse, fine = from_us(utc_to_tai_us(EPOCH) + t_us)
    size = encode.pack(buffer, TM_TIME, apid, STATUS_TAI, coarse, fine, record, 1, record, [t_us])
    return bytes(buffer[:size])


def scenario(*lost: tuple[float, float]) -> Scenario:
    events = [Event(round(t * S), "link_loss", "a", "w1", {"for_s": d}) for t, d in lost]
    return Scenario("x", 1, 100 * S, EPOCH, FLEET, tuple(events))


def each_second(apid: int, count: int) -> bytes:
    return b"".join(packet(apid, k * S, k) for k in range(count))


def test_merged_by_time_then_apid_then_making() -> None:
    a = packet(2, S, 0) + packet(2, S, 1) + packet(2, 3 * S, 2)
    b = packet(1, S, 0) + packet(1, 2 * S, 1)
    merged = merge([a, b])
    assert [(p.apid, p.record) for p in merged] == [(1, 0), (2, 0), (2, 1), (1, 1), (2, 2)]
    assert split(join(merged)) == ([p.data for p in merged], b"")


@pytest.mark.parametrize("cut", [3, 10, 30])
def test_half_a_packet_is_no_telemetry(cut: int) -> None:
    whole = packet(1, S, 0)
    with pytest.raises(ValueError, match=f"no packet at byte {len(whole)}"):
        merge([whole + packet(1, 2 * S, 1)[:cut]])


def test_kept_packets_follow_the_first_live_one() -> None:
    merged = merge([each_second(1, 12), each_second(2, 12)])
    arrivals = deliver(scenario((3.5, 4)), merged)
    a = [(x.packet.record, x.time_us) for x in arrivals if x.unit == A]
    start = scenario().start_us
    assert [record for record, _ in a] == [0, 1, 2, 3, 8, 4, 5, 6, 7, 9, 10, 11]
    assert a[5][1] == start + 8 * S + BACKLOG_INTERVAL_US
    assert all(later - sooner >= BACKLOG_INTERVAL_US for (_, sooner), (_, later) in pairwise(a))
    assert [x.packet.record for x in arrivals if x.unit == B] == list(range(12))


def test_overlapping_losses_are_one_and_a_loss_to_the_end_delivers_nothing() -> None:
    start = scenario().start_us
    assert losses(scenario((3, 4), (5, 6)), A) == [(start + 3 * S, start + 11 * S)]
    arrivals = deliver(scenario((3, 90)), merge([each_second(1, 12)]))
    assert [x.packet.record for x in arrivals] == [0, 1, 2]


@given(st.lists(st.tuples(st.floats(0, 40), st.floats(0.01, 20)), max_size=4))
def test_each_packet_arrives_once_and_never_within_a_loss(lost: list[tuple[float, float]]) -> None:
    played = scenario(*sorted(lost))
    arrivals = deliver(played, merge([each_second(1, 70)]))
    assert sorted(x.packet.record for x in arrivals) == list(range(70))
    assert [x.time_us for x in arrivals] == sorted(x.time_us for x in arrivals)
    spans = losses(played, A)
    assert not [x for x in arrivals if any(b <= x.time_us < e for b, e in spans)]
