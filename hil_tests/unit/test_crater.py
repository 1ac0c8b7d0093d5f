"""Crater and amplitude equations against the published table, and each with its inverse."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ground.physics import amplitude, crater

TABLE = [  # d mm, V km/s, ρ g/cm³, angle, P mm, D mm, 2P, 3P, 7P mm, E J
    (0.25, 10, 2.7, 0, 0.82, 9.8, 1.6, 2.46, 5.7, 1.10),
    (0.5, 10, 2.7, 0, 1.70, 24.5, 3.4, 5.1, 12.0, 8.84),
    (0.8, 10, 2.7, 0, 2.80, 45.8, 5.6, 8.4, 19.6, 36.2),
    (0.8, 10, 2.7, 45, 2.22, 39.3, 4.5, 6.7, 15.6, 36.2),
    (0.9, 10, 2.7, 0, 3.17, 53.6, 6.4, 9.5, 22.2, 51.5),
    (0.8, 10, 7.9, 0, 4.79, 73.5, 9.6, 14.4, 33.6, 105.9),
]


@pytest.mark.parametrize("row", TABLE)
def test_table(row) -> None:
    d, speed, density, angle, depth, damage, two, three, seven, energy = row
    hit = (d, speed, density, angle)
    digit = 0.051  # the table gives one decimal
    assert crater.depth_mm(*hit, form=crater.ROUNDED) == pytest.approx(depth, rel=0.01)
    assert crater.damage_diameter_mm(*hit) == pytest.approx(damage, rel=0.01)
    exact = crater.depth_mm(*hit)
    for factor, expected in ((2, two), (3, three), (7, seven)):
        assert factor * exact == pytest.approx(expected, rel=0.01, abs=digit)
    assert crater.energy_j(d, speed, density) == pytest.approx(energy, rel=0.01)


@pytest.mark.parametrize(
    ("factor", "critical"),
    [(crater.PERFORATION, 1.90), (crater.SPALL, 1.30), (crater.CRACKING, 0.58)],
)
def test_critical_diameter_of_a_14_mm_pane(factor, critical) -> None:
    assert crater.critical_diameter_mm(factor, 14.0) == pytest.approx(critical, rel=0.01)


@given(st.floats(1, 10), st.floats(2, 50), st.floats(1, 70), st.floats(1, 8))
def test_critical_diameter_is_the_inverse_of_the_required_thickness(k, t, speed, density) -> None:
    d = crater.critical_diameter_mm(k, t, speed, density)
    assert crater.required_mm(k, d, speed, density) == pytest.approx(t)


@pytest.mark.parametrize(
    ("d", "db"), [(0.01, -35), (0.05, 7), (0.1, 25), (0.3, 54), (0.5, 67), (0.8, 79)]
)
def test_level_above_a_pencil_lead_break(d, db) -> None:
    assert amplitude.db_re_plb(d) == pytest.approx(db, abs=0.6)


@given(st.floats(1e-3, 5))
def test_diameter_is_the_inverse_of_the_level(d) -> None:
    assert amplitude.diameter_mm(amplitude.source_db(d)) == pytest.approx(d)


def test_60_db_is_about_10_um() -> None:
    assert amplitude.diameter_mm(60.0) == pytest.approx(0.010, rel=0.05)
    assert amplitude.impulse_n_s(0.19) / amplitude.MOMENTUM_FACTOR == pytest.approx(1e-4, rel=0.05)


def test_spreading_is_zero_at_the_reference() -> None:
    assert amplitude.spreading_db(100) == 0
    assert amplitude.spreading_db(200) == pytest.approx(3.01, abs=0.01)
