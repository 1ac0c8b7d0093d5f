import pytest

from firmware.detector.health import RECOVERY_READINGS, SILENT_S, STUCK_READINGS, Health
from firmware.sensors.slow import SIGMA
from hil_tests.unit.event_table import SECOND, window

STUCK, DRIFT, DEAD, NOISY = range(4)


def changes(*events, for_s=900):
    """[(second, sensor, cause)] and the watch itself after a run of the simulated window."""
    sensors, health, out, seen = window(*events), Health(), [0] * 6, []
    for second in range(for_s):
        sensors.advance(second * SECOND)
        sensors.read_slow(out)
        seen += [(second, *change) for change in health.feed(out, sensors.crossings, 21)]
    return seen, health


def test_a_sound_window_stays_healthy_for_hours():
    seen, health = changes(for_s=3 * 3600)
    assert seen == []
    assert (health.sensor_health, health.ae_health) == (0x3F, 0x3F)


@pytest.mark.parametrize("sensor", range(6))
def test_a_stuck_sensor_is_seen_within_half_a_minute(sensor):
    seen, health = changes((100 * SECOND, "sensor_fault", sensor, STUCK))
    ((second, which, cause),) = seen
    assert (which, cause) == (sensor, STUCK if sensor else DEAD)  # an empty gap reads zero
    assert 100 < second <= 100 + STUCK_READINGS
    assert health.sensor_health == 0x3F & ~(1 << sensor)


@pytest.mark.parametrize("sensor", range(6))
def test_a_dead_sensor_is_seen_a_temperature_at_once(sensor):
    seen, _ = changes((100 * SECOND, "sensor_fault", sensor, DEAD))
    ((second, which, cause),) = seen
    assert (which, cause) == (sensor, DEAD)
    assert second == 100 if sensor >= 3 else second <= 100 + STUCK_READINGS


@pytest.mark.parametrize("fault", [DEAD, STUCK])
def test_a_silent_acoustic_channel_is_seen(fault):
    seen, health = changes((100 * SECOND, "sensor_fault", 8 + 4, fault))
    ((second, which, cause),) = seen
    assert (which, cause) == (12, DEAD)
    assert 400 <= second <= 100 + SILENT_S
    assert health.ae_health == 0x3F & ~(1 << 4)


@pytest.mark.parametrize("sensor", range(1, 6))
def test_a_noisy_sensor_is_seen_within_a_minute(sensor):
    seen, health = changes((100 * SECOND, "sensor_fault", sensor, NOISY))
    (second, which, cause) = seen[0]
    assert (which, cause) == (sensor, NOISY)
    assert second < 160
    assert health.noise(sensor) > 2 * SIGMA[sensor]


def test_a_noisy_acoustic_channel_is_seen_in_seconds():
    ((second, which, cause),) = changes((100 * SECOND, "sensor_fault", 10, NOISY))[0]
    assert (which, cause) == (10, NOISY)
    assert second < 110


@pytest.mark.parametrize("sensor", [1, 4])
def test_drift_is_left_to_the_self_test(sensor):
    seen, health = changes((100 * SECOND, "sensor_fault", sensor, DRIFT))
    assert seen == []
    health.self_tested(1 << sensor)
    readings = [0, 1_013_250, 1_013_250, 10_000, 17_000, 21_000]
    assert health.feed(readings, list(range(1, 7)), 21) == [(sensor, DRIFT)]


@pytest.mark.parametrize("hole_um", [20, 100, 300, 1000, 3000])
def test_a_leak_to_vacuum_is_no_noise(hole_um):
    seen, _ = changes((100 * SECOND, "leak", 1, hole_um))
    assert [change for change in seen if change[2] == NOISY] == []


def test_recovery_needs_good_readings_in_a_row():
    health, count = Health(), [0] * 6
    good, bad = [0, 1_013_250, 1_013_250, 10_000, 17_000, 21_000], [0] * 4 + [-200_000, 0]

    def feed(readings, second):
        return health.feed([value + second % 2 for value in readings], count, 21)

    assert feed(bad, 0) == [(4, DEAD)]
    assert [feed(good, s) for s in range(1, 5)] == [[]] * 4
    assert feed(bad, 5) == []
    seen = [feed(good, s) for s in range(6, 6 + RECOVERY_READINGS)]
    assert seen == [[]] * (RECOVERY_READINGS - 1) + [[(4, None)]]
    assert health.sensor_health == 0x3F


def test_an_acoustic_channel_recovers_with_its_next_crossing():
    health, count = Health(), [0] * 6
    seen = [health.feed([s, s, s, s, s, s], count, 21) for s in range(SILENT_S)]
    assert seen[-1] == [(8 + k, DEAD) for k in range(6)]
    count[3] += 1
    assert health.feed([0] * 6, count, 21) == [(11, None)]
    assert health.ae_health == 1 << 3
