from __future__ import annotations

import random
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ground.model import UnitKey
from ground.stream.correlation import Correlation
from ground.stream.edge import RATE_MAX
from ground.stream.keys import KeyFileError, KeyStore
from ground.stream.records import BITMAP_BITS, CLAIM_RECORDS, LAST_RECORD, Records
from ground.stream.refill import ATTEMPTS, QUIET_US, REQUEST_RECORDS, Refill
from protocol.schema.timescale import iso

S = 1_000_000
T0_US = 1_762_214_400 * S


def missing(records: Records) -> set[int]:
    return {r for gap in records.gaps for r in range(gap.first, gap.last + 1)}


@given(st.lists(st.integers(0, 60)), st.lists(st.integers(0, 70), max_size=3))
def test_records_are_a_set(arrivals: list[int], tails: list[int]) -> None:
    records, have, top = Records(), set[int](), -1
    for record in arrivals:
        assert records.add(record, record * S) == (record not in have)
        have.add(record)
        top = max(top, record)
    for tail in tails:
        assert records.extend(tail, tail * S) == (tail > top)
        top = max(top, tail)
    assert missing(records) == set(range(top + 1)) - have
    assert records.newest == top
    pairs = list(pairwise(records.gaps))
    assert all(a.last < b.first for a, b in pairs)
    assert all(g.start_us <= g.end_us for g in records.gaps)


@given(st.sets(st.integers(0, 600)), st.sets(st.integers(0, 600)))
def test_acknowledgement_says_what_is_here_or_lost_and_nothing_else(
    have: set[int], lost: set[int]
) -> None:
    records = Records()
    for record in sorted(have):
        records.add(record, 0)
    for record in sorted(lost):
        records.lose(record, record)
    gone = lost & set(range(records.newest + 1))
    cumulative, bitmap = records.acknowledgement()
    told = set(range(cumulative)) | {
        cumulative + i for i in range(BITMAP_BITS) if bitmap[i // 8] >> i % 8 & 1
    }
    window = set(range(cumulative + BITMAP_BITS))
    assert told == (have | gone) & window


@given(st.sets(st.integers(0, 200), min_size=1), st.integers(0, 200), st.integers(0, 200))
def test_lost_and_forgotten_ranges(have: set[int], first: int, last: int) -> None:
    records, twin = Records(), Records()
    for record in sorted(have):
        records.add(record, 0)
        twin.add(record, 0)
    before = missing(records)
    cut = set(range(first, last + 1))
    assert records.lose(first, last) == bool(before & cut)
    assert missing(records) == before
    assert {r for g in records.open() for r in range(g.first, g.last + 1)} == before - cut
    assert twin.forget(first, last) == bool(before & cut)
    assert missing(twin) == before - cut
    for record in sorted(before & cut):
        assert records.add(record, 0)  # it came in the end


def test_a_gap_lies_between_its_neighbours_in_time() -> None:
    records = Records()
    records.add(0, 10)
    records.add(9, 90)
    records.add(5, 50)
    assert [(g.first, g.last, g.start_us, g.end_us) for g in records.gaps] == [
        (1, 4, 10, 50),
        (6, 8, 50, 90),
    ]


@pytest.mark.parametrize("speed", [1.0, 1.0001, 10.0, 0.5])
def test_correlation_finds_offset_and_rate_under_jitter(speed: float) -> None:
    rng = random.Random(1)
    start_us = 1_762_214_400_000_000
    fit = None
    worst = 0.0
    for k in range(300):
        onboard_us = round(k * S * speed)
        truth_us = start_us + k * S
        received_us = truth_us + 2_000 + round(rng.expovariate(1 / 30_000))
        if fit is None:
            fit = Correlation(onboard_us, received_us)
        else:
            fit.live(onboard_us, received_us)
        if k > 60:
            worst = max(worst, abs(fit.utc(onboard_us) - truth_us))
    assert fit is not None
    assert worst < 12_000
    assert 0.005 < fit.accuracy_s < 0.05
    assert fit.rate == pytest.approx(1 / speed, rel=1e-4)


def test_a_burst_of_old_packets_does_not_bend_the_fit() -> None:
    fit = Correlation(0, 1_000_000_000)
    for k in range(1, 20_000):  # a broker gives out what it kept, within 3 s
        fit.live(k * 100_000, 1_000_000_000 + k * 150)
    for k in range(30):
        onboard_us = 2_000_000_000 + k * S
        fit.live(onboard_us, 1_003_000_000 + k * S)
    assert fit.utc(2_030_000_000) == pytest.approx(1_033_000_000, abs=10_000)


def test_the_first_packet_gives_an_offset_at_once() -> None:
    fit = Correlation(5 * S, 100 * S)
    assert fit.utc(6 * S) == 101 * S
    assert fit.offset_s == 95.0
    assert fit.accuracy_s is None, "nobody knows how late it was"
    assert fit.drift_ppm is None


def full(last: int) -> dict[int, Records]:
    records = Records()
    records.add(0, 0)
    records.extend(last, 0)
    return {1: records}


def test_requests_are_bounded_and_one_at_a_time() -> None:
    refill, boots = Refill(), full(10_000)
    request = refill.next(boots, 0)
    assert request is not None
    assert (request.first, request.last) == (1, REQUEST_RECORDS)
    assert refill.next(boots, QUIET_US - 1) is None
    for record in range(1, REQUEST_RECORDS + 1):
        boots[1].add(record, 0)
        refill.came(1, record, 10)
    request = refill.next(boots, 20)
    assert request is not None
    assert request.first == REQUEST_RECORDS + 1


def test_near_gaps_are_asked_for_together() -> None:
    records = Records()
    for record in (0, 2, 4, 6, 100):
        records.add(record, 0)
    request = Refill().next({1: records}, 0)
    assert request is not None
    assert (request.first, request.last) == (1, 99)


def test_no_answer_is_given_up_and_asked_for_again_when_something_changes() -> None:
    refill, boots = Refill(), full(100)
    asked = [s for s in range(100_000) if refill.next(boots, s * S)]
    assert len(asked) == ATTEMPTS
    waits = [b - a for a, b in pairwise(asked)]
    assert waits[:4] == [7, 9, 13, 21] and set(waits[4:]) == {21}, "more rarely, up to a bound"
    assert list(refill.in_vain(boots)) == [(1, 1, 100)]
    assert boots[1].give_up(1, 100)
    assert not boots[1].give_up(1, 100), "once"
    assert list(refill.in_vain(boots)) == []
    assert boots[1].ask_again()
    assert not boots[1].ask_again()
    request = refill.next(boots, 100_000 * S)
    assert request is not None
    assert (request.first, request.last) == (1, 100)


def test_who_answers_in_part_is_asked_for_the_rest() -> None:
    refill, boots = Refill(), full(100)
    for s in range(1000):
        refill.next(boots, s * S)
    boots[1].give_up(1, 100)
    assert boots[1].add(50, 0)  # by a command, for example
    asked = [r for s in range(1000, 2000) if (r := refill.next(boots, s * S))]
    assert {(r.first, r.last) for r in asked} == {(1, 100)}
    assert len(asked) == ATTEMPTS
    assert list(refill.in_vain(boots)) == [(1, 1, 49), (1, 51, 100)]


def test_lost_is_not_given_up() -> None:
    records = full(100)[1]
    records.give_up(1, 100)
    records.lose(1, 40)
    assert [(g.first, g.last, g.lost, g.given_up) for g in records.gaps] == [
        (1, 40, True, False),
        (41, 100, False, True),
    ]


def test_a_refused_request_ends_at_once() -> None:
    refill, boots = Refill(), full(100)
    request = refill.next(boots, 0)
    assert request is not None
    request.counter = 7
    refill.ended(8, 10, refused=True)
    assert refill.request is request
    refill.ended(7, 10, refused=True)
    assert refill.next(boots, 10) is None
    assert refill.request is None


@pytest.mark.parametrize("form", ["raw", "hex", "hex and newline"])
def test_keys(tmp_path: Path, form: str) -> None:
    key = bytes(range(1, 33))
    path = tmp_path / "sz20-w1.key"
    path.write_bytes(key if form == "raw" else (key.hex() + "\n" * (form != "hex")).encode())
    path.chmod(0o600)
    assert KeyStore(tmp_path).get(UnitKey("sz20", "w1")) == key


def test_keys_that_cannot_be_used(tmp_path: Path) -> None:
    store, unit = KeyStore(tmp_path), UnitKey("sz20", "w1")
    path = tmp_path / "sz20-w1.key"
    with pytest.raises(KeyFileError, match="no key"):
        store.get(unit)
    path.write_bytes(b"short")
    path.chmod(0o600)
    with pytest.raises(KeyFileError, match="32 bytes or 64 hex"):
        store.get(unit)
    path.write_bytes(bytes(32))
    path.chmod(0o644)
    with pytest.raises(KeyFileError, match="0600"):
        store.get(unit)


def test_the_last_record_of_all_can_be_acknowledged() -> None:
    records = Records()
    records.add(LAST_RECORD, 0)
    assert records.acknowledgement() == (0, bytes(BITMAP_BITS // 8))
    records.lose(0, LAST_RECORD - 1)
    assert records.acknowledgement() == (LAST_RECORD, b"\1" + bytes(BITMAP_BITS // 8 - 1))


def test_a_claim_beyond_belief_is_not_followed() -> None:
    records = Records()
    records.add(0, 0)
    assert not records.extend(CLAIM_RECORDS + 1, S)
    assert (records.absurd, records.newest, records.gaps) == (CLAIM_RECORDS + 1, 0, [])
    assert records.extend(CLAIM_RECORDS, S)
    assert records.absurd is None


def test_an_absurd_rate_is_not_fitted() -> None:
    fit = Correlation(0, T0_US)
    for i in range(1, 30):
        fit.live(i, T0_US + i * S)
    assert 1 / RATE_MAX <= fit.rate <= RATE_MAX


@pytest.mark.parametrize(("onboard_us", "year"), [(2**63, "9999"), (-(2**63), "1970")])
def test_times_stay_in_the_calendar(onboard_us: int, year: str) -> None:
    utc_us = Correlation(0, T0_US).utc(onboard_us)
    assert iso(utc_us).startswith(year)
    assert iso(onboard_us).startswith(year)
