import pytest

from firmware.detector.health import RECOVERY_READINGS, SILENT_S, STUCK_READINGS, Health
from hil_tests.unit.event_table import SECOND, window

STUCK, DRIFT, DEAD, NOISY = range(4)


def changes(*events, for_s=900):
    """[(second, sensor, healthy)] and the watch itself after a run of the simulated window."""
    sensors, health, out, seen = window(*events), Health(), [0] * 6, []
    for second in range(for_s):
        sensors.advance(second * SECOND)
        sensors.read_slow(out)
        seen += [(second, *change) for change in health.feed(out, sensors.crossings)]
    return seen, health


def test_a_sound_window_stays_healthy_for_hours():
    seen, health = changes(for_s=3 * 3600)
    assert seen == []
    assert (health.sensor_health, health.ae_health) == (0x3F, 0x3F)


@pytest.mark.parametrize("sensor", range(6))
def test_a_stuck_sensor_is_seen_within_half_a_minute(sensor):
    seen, health = changes((100 * SECOND, "sensor_fault", sensor, STUCK))
    ((second, which, healthy),) = seen
    assert (which, healthy) == (sensor, False)
    assert 100 < second <= 100 + STUCK_READINGS
    assert health.sensor_health == 0x3F & ~(1 << sensor)


@pytest.mark.parametrize("sensor", range(6))
def test_a_dead_sensor_is_seen_a_temperature_at_once(sensor):
    seen, _ = changes((100 * SECOND, "sensor_fault", sensor, DEAD))
    ((second, which, healthy),) = seen
    assert (which, healthy) == (sensor, False)
    assert second == 100 if sensor >= 3 else second <= 100 + STUCK_READINGS


@pytest.mark.parametrize("fault", [DEAD, STUCK])
def test_a_silent_acoustic_channel_is_seen(fault):
    seen, health = changes((100 * SECOND, "sensor_fault", 8 + 4, fault))
    ((second, which, healthy),) = seen
    assert (which, healthy) == (12, False)
    assert 400 <= second <= 100 + SILENT_S
    assert health.ae_health == 0x3F & ~(1 << 4)


@pytest.mark.parametrize("fault", [DRIFT, NOISY])
@pytest.mark.parametrize("sensor", [1, 4])
def test_noise_and_drift_are_left_to_the_ground(sensor, fault):
    assert changes((100 * SECOND, "sensor_fault", sensor, fault))[0] == []


def test_a_leak_to_vacuum_is_no_sensor_fault():
    assert changes((100 * SECOND, "leak", 1, 1000))[0] == []


def test_recovery_needs_good_readings_in_a_row():
    health, count = Health(), [0] * 6
    good, bad = [0, 1_013_250, 1_013_250, 10_000, 17_000, 21_000], [0] * 4 + [-200_000, 0]

    def feed(readings, second):
        return health.feed([value + second % 2 for value in readings], count)

    assert feed(bad, 0) == [(4, False)]
    assert [feed(good, s) for s in range(1, 5)] == [[]] * 4
    assert feed(bad, 5) == []
    seen = [feed(good, s) for s in range(6, 6 + RECOVERY_READINGS)]
    assert seen == [[]] * (RECOVERY_READINGS - 1) + [[(4, True)]]
    assert health.sensor_health == 0x3F


def test_an_acoustic_channel_recovers_with_its_next_crossing():
    health, count = Health(), [0] * 6
    seen = [health.feed([s, s, s, s, s, s], count) for s in range(SILENT_S)]
    assert seen[-1] == [(8 + k, False) for k in range(6)]
    count[3] += 1
    assert health.feed([0] * 6, count) == [(11, True)]
    assert health.ae_health == 1 << 3
