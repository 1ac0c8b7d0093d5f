"""Gas equations against the acceptance figures, and each with its inverse."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ground.physics import gas

VOLUME_M3 = st.floats(1e-4, 500)
HOLE_M = st.floats(1e-6, 0.05)


def test_cavity_with_a_1_mm_hole() -> None:
    tau = gas.time_constant_s(1e-3, 1e-3)
    assert tau == pytest.approx(7.54, rel=0.01)
    assert gas.pressure_pa(101_325, 10, tau) == pytest.approx(26_900, rel=0.01)


@pytest.mark.parametrize(
    ("volume_m3", "hole_mm", "tau_s", "reserve_h", "mmhg_min"),
    [
        (1e-3, 0.1, 754, None, None),
        (6, 1, 12.6 * 3600, 5.52, 1.01),
        (6, 2, 3.1 * 3600, 1.38, 4.03),
        (6, 5, 30 * 60, 13.3 / 60, 25.2),
        (110, 5, 9.2 * 3600, 4.05, 1.37),
        (340, 5, 28.5 * 3600, 12.5, 0.445),
    ],
)
def test_leak_table(volume_m3, hole_mm, tau_s, reserve_h, mmhg_min) -> None:
    tau = gas.time_constant_s(volume_m3, hole_mm * 1e-3)
    assert tau == pytest.approx(tau_s, rel=0.02)
    if reserve_h is not None:
        start_pa = 760 * gas.MMHG_PA
        assert gas.reserve_s(start_pa, tau) / 3600 == pytest.approx(reserve_h, rel=0.01)
        assert start_pa / tau / gas.MMHG_PA * 60 == pytest.approx(mmhg_min, rel=0.01)


def test_capsule_with_a_1_mm_hole_loses_13_8_kg_a_day() -> None:
    assert gas.mass_flow_kg_s(101_325, 1e-3) * 86_400 == pytest.approx(13.8, rel=0.01)


@given(VOLUME_M3, HOLE_M)
def test_hole_is_the_inverse_of_the_time_constant(volume_m3, hole) -> None:
    assert gas.hole_m(volume_m3, gas.time_constant_s(volume_m3, hole)) == pytest.approx(hole)


@given(st.floats(1e3, 2e5), st.floats(1, 1e6), st.floats(0, 5))
def test_fall_time_is_the_inverse_of_the_decay(start_pa, tau_s, e_folds) -> None:
    after = gas.pressure_pa(start_pa, e_folds * tau_s, tau_s)
    assert gas.fall_time_s(start_pa, after, tau_s) == pytest.approx(
        e_folds * tau_s, abs=tau_s * 1e-9
    )


@given(st.floats(66_000, 2e5), st.floats(1, 1e6))
def test_linear_reserve_is_conservative(pressure, tau_s) -> None:
    linear = (pressure - gas.CABIN_LIMIT_PA) / (pressure / tau_s)
    assert linear <= gas.reserve_s(pressure, tau_s) * (1 + 1e-12)


def test_a_cabin_below_its_limit_has_no_reserve() -> None:
    assert gas.reserve_s(60_000, 1000) == 0


def test_choking() -> None:
    assert gas.is_choked(101_325, 0)
    assert not gas.is_choked(101_325, 80_000)


def test_a_tight_crack_hardly_leaks() -> None:
    """1 µm x 10 mm through 14 mm glass empties a 1 L cavity in about 12 days."""
    flow = gas.slit_flow_pa_m3_s(1e-6, 10e-3, 14e-3, 101_325, 0)
    assert 101_325 * 1e-3 / flow / 86_400 == pytest.approx(12, rel=0.1)


def test_a_wide_slit_is_choked() -> None:
    flow = gas.slit_flow_pa_m3_s(1e-3, 10e-3, 14e-3, 101_325, 0)
    assert flow == pytest.approx(1e-5 * gas.AIR_SPEED_M_S * 101_325)
    assert math.isfinite(flow)
