import time

import pytest

from firmware.world.world import World
from hil_tests.unit.event_table import SECOND, table, window, world


def test_link_loss_is_a_half_open_interval():
    made = world((10 * SECOND, "link_loss", 5 * SECOND), (30 * SECOND, "link_loss", SECOND))
    seconds = (0, 9.99, 10, 14.99, 15, 29, 30.5, 31)
    expected = [True, True, False, False, True, True, False, True]
    assert [made.link_up(int(s * SECOND)) for s in seconds] == expected


def test_each_reboot_is_due_once():
    made = world((10 * SECOND, "reboot"), (20 * SECOND, "reboot"))
    assert not made.reboot_due(10 * SECOND - 1)
    assert made.reboot_due(10 * SECOND)
    assert not made.reboot_due(19 * SECOND)
    assert made.reboot_due(60 * SECOND)
    assert not made.reboot_due(900 * SECOND)


def test_events_wait_for_their_time():
    made = world((10 * SECOND, "impact", 0, 0, 0, 250, 10_000_000, 2700, 0))
    made.advance(10 * SECOND - 1)
    assert made.strikes == []
    made.advance(10 * SECOND)
    assert [s.t_us for s in made.strikes] == [10 * SECOND]
    made.advance(11 * SECOND)
    assert len(made.strikes) == 1


def test_one_long_step_is_like_many_short_ones():
    events = [
        (3 * SECOND + 1, "leak", 1, 300),
        (4 * SECOND, "sensor_fault", 9, 3),
        (5 * SECOND + 7, "thermal", 1, 2000, 20 * SECOND),
        (9 * SECOND, "sensor_fault", 9, 2),
    ]
    short, long = world(*events), world(*events)
    for t_us in range(0, 60 * SECOND + 1, 20_000):
        short.advance(t_us)
        short.pressure_dpa(1)
    long.advance(60 * SECOND)
    assert short.noise.counts == long.noise.counts
    assert [short.pressure_dpa(v) for v in range(3)] == [long.pressure_dpa(v) for v in range(3)]


def test_a_table_of_another_version_is_refused():
    with pytest.raises(ValueError, match="version 2"):
        World(table(version=2), 1)


def test_an_unknown_event_is_refused_at_the_start():
    with pytest.raises(ValueError, match="meteor"):
        world((10 * SECOND, "meteor", 1))


def test_a_quarter_of_an_hour_is_cheap():
    sensors, out = window(), [0] * 6
    start = time.process_time()
    for t_us in range(0, 900 * SECOND, 20_000):
        sensors.advance(t_us)
        if t_us % SECOND == 0:
            sensors.read_slow(out)
        sensors.capture()
    assert time.process_time() - start < 1.0
