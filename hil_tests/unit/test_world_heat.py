import math

import pytest

from firmware.world.heat import Heat
from firmware.world.rng import Rng
from hil_tests.unit.event_table import SECOND

ORBIT_S = 5520


@pytest.mark.parametrize(
    ("pane", "mean_c", "swing_k"), [(0, 10, 30), (1, 17, 8), (2, 21, 2)], ids=str
)
def test_panes_follow_the_orbit(pane, mean_c, swing_k):
    heat = Heat(Rng(1))
    celsius = [heat.pane_mc(pane, s * SECOND) / 1000 for s in range(0, ORBIT_S, 5)]
    assert max(celsius) == pytest.approx(mean_c + swing_k, abs=0.01)
    assert min(celsius) == pytest.approx(mean_c - swing_k, abs=0.01)
    assert heat.pane_mc(pane, ORBIT_S * SECOND) / 1000 == pytest.approx(celsius[0], abs=0.001)


def test_a_ramp_rises_and_stays():
    ramped, plain = Heat(Rng(1)), Heat(Rng(1))
    ramped.add_ramp(100 * SECOND, 1, -5000, 50 * SECOND)

    def shift(second):
        return ramped.pane_mc(1, second * SECOND) - plain.pane_mc(1, second * SECOND)

    assert [shift(s) for s in (100, 110, 125, 150, 900)] == [0, -1000, -2500, -5000, -5000]
    assert ramped.pane_mc(0, 900 * SECOND) == plain.pane_mc(0, 900 * SECOND)


def test_a_ramp_over_no_time_is_a_step():
    heat = Heat(Rng(1))
    before = heat.pane_mc(2, 10 * SECOND)
    heat.add_ramp(10 * SECOND, 2, 3000, 0)
    assert heat.pane_mc(2, 10 * SECOND) == before
    assert heat.pane_mc(2, 10 * SECOND + 1) == pytest.approx(before + 3000, abs=1)


@pytest.mark.parametrize("seed", range(6))
def test_gas_starts_in_the_steady_lag_behind_the_glass(seed):
    heat = Heat(Rng(seed))
    omega = math.tau / ORBIT_S
    lag_s = heat.lag_us / SECOND
    assert 30 <= lag_s < 120
    gain = 1 / math.sqrt(1 + (omega * lag_s) ** 2)
    behind_s = math.atan(omega * lag_s) / omega
    for second in (0, 1, 300, 2000):
        then = (second - behind_s) % ORBIT_S * SECOND
        glass = (heat.pane_mc(1, int(then)) + heat.pane_mc(2, int(then))) / 2000
        expected_k = 19 + gain * (glass - 19) + 273.15
        assert heat.gas_mk(1, second * SECOND) / 1000 == pytest.approx(expected_k, abs=0.01)


def test_gas_answers_a_step_with_its_lag():
    heat, plain = Heat(Rng(3)), Heat(Rng(3))
    heat.add_ramp(0, 2, 10_000, 0)
    lag_us = heat.lag_us
    risen = heat.gas_mk(2, lag_us) - plain.gas_mk(2, lag_us)
    assert risen / 10_000 == pytest.approx(1 - math.exp(-1), abs=0.02)


def test_how_often_one_looks_does_not_matter():
    often, once = Heat(Rng(4)), Heat(Rng(4))
    for t_us in range(0, 500 * SECOND, 333_333):
        often.gas_mk(0, t_us)
    assert [often.gas_mk(v, 500 * SECOND) for v in range(3)] == [
        once.gas_mk(v, 500 * SECOND) for v in range(3)
    ]


def test_windows_differ_in_lag_and_phase():
    assert len({Heat(Rng(1, apid)).lag_us for apid in range(8)}) == 8
    assert len({Heat(Rng(1, apid)).pane_mc(0, 0) for apid in range(8)}) == 8
