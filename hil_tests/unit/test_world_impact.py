import math

import pytest

from firmware.world.impact import (
    DELAY_PER_US,
    PENCIL_LEAD_BREAK,
    Strike,
    momentum_impulse,
    sensor_positions_um,
)
from hil_tests.unit.event_table import table

WINDOW = table()["window"]
AL = {"speed_mm_s": 10_000_000, "density_kg_m3": 2700}


def db_ae(nv):
    return 20 * math.log10(nv / 1000)


def strike(x_um=0, y_um=0, impulse=PENCIL_LEAD_BREAK, pane=0):
    return Strike(WINDOW, 0, pane, x_um, y_um, impulse)


@pytest.mark.parametrize(
    ("diameter_um", "expected_db"),
    [(10, -35), (50, 7), (100, 25), (300, 54), (500, 67), (800, 79)],
)
def test_amplitude_table_relative_to_a_pencil_lead_break(diameter_um, expected_db):
    impulse = momentum_impulse(diameter_um, angle_mdeg=0, **AL)
    assert 20 * math.log10(impulse / PENCIL_LEAD_BREAK) == pytest.approx(expected_db, abs=0.6)


def test_only_the_momentum_along_the_normal_counts():
    straight = momentum_impulse(250, angle_mdeg=0, **AL)
    assert momentum_impulse(250, angle_mdeg=60_000, **AL) == pytest.approx(straight / 2, rel=1e-6)
    assert momentum_impulse(250, angle_mdeg=90_000, **AL) <= straight * 1e-6


def test_a_pencil_lead_break_gives_95_db_at_100_mm():
    assert db_ae(strike(x_um=20_000).amplitude_nv[0]) == pytest.approx(95, abs=0.01)


def test_spreading_is_3_db_for_twice_the_distance():
    near = strike(x_um=80_000).amplitude_nv[0]
    far = strike(x_um=40_000).amplitude_nv[0]
    assert db_ae(near) - db_ae(far) == pytest.approx(3.01, abs=0.01)


def test_a_strike_on_a_sensor_is_finite():
    assert db_ae(strike(x_um=120_000).amplitude_nv[0]) == pytest.approx(105, abs=0.1)


@pytest.mark.parametrize("pane", [1, 2])
def test_other_panes_are_30_db_lower(pane):
    outer, inner = strike(), strike(pane=pane)
    assert db_ae(outer.amplitude_nv[2]) - db_ae(inner.amplitude_nv[2]) == pytest.approx(
        30, abs=0.01
    )
    assert outer.delay == inner.delay


def test_sensors_stand_every_60_degrees_on_the_ring():
    for k, (x, y) in enumerate(sensor_positions_um(120_000)):
        angle = math.radians(60 * k)
        assert (x, y) == pytest.approx(
            (120_000 * math.cos(angle), 120_000 * math.sin(angle)), abs=1
        )


def test_delays_are_distance_over_velocity():
    made = strike(x_um=95_000, y_um=-62_000)
    for k, delay in enumerate(made.delay):
        angle = math.radians(60 * k)
        distance_mm = math.hypot(95 - 120 * math.cos(angle), -62 - 120 * math.sin(angle))
        assert delay / DELAY_PER_US == pytest.approx(distance_mm / 3.711, abs=0.003)
