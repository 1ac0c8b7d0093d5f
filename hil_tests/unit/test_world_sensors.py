import math
from itertools import pairwise
from statistics import fmean, pstdev

import pytest

from firmware.sensors.burst import add_burst
from firmware.sensors.capture import SAMPLES
from hil_tests.unit.event_table import SECOND, captured, readings, window, world

BREAK = (SECOND, "pencil_lead_break", 30_000, 20_000)
AE1 = 8
STUCK, DRIFT, DEAD, NOISY = range(4)


def impact(diameter_um, x_um=0, y_um=0, pane=0, at_us=SECOND):
    return (at_us, "impact", pane, x_um, y_um, diameter_um, 10_000_000, 2700, 0)


def channel(capture, k):
    return capture.samples[k * SAMPLES : (k + 1) * SAMPLES]


def residuals(column):
    """Second differences take the slow course out; their variance is 6 σ²."""
    return [a - 2 * b + c for a, b, c in zip(column, column[1:], column[2:], strict=False)]


@pytest.mark.parametrize(("sensor", "sigma"), [(1, 200), (2, 200), (3, 50), (4, 50), (5, 50)])
def test_noise_of_slow_sensors(sensor, sigma):
    column = readings(window(), 0, 3000)[sensor]
    assert pstdev(residuals(column)) / math.sqrt(6) == pytest.approx(sigma, rel=0.05)


def test_a_vacuum_reads_no_negative_pressure():
    gap1 = readings(window(), 0, 300)[0]
    assert min(gap1) == 0
    assert 0 < max(gap1) < 1000


def test_readings_without_noise_are_the_world():
    sensors = window()
    truth = world()
    gap2 = readings(sensors, 0, 400)[1]
    errors = []
    for second, value in enumerate(gap2):
        truth.advance(second * SECOND)
        errors.append(value - truth.pressure_dpa(1))
    assert fmean(errors) == pytest.approx(0, abs=4 * 200 / 20)


@pytest.mark.parametrize("sensor", range(6))
def test_stuck_repeats_the_last_reading(sensor):
    column = readings(window((10 * SECOND, "sensor_fault", sensor, STUCK)), 0, 30)[sensor]
    assert set(column[10:]) == {column[9]}


@pytest.mark.parametrize("sensor", range(6))
def test_dead_reads_the_low_end(sensor):
    column = readings(window((10 * SECOND, "sensor_fault", sensor, DEAD)), 0, 30)[sensor]
    assert set(column[10:]) == {0 if sensor < 3 else -200_000}


@pytest.mark.parametrize(("sensor", "per_s"), [(1, -50), (2, -50), (4, 20), (5, 20)])
def test_drift_adds_a_slope_to_one_sensor_alone(sensor, per_s):
    plain = readings(window(), 0, 200)
    faulty = readings(window((10 * SECOND, "sensor_fault", sensor, DRIFT)), 0, 200)
    assert faulty[sensor][200] - plain[sensor][200] == 190 * per_s
    for other in set(range(6)) - {sensor}:
        assert faulty[other] == plain[other]


def test_noisy_is_ten_times_the_noise():
    column = readings(window((0, "sensor_fault", 4, NOISY)), 0, 2000)[4]
    assert pstdev(residuals(column)) / math.sqrt(6) == pytest.approx(500, rel=0.07)


def test_a_capture_comes_when_it_is_complete():
    sensors = window(BREAK)
    sensors.advance(SECOND + 500)
    assert sensors.capture() is None
    sensors.advance(SECOND + 900)
    capture = sensors.capture()
    assert SECOND < capture.trigger_us < SECOND + 100
    assert (capture.pretrigger, len(capture.samples)) == (500, 15_000)


def test_the_buffer_is_frozen_until_released_and_then_the_next_comes():
    sensors = window(BREAK, impact(100, at_us=2 * SECOND))
    sensors.advance(3 * SECOND)
    first = sensors.capture()
    frozen = bytes(first.samples)
    sensors.advance(4 * SECOND)
    assert sensors.capture() is None
    assert bytes(first.samples) == frozen
    sensors.release()
    second = sensors.capture()
    assert second.trigger_us > 2 * SECOND
    assert second.samples is first.samples
    sensors.release()
    assert sensors.capture() is None


def test_two_sources_within_the_lockout_are_one_capture():
    late = impact(100, x_um=-100_000, at_us=SECOND + 300)
    sensors = window(BREAK, late)
    sensors.advance(2 * SECOND)
    both = bytes(sensors.capture().samples)
    sensors.release()
    assert sensors.capture() is None
    assert both != bytes(captured(BREAK).samples)


def test_noise_before_the_trigger_is_white_at_25_db():
    capture = captured(BREAK)
    quiet = [s for k in range(6) for s in channel(capture, k)[:490]]
    sigma_uv = pstdev(quiet) * 100_000 / 32_768
    assert 20 * math.log10(sigma_uv) == pytest.approx(25, abs=0.6)
    lag1 = fmean(a * b for a, b in pairwise(quiet)) / pstdev(quiet) ** 2
    assert abs(lag1) < 4 / math.sqrt(len(quiet))


@pytest.mark.parametrize(
    ("diameter_um", "gain_db", "clips"), [(30, 40, 0), (100, 0, 0), (800, 0, 6)]
)
def test_the_gain_is_the_higher_one_that_does_not_clip(diameter_um, gain_db, clips):
    capture = captured(impact(diameter_um))
    assert capture.gain_db == gain_db
    clipped = [max(abs(s) for s in channel(capture, k)) == 32_767 for k in range(6)]
    assert sum(clipped) == clips


def test_peak_voltages_follow_the_amplitude_model():
    capture = captured(BREAK)
    for k in range(6):
        angle = math.radians(60 * k)
        r_mm = math.hypot(30 - 120 * math.cos(angle), 20 - 120 * math.sin(angle))
        expected_uv = 10 ** (95 / 20) * math.sqrt(100 / r_mm)
        peak_uv = max(abs(s) for s in channel(capture, k)) * 100_000 / 32_768
        assert 20 * math.log10(peak_uv / expected_uv) == pytest.approx(0, abs=4)  # edges


@pytest.mark.parametrize("position", [0, 100 * 256, 100 * 256 + 1, 100 * 256 + 200, -300 * 256])
def test_a_burst_is_a_damped_sine_that_starts_within_a_sample(position):
    samples = [0] * SAMPLES
    add_burst(samples, 0, SAMPLES, position, 20_000 << 12)
    for i, code in enumerate(samples):
        since_us = (i - position / 256) * 0.4
        expected = 0.0
        if since_us >= 0:
            expected = 20_000 * math.exp(-since_us / 200) * math.sin(math.tau * 0.15 * since_us)
        assert code == pytest.approx(expected, abs=200)


def test_an_impact_too_weak_for_three_sensors_is_counted_only():
    weak = impact(4, x_um=118_000)
    sensors, plain = window(weak), window()
    for each in (sensors, plain):
        each.advance(2 * SECOND)
    assert sensors.capture() is None
    more = [a - b for a, b in zip(sensors.crossings, plain.crossings, strict=True)]
    assert more == [1, 0, 0, 0, 0, 0]


def test_nothing_at_all_from_an_impact_below_the_threshold():
    sensors, plain = window(impact(2, pane=2)), window()
    for each in (sensors, plain):
        each.advance(2 * SECOND)
    assert sensors.capture() is None
    assert sensors.crossings == plain.crossings


@pytest.mark.parametrize("fault", [DEAD, STUCK])
def test_a_broken_channel_gives_nothing(fault):
    sensors = window((0, "sensor_fault", AE1 + 2, fault), BREAK)
    sensors.advance(600 * SECOND)
    assert sensors.crossings[2] == 0
    assert min(sensors.crossings[:2] + sensors.crossings[3:]) > 0
    assert set(channel(sensors.capture(), 2)) == {0}


def test_a_noisy_channel_has_more_noise_and_crosses_all_the_time():
    sensors = window((0, "sensor_fault", AE1 + 2, NOISY), BREAK)
    sensors.advance(2 * SECOND)
    assert sensors.crossings[2] == pytest.approx(2 / 0.00583, abs=100)
    quiet = channel(sensors.capture(), 2)[:490]
    assert 20 * math.log10(pstdev(quiet) * 100_000 / 32_768) == pytest.approx(28, abs=0.6)


def test_a_drifting_channel_loses_6_db_a_minute():
    def peak(*events):
        capture = captured(*events, (130 * SECOND, *BREAK[1:]), until_s=131)
        return max(abs(s) for s in channel(capture, 2))

    ratio = peak((5 * SECOND, "sensor_fault", AE1 + 2, DRIFT)) / peak()
    assert ratio == pytest.approx(1 / 4, rel=0.02)


def test_an_event_changes_no_other_waveform():
    alone = captured((5 * SECOND, *BREAK[1:]), until_s=6)
    sensors = window(BREAK, (2 * SECOND, "leak", 1, 100), (5 * SECOND, *BREAK[1:]))
    sensors.advance(6 * SECOND)
    sensors.capture()
    sensors.release()
    assert bytes(sensors.capture().samples) == bytes(alone.samples)
