"""The detector's machine code against its plain twin, on 32-bit integers, at their limits."""

from array import array
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from vallenae import features
from vallenae.timepicker import aic

from firmware.detector import band, core_plain, logs
from firmware.detector.hit import Detector
from firmware.sensors.capture import SAMPLES, Capture
from firmware.world.fixed import log2_q16
from hil_tests.support.int32 import Int32, load

VIPER = load(Path(core_plain.__file__).with_name("core_viper.py"))
TAPS, LOGS = array("h", band.TAPS), logs.table()
CODES = st.integers(-32767, 32767) | st.sampled_from([-32767, 0, 32767])
LSB_V = 100e-3 / 32768


def test_int32_raises_beyond_32_bits():
    assert Int32(1 << 30) + Int32((1 << 30) - 1) == 2**31 - 1
    with pytest.raises(OverflowError):
        Int32(1 << 30) + Int32(1 << 30)
    with pytest.raises(OverflowError):
        Int32(1 << 16) * (1 << 15)


@settings(max_examples=60, deadline=None)
@given(st.lists(CODES, min_size=60, max_size=400), st.integers(1, 32767), st.integers(1, 300))
def test_measure(codes, code, hdt):
    samples = array("h", codes)
    blocks = [array("i", [1, len(codes), code, 500, hdt] + [0] * 7) for _ in range(2)]
    core_plain.measure(samples, blocks[0])
    VIPER.measure(samples, blocks[1])
    assert blocks[0] == blocks[1]


@pytest.mark.parametrize("code", [32767, -32767])
def test_a_whole_capture_at_full_scale(code):
    samples = array("h", [code] * SAMPLES)
    blocks = [array("i", [1, SAMPLES, 33, 500, 1000] + [0] * 7) for _ in range(2)]
    core_plain.measure(samples, blocks[0])
    VIPER.measure(samples, blocks[1])
    assert blocks[0] == blocks[1]
    assert (blocks[0][10] << 30) + blocks[0][11] == 32767**2 * (SAMPLES - 1)


@settings(max_examples=30, deadline=None)
@given(st.lists(CODES, min_size=60, max_size=120))
def test_band_pass(codes):
    samples, outs = array("h", codes), [array("h", bytes(2 * len(codes))) for _ in range(2)]
    block = array("i", [len(TAPS), len(codes), len(TAPS)])
    core_plain.band_pass(samples, outs[0], TAPS, block)
    VIPER.band_pass(samples, outs[1], TAPS, block)
    assert outs[0] == outs[1]


def test_the_band_pass_at_its_loudest():
    """Full scale with the signs of the taps: the largest sum that there can be."""
    samples = array("h", [32767 if t > 0 else -32767 for t in reversed(band.TAPS)] + [0])
    outs = [array("h", [0]) for _ in range(2)]
    block = array("i", [len(TAPS) - 1, len(TAPS), len(TAPS)])
    core_plain.band_pass(samples, outs[0], TAPS, block)
    VIPER.band_pass(samples, outs[1], TAPS, block)
    assert outs[0] == outs[1] == array("h", [32767])


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(-2047, 2047), min_size=10, max_size=150), st.integers(0, 127))
def test_onset(codes, floor):
    wave = array("h", codes)
    block = array("i", [0, len(codes), 0, floor * floor])
    assert VIPER.onset(wave, LOGS, block) == core_plain.onset(wave, LOGS, block)


def test_onset_at_the_limits():
    for codes in ([2047] * 150, [-2047] * 150, [0] * 150, [0] * 75 + [2047] * 75):
        block = array("i", [0, 150, 0, 127 * 127])
        wave = array("h", codes)
        assert VIPER.onset(wave, LOGS, block) == core_plain.onset(wave, LOGS, block)


@given(st.integers(2, (1 << 30) - 1))
def test_log2_by_table(n):
    assert abs(logs.log2_q16(n, LOGS) - log2_q16(n)) <= 2


def test_the_band_is_80_to_200_khz():
    gain_db = 20 * np.log10(np.abs(np.fft.rfft(band.TAPS, 8192)) / 4096 + 1e-9)
    khz = np.fft.rfftfreq(8192, 0.4e-3)
    assert gain_db[(khz >= 80) & (khz <= 200)].min() > -3
    assert gain_db.max() < 0.5
    assert gain_db[khz < 30].max() < -20
    assert gain_db[khz > 300].max() < -24


def bursts(count: int):
    """Seeded waveforms: bursts of any size, length and frequency in noise of 25 dB_AE."""
    rng = np.random.default_rng(2026)
    t_us = (np.arange(SAMPLES) - 500) * 0.4
    for _ in range(count):
        peak_uv = 10 ** (rng.uniform(50, 98) / 20)
        since = np.maximum(t_us - rng.uniform(0, 20), 0)
        wave = peak_uv * np.exp(-since / rng.uniform(20, 200))
        wave *= np.sin(2 * np.pi * rng.uniform(80, 200) * 1e-3 * since) * (since > 0)
        wave += rng.normal(0, 17.8, SAMPLES)
        yield np.clip(np.round(wave / (LSB_V * 1e6)), -32767, 32767).astype(np.int16)


def test_500_random_bursts_have_the_features_that_vallenae_measures():
    detector, capture, threshold = Detector(), Capture(), 100e-6
    capture.gain_db = 40
    for codes in bursts(500):
        capture.samples[:SAMPLES] = array("h", codes.tobytes())
        detector.detect(capture)
        hit = detector.hits[0]
        volts = codes * LSB_V
        first = features.first_threshold_crossing(volts[495:], threshold) + 495
        after = np.abs(codes[first:]) >= 33
        gaps = np.diff(np.nonzero(after)[0])
        ends = np.nonzero(gaps > 1000)[0]
        last = first + (np.nonzero(after)[0][ends[0]] if len(ends) else np.nonzero(after)[0][-1])
        burst = volts[first : last + 1]
        within = np.abs(burst[:501])
        assert abs(hit.peak / 100 - 20 * np.log10(within.max() * 1e6)) < 0.1
        assert abs(hit.rise / 4 - int(within.argmax())) <= 1
        assert abs(hit.duration / 4 - (last - first)) <= 1
        assert hit.counts == features.counts(volts[first - 1 : last + 1], threshold)
        assert hit.energy == pytest.approx(features.energy(burst, 2_500_000), rel=0.01, abs=1)


def test_the_aic_pick_is_that_of_vallenae():
    """At 20 dB, peak over noise, on the same band-passed samples."""
    rng = np.random.default_rng(1)
    near = 0
    for _ in range(500):
        since = np.maximum(np.arange(150) - rng.uniform(80, 105), 0) * 0.4
        wave = np.exp(-since / 200) * np.sin(2 * np.pi * 0.15 * since)
        wave += rng.normal(0, 0.1, 150)
        codes = np.round(wave / np.abs(wave).max() * 2047).astype(np.int16)
        block = array("i", [0, 150, 0, 0])
        ours = core_plain.onset(array("h", codes.tobytes()), LOGS, block)
        theirs = aic(codes.astype(np.float64))[1] + 1  # its last sample of noise
        near += abs(ours - theirs) <= 1
    assert near >= 475
