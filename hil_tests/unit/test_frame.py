"""Serial frames: nothing fed is lost, nothing bogus comes out."""

from hypothesis import given
from hypothesis import strategies as st

from hil_tests.unit.test_protocol import VECTORS
from protocol.wire import frame
from protocol.wire.frame import Deframer

PACKETS = [bytes.fromhex(v["packet"]) for v in VECTORS["telemetry"]]


def _feed_in_pieces(deframer: Deframer, data: bytes, cuts: list[int]) -> list:
    found = []
    at = 0
    for cut in sorted(c % (len(data) + 1) for c in cuts):
        found += deframer.feed(data[at:cut])
        at = max(at, cut)
    return found + deframer.feed(data[at:])


@given(st.lists(st.sampled_from(PACKETS), max_size=8), st.lists(st.integers(0, 5000), max_size=6))
def test_frames_survive_any_cutting(packets, cuts):
    line = b"".join(frame.encode(p) for p in packets)
    assert [p for p, _ in _feed_in_pieces(Deframer(), line, cuts)] == packets


@given(
    st.lists(st.one_of(st.sampled_from(PACKETS), st.binary(max_size=900)), max_size=8),
    st.lists(st.integers(0, 9000), max_size=6),
)
def test_noise_between_frames_is_kept_and_hides_no_frame(pieces, cuts):
    line = b"".join(frame.encode(p) if p in PACKETS else p for p in pieces)
    found = _feed_in_pieces(Deframer(), line + b"\0", cuts)
    assert [p for p, _ in found if p is not None] == [p for p in pieces if p in PACKETS]
    kept = sum(len(raw) for _, raw in found)
    assert kept == len(line) - line.count(0)


@given(st.integers(min_value=1, max_value=140))
def test_attaching_mid_stream_gives_no_bogus_packet(cut):
    line = b"".join(frame.encode(p) for p in PACKETS)
    found = [p for p, _ in Deframer().feed(line[cut:]) if p is not None]
    assert all(p in PACKETS for p in found)
    assert found[-1] == PACKETS[-1]


def test_endless_noise_stays_bounded():
    deframer = Deframer()
    kept = 0
    for _ in range(100):
        kept += sum(len(raw) for _, raw in deframer.feed(b"\x55" * 1000))
    assert 100_000 - kept <= frame.MAX_FRAME


def test_another_seed_is_not_taken():
    line = frame.encode(PACKETS[0], seed=1)
    assert [p for p, _ in Deframer().feed(line)] == [None]
