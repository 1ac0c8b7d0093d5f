import math
from statistics import fmean, pstdev

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware.world.fixed import centi_db, cosine_q30, decay_q32, isqrt, log2_q16, sine_q30
from firmware.world.rng import Rng


@given(st.integers(0, 1 << 80))
def test_isqrt(n):
    assert isqrt(n) == math.isqrt(n)


@given(st.integers(1, 1 << 70))
def test_log2_is_right_to_its_last_bit(n):
    assert 0 <= math.log2(n) * 65536 - log2_q16(n) < 1.01


@given(st.integers(1, 1 << 40))
def test_decibels(n):
    assert centi_db(n) == pytest.approx(2000 * math.log10(n), abs=0.51)


@given(st.integers(-(1 << 40), 1 << 40))
def test_sine_and_cosine(phase):
    angle = phase % (1 << 32) / (1 << 32) * math.tau
    assert sine_q30(phase) / (1 << 30) == pytest.approx(math.sin(angle), abs=1e-7)
    assert cosine_q30(phase) / (1 << 30) == pytest.approx(math.cos(angle), abs=1e-7)


@given(st.integers(0, 100 << 32))
def test_decay(x_q32):
    assert decay_q32(x_q32) / (1 << 32) == pytest.approx(math.exp(-x_q32 / (1 << 32)), abs=1e-8)


def test_normal_deviates():
    rng = Rng(1, 2, 3)
    draws = [rng.normal(200) for _ in range(20_000)]
    assert fmean(draws) == pytest.approx(0, abs=4 * 200 / math.sqrt(20_000))
    assert pstdev(draws) == pytest.approx(200, rel=0.02)
    assert sum(abs(d) > 400 for d in draws) / len(draws) == pytest.approx(0.0455, abs=0.006)


def test_exponential_intervals():
    rng = Rng(1, 2, 3)
    draws = [rng.exponential(21_365_147) for _ in range(20_000)]
    assert fmean(draws) == pytest.approx(21_365_147, rel=0.03)
    assert pstdev(draws) == pytest.approx(21_365_147, rel=0.03)
    assert min(draws) >= 0


@pytest.mark.parametrize("n", [2, 7, 1 << 32])
def test_uniform_covers_its_range(n):
    rng = Rng(5)
    draws = [rng.uniform(n) for _ in range(10_000)]
    assert 0 <= min(draws) < n / 100 + 1
    assert n - n / 100 - 2 < max(draws) < n


@pytest.mark.parametrize(
    "other", [(8, 2, 3), (7, 3, 3), (7, 2, 4), (7 + (1 << 32), 2, 3), (2, 7, 3), (7, 2)]
)
def test_each_key_has_its_own_sequence(other):
    one, two = Rng(7, 2, 3), Rng(*other)
    first, second = [[r.next32() & 0xFF for _ in range(4000)] for r in (one, two)]
    alike = sum(a == b for a, b in zip(first, second, strict=True))
    assert alike < 4000 / 256 + 5 * math.sqrt(4000 / 256)


def test_the_same_key_repeats():
    assert [Rng(7, 2, 3).next32() for _ in range(3)] == [Rng(7, 2, 3).next32() for _ in range(3)]
    rng = Rng(0)
    assert all(0 < rng.next32() < 1 << 32 for _ in range(1000))
