import math

import pytest

from firmware.world.gas import STANDARD_MK, Gas
from hil_tests.unit.event_table import SECOND, readings, window, world

ATMOSPHERE_UPA = 101_325 * 1_000_000
LITRE = 1_000_000


def holed(hole_um, volume_mm3=LITRE, at_us=0):
    gas = Gas(volume_mm3, ATMOSPHERE_UPA, STANDARD_MK)
    gas.open_hole(at_us, hole_um)
    return gas


def tau_s(gas, over_us):
    return -over_us / SECOND / math.log(gas.amount_upa(over_us) / ATMOSPHERE_UPA)


def test_acceptance_2_a_litre_through_a_millimetre():
    gas = holed(1000)
    assert tau_s(gas, 10 * SECOND) == pytest.approx(7.54, rel=0.01)
    assert gas.pressure_dpa(10 * SECOND, STANDARD_MK) / 10 == pytest.approx(26_900, rel=0.01)


@pytest.mark.parametrize(
    ("volume_l", "hole_um", "expected_s"),
    [
        (1, 100, 754),
        (1, 1000, 7.54),
        (6000, 1000, 12.6 * 3600),
        (6000, 2000, 3.1 * 3600),
        (6000, 5000, 30 * 60),
        (110_000, 5000, 9.2 * 3600),
        (340_000, 5000, 28.5 * 3600),
    ],
)
def test_time_constants_of_the_published_table(volume_l, hole_um, expected_s):
    gas = holed(hole_um, volume_l * LITRE)
    assert tau_s(gas, int(expected_s * SECOND)) == pytest.approx(expected_s, rel=0.02)


def test_acceptance_3_reserve_and_mass_flow_of_a_capsule():
    gas = holed(1000, 6_000 * LITRE)
    reserve_us = int(5.52 * 3600 * SECOND)
    assert gas.amount_upa(reserve_us) / ATMOSPHERE_UPA == pytest.approx(490 / 760, rel=0.002)
    kg = 6 * 101_325 / (287.05 * 293.15)
    lost = 1 - gas.amount_upa(60 * SECOND) / ATMOSPHERE_UPA
    assert kg * lost * 1440 == pytest.approx(13.8, rel=0.01)


def test_looking_often_changes_nothing():
    often, once = holed(100), holed(100)
    for t_us in range(0, 900 * SECOND, 20_000):
        often.amount_upa(t_us)
    assert often.amount_upa(900 * SECOND) == once.amount_upa(900 * SECOND)


def test_a_hole_that_opens_in_parts_is_one_hole():
    parts = Gas(LITRE, ATMOSPHERE_UPA, STANDARD_MK)
    for k in range(100):
        parts.open_hole(k * SECOND, 0)
    parts.open_hole(100 * SECOND, 60)
    parts.open_hole(100 * SECOND, 80)
    whole = holed(100, at_us=100 * SECOND)
    assert parts.amount_upa(100 * SECOND) == ATMOSPHERE_UPA
    assert parts.amount_upa(900 * SECOND) == pytest.approx(whole.amount_upa(900 * SECOND), abs=200)


def test_a_wide_hole_empties_the_gap_and_stays_at_nothing():
    gas = holed(20_000)
    assert gas.amount_upa(900 * SECOND) == 0


@pytest.mark.parametrize(("volume", "vented"), [(0, [1, 0]), (1, [0, 1])])
def test_a_vented_gap_holds_no_gas(volume, vented):
    sensors = world(window=dict(world()._window, vented=vented))
    sensors.advance(SECOND)
    assert sensors.pressure_dpa(volume) == 0
    assert sensors.pressure_dpa(1 - volume) == pytest.approx(1_013_250, rel=0.08)


def test_acceptance_8_a_ramp_of_5_k_keeps_the_gas():
    ramp = world((10 * SECOND, "thermal", 2, 5000, 60 * SECOND))
    before = ramp.gas[1].amount_upa(0)
    plain = world()
    for each in (ramp, plain):
        each.advance(900 * SECOND)
    assert ramp.gas[1].amount_upa(900 * SECOND) == before
    rise_pa = (ramp.pressure_dpa(1) - plain.pressure_dpa(1)) / 10
    assert rise_pa == pytest.approx(101_325 * 2.5 / 292.15, rel=0.01)


def test_a_gap_2_leak_shows_at_gap_2_only():
    sensors = window((60 * SECOND, "leak", 1, 100))
    gap1, gap2, cabin, *_ = readings(sensors, 0, 360)
    assert max(gap1) < 1500
    fall_pa_s = (gap2[70] - gap2[60]) / 10 / 10
    assert fall_pa_s == pytest.approx(-134, abs=10)
    assert gap2[360] / gap2[60] == pytest.approx(math.exp(-300 / 754), rel=0.02)
    assert abs(cabin[360] - cabin[60]) < 5000


def test_a_cabin_leak_shows_in_the_cabin_only():
    sensors = window((10 * SECOND, "leak", 2, 5000))
    _, gap2, cabin, *_ = readings(sensors, 0, 310)
    assert cabin[310] / cabin[10] == pytest.approx(math.exp(-300 / 1815), rel=0.005)
    assert abs(gap2[310] / gap2[10] - 1) < 0.01
