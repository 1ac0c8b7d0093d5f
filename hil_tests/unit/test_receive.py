from __future__ import annotations

from zlib import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ground.receive.packets import split, split_runs
from ground.receive.receiver import FRAMES_TO_TELL, Receiver
from ground.receive.run import Run
from ground.receive.seed import seed_of
from hil_tests.sim.fake_unit import FakeUnit
from protocol.wire import cobs, frame

U32 = st.integers(0, 0xFFFFFFFF)


@given(st.binary(max_size=600), U32)
def test_crc32_run_backwards_gives_the_seed(data: bytes, seed: int) -> None:
    assert seed_of(data, crc32(data, seed)) == seed


@given(st.lists(st.binary(max_size=700), max_size=8))
def test_garbage_never_raises_and_is_counted(pieces: list[bytes]) -> None:
    receiver = Receiver()
    for piece in pieces:
        assert receiver.feed(piece).packets == []
    delimiters = b"".join(pieces).count(0)
    receiver.feed(b"\0")
    assert receiver.counters.noise_bytes == sum(map(len, pieces)) - delimiters


@given(st.binary(max_size=100), st.lists(st.integers(1, 50), max_size=40))
def test_frames_survive_noise_before_them_and_any_cutting(noise: bytes, cuts: list[int]) -> None:
    unit = FakeUnit()
    packets = [unit.boot(), unit.housekeeping(), unit.time()]
    stream = noise + b"".join(frame.encode(p) for p in packets)
    receiver = Receiver()
    found = []
    for cut in cuts:
        found += receiver.feed(stream[:cut]).packets
        stream = stream[cut:]
    found += receiver.feed(stream).packets
    assert found == packets


def test_attaching_mid_stream_yields_no_bogus_packet() -> None:
    unit = FakeUnit()
    packets = [unit.housekeeping() for _ in range(3)]
    stream = b"".join(frame.encode(p) for p in packets)
    for start in range(2, len(frame.encode(packets[0]))):
        assert Receiver().feed(stream[start:]).packets == packets[1:]


def test_another_schema_is_told_once_with_its_hash() -> None:
    unit, receiver = FakeUnit(), Receiver()
    told = [
        receiver.feed(frame.encode(unit.housekeeping(), seed=0xDEADBEEF)).foreign_schema
        for _ in range(10)
    ]
    assert told == [None] * (FRAMES_TO_TELL - 1) + [0xDEADBEEF] + [None] * 7
    receiver.feed(frame.encode(unit.housekeeping()))
    told = [
        receiver.feed(frame.encode(unit.housekeeping(), seed=0xDEADBEEF)).foreign_schema
        for _ in range(3)
    ]
    assert told == [None, None, 0xDEADBEEF]


def test_damaged_check_values_are_damage_and_no_schema() -> None:
    unit, receiver = FakeUnit(), Receiver()
    for k in range(20):
        damaged = frame.encode(unit.housekeeping(), seed=1 + k)
        assert receiver.feed(damaged).foreign_schema is None
    assert (receiver.counters.frames, receiver.counters.damaged) == (0, 20)


def test_packets_end_to_end_are_split_and_the_rest_is_given_back() -> None:
    unit = FakeUnit()
    packets = [unit.boot(), unit.alive(), unit.housekeeping()]
    assert split(b"".join(packets)) == (packets, b"")
    assert split(b"".join(packets) + b"\x08junk") == (packets, b"\x08junk")
    broken = bytearray(packets[1])
    broken[-1] ^= 1
    assert split(packets[0] + bytes(broken)) == ([packets[0]], bytes(broken))


@given(st.binary(max_size=2000))
def test_splitting_garbage_loses_nothing(data: bytes) -> None:
    packets, rest = split(data)
    assert b"".join(packets) + rest == data


@pytest.mark.parametrize("size", range(7, 40))
def test_pieces_too_short_for_packets_are_none_also_where_many_are_alike(size):
    noise = (bytes(4) + (size - 7).to_bytes(2, "big") + bytes(size))[:size] * 50
    assert split_runs(noise) == ([], noise)
    receiver = Receiver()
    assert receiver.feed((cobs.encode(noise[:size]) + b"\0") * 600).packets == []
    assert receiver.counters.damaged == 600


@given(st.binary(min_size=1, max_size=60), st.integers(8, 300), st.binary(max_size=40))
def test_alike_garbage_in_a_message_loses_nothing(piece: bytes, count: int, end: bytes) -> None:
    data = FakeUnit().housekeeping() * (count % 20) + piece * count + end
    found, rest = split_runs(data)
    packets = [p for item in found for p in (item.packets() if isinstance(item, Run) else [item])]
    assert b"".join(packets) + rest == data
    assert split(data) == (packets, rest)
