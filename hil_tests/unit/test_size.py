"""Particle size from burst peaks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ground.monitor.size import Peak, equivalent_mm, particle_size, struck_pane
from ground.physics.amplitude import FULL_SCALE_DB, source_db, spreading_db

DISTANCES = (66.9, 169.6, 227.0, 223.8, 160.6, 54.6)


def heard(diameter: float, distances=DISTANCES) -> list[Peak]:
    """What a ring at 0 dB gain reports."""
    levels = [source_db(diameter) - spreading_db(d) for d in distances]
    return [
        Peak(min(level, FULL_SCALE_DB), level >= FULL_SCALE_DB, d)
        for level, d in zip(levels, distances, strict=True)
    ]


@given(st.floats(0.005, 0.15))
def test_range_holds_the_particle(diameter) -> None:
    size = particle_size(heard(diameter))
    assert size.high_mm is not None
    assert size.low_mm < diameter < size.high_mm
    assert equivalent_mm((size.low_mm, size.high_mm)) == pytest.approx(diameter, rel=0.02)


def test_twenty_db_are_a_factor_of_ten_in_mass() -> None:
    size = particle_size(heard(0.05))
    assert size.high_mm is not None
    assert (size.high_mm / size.low_mm) ** 3 == pytest.approx(100, rel=0.02)


def test_all_clipped_bounds_from_below_only() -> None:
    size = particle_size(heard(0.25))
    assert size.high_mm is None
    assert size.low_mm == pytest.approx(0.11, abs=0.01)
    assert equivalent_mm((size.low_mm, size.high_mm)) is None


def test_clipped_channels_are_left_out_of_the_estimate() -> None:
    size = particle_size(heard(0.2, (20.0, 60.0, 200.0)))
    assert [p.clipped for p in heard(0.2, (20.0, 60.0, 200.0))] == [True, True, False]
    assert equivalent_mm((size.low_mm, size.high_mm)) == pytest.approx(0.2, rel=0.02)


def test_without_amplitudes_nothing_is_known() -> None:
    size = particle_size([Peak(0.0, False, None)] * 4)
    assert (size.low_mm, size.high_mm) == (0.0, None)
    assert struck_pane(size, saturated=False) == "unknown"


def test_pane() -> None:
    assert struck_pane(particle_size(heard(0.25)), saturated=True) == "outer"
    assert struck_pane(particle_size(heard(0.15)), saturated=False) == "outer"
    assert struck_pane(particle_size(heard(0.02)), saturated=False) == "unknown"
