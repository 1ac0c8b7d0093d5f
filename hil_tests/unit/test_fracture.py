"""Fracture numbers of a flaw in the outer pane."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ground.physics import fracture as f


@pytest.mark.parametrize(
    ("shape", "a_mm", "factor", "stress", "delta"),
    [
        (f.THROUGH, 5.0, 1.0, 5.98, 124),
        (f.THROUGH, 5.0, 1.4, 4.27, 89),
        (f.EDGE, 10.0, 1.0, 3.78, 78),
    ],
)
def test_critical_stress_and_temperature(shape, a_mm, factor, stress, delta) -> None:
    assert f.critical_stress_mpa(shape, a_mm, factor) == pytest.approx(stress, rel=0.01)
    assert f.critical_delta_k(shape, a_mm, factor) == pytest.approx(delta, rel=0.01)


def test_crater_as_a_half_penny() -> None:
    for stress, ratio in ((7.0, 0.62), (15.0, 1.34)):
        k = f.intensity_mpa_m05(f.HALF_PENNY, stress, 2.80)
        assert k / f.TOUGHNESS_MPA_M05 == pytest.approx(ratio, rel=0.01)


def test_pressure_stress_of_the_outer_pane() -> None:
    assert f.pressure_stress_mpa(f.SUPPORTED, 101_325, 130, 14) == pytest.approx(10.4, rel=0.01)
    assert f.pressure_stress_mpa(f.CLAMPED, 101_325, 130, 14) == pytest.approx(6.55, rel=0.01)


def test_a_10_mm_crack_fails_at_re_entry() -> None:
    for through in (True, False):
        assert f.SAFETY * f.inspected_k_mpa_m05(10, 300, through=through) > f.TOUGHNESS_MPA_M05
    assert f.SAFETY * f.inspected_k_mpa_m05(0.5, 300, through=False) < f.TOUGHNESS_MPA_M05


def test_slow_growth_needs_water_and_a_threshold() -> None:
    assert f.growth_m_s(0.6, humid=False) == 0
    assert f.growth_m_s(0.29, humid=True) == 0
    assert f.growth_m_s(0.75, humid=True) == pytest.approx(10.0)


@given(st.floats(0.5, 1.5), st.floats(0.1, 50), st.floats(1, 3))
def test_critical_stress_is_the_inverse_of_intensity(shape, a_mm, factor) -> None:
    stress = f.critical_stress_mpa(shape, a_mm, factor)
    assert factor * f.intensity_mpa_m05(shape, stress, a_mm) == pytest.approx(f.TOUGHNESS_MPA_M05)
    assert f.thermal_stress_mpa(f.critical_delta_k(shape, a_mm, factor)) == pytest.approx(stress)
