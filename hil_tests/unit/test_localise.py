"""The position of an impact against its Cramér–Rao bound, and the gate against mixed modes."""

import math

import numpy as np
import pytest

from ground.fleet import Window
from ground.monitor.localise import (
    A0 as BENDING,
)
from ground.monitor.localise import (
    EITHER,
    Location,
    NotLocalisedError,
    bound_mm,
    localise,
    pick_sigma_us,
)
from ground.monitor.localise import (
    S0 as STRETCHING,
)
from hil_tests.support.ellipse import holds

WINDOW = Window("w1", 1)
SENSORS = np.array(WINDOW.sensors)
A0, S0 = 3.69, 5.77  # mm/µs


def locate(arrivals: np.ndarray, sigma_us: float = 0.5, sensors=WINDOW.sensors) -> Location:
    return localise(sensors, arrivals, velocity_m_s=3690, sigma_us=sigma_us, radius_mm=130)


def distances(place: tuple[float, float]) -> np.ndarray:
    return np.hypot(*(SENSORS - place).T)


def rms_mm(place: tuple[float, float], sigma_us: float, runs: int, seed: int) -> float:
    rng = np.random.default_rng(seed)
    squares = []
    for _ in range(runs):
        try:
            found = locate(distances(place) / A0 + 7.0 + rng.normal(0, sigma_us, 6), sigma_us)
        except NotLocalisedError:
            continue  # 1 in 1000 by design: test_clean_picks_pass_the_gate
        squares.append((found.x_mm - place[0]) ** 2 + (found.y_mm - place[1]) ** 2)
    return math.sqrt(np.mean(squares))


def bound(place: tuple[float, float], sigma_us: float = 0.5, speed: float = 3690.0) -> float:
    return bound_mm(WINDOW.sensors, place, velocity_m_s=speed, sigma_us=sigma_us)


def test_bound_at_the_centre() -> None:
    assert bound((0, 0), speed=3700) == pytest.approx(1.51, abs=0.005)
    assert bound((30, 20), speed=3700) == pytest.approx(1.53, abs=0.01)


@pytest.mark.parametrize(
    "place", [(0, 0), (30, 20), (80, 50), (-60, 80), (0, 103), (-100, -10), (70, -75)]
)
def test_estimator_reaches_the_bound(place) -> None:
    assert rms_mm(place, 0.5, 400, seed=1) <= 1.15 * bound(place)


def test_twice_the_noise_is_twice_the_error() -> None:
    assert bound((0, 0), 1.0) == pytest.approx(2 * bound((0, 0), 0.5))
    ratio = rms_mm((30, 20), 1.0, 800, seed=2) / rms_mm((30, 20), 0.5, 800, seed=3)
    assert ratio == pytest.approx(2.0, rel=0.1)


def test_ellipse_holds_the_truth_95_times_in_100() -> None:
    rng = np.random.default_rng(4)
    inside = runs = 0
    for _ in range(800):
        place = rng.uniform(-70, 70, 2)
        speed = A0 * (1 + rng.normal(0, 0.008))
        try:
            found = locate(distances(place) / speed + rng.normal(0, 0.5, 6))
        except NotLocalisedError:
            continue
        major, minor, angle = found.ellipse_mm
        inside += holds(found.ellipse_mm, *(place - (found.x_mm, found.y_mm)))
        runs += 1
        assert major >= minor
        assert -90 <= angle < 90
    assert inside / runs == pytest.approx(0.95, abs=0.025)


def test_time_of_the_hit() -> None:
    found = locate(distances((95, -62)) / A0 - 14.5)
    assert (found.x_mm, found.y_mm) == pytest.approx((95, -62), abs=1e-6)
    assert found.time_us == pytest.approx(-14.5)


def test_clean_picks_pass_the_gate() -> None:
    rng = np.random.default_rng(5)
    rejected = 0
    for _ in range(1000):
        try:
            locate(distances(rng.uniform(-90, 90, 2)) / A0 + rng.normal(0, 0.5, 6))
        except NotLocalisedError:
            rejected += 1
    assert rejected <= 5


@pytest.mark.parametrize("fast", [2, 3, 4, 5])
def test_mixed_modes_are_rejected(fast) -> None:
    """The nearest sensors picked S0, the others A0."""
    rng = np.random.default_rng(6)
    rejected = 0
    for _ in range(500):
        radius, angle = 104 * math.sqrt(rng.random()), rng.uniform(0, math.tau)
        away = distances((radius * math.cos(angle), radius * math.sin(angle)))
        is_fast = away.argsort().argsort() < fast
        arrivals = np.where(is_fast, away / S0, away / A0) + rng.normal(0, 0.5, 6)
        try:
            locate(arrivals)
        except NotLocalisedError as error:
            rejected += 1
            assert "mixed" in error.reason or "outside" in error.reason
    assert rejected / 500 >= 0.95


def test_one_mixed_pick_is_rejected_or_costs_little() -> None:
    """One early pick at a near sensor can look like a shift; never like another place."""
    rng = np.random.default_rng(7)
    for _ in range(500):
        radius, angle = 104 * math.sqrt(rng.random()), rng.uniform(0, math.tau)
        place = (radius * math.cos(angle), radius * math.sin(angle))
        away = distances(place)
        arrivals = away / A0 + rng.normal(0, 0.5, 6)
        nearest = away.argmin()
        arrivals[nearest] = away[nearest] / S0
        try:
            found = locate(arrivals)
        except NotLocalisedError:
            continue
        assert math.hypot(found.x_mm - place[0], found.y_mm - place[1]) < 20


def test_three_sensors_give_no_position() -> None:
    with pytest.raises(NotLocalisedError, match="3 sensors"):
        locate(distances((10, 10))[:3] / A0, sensors=WINDOW.sensors[:3])


def test_four_sensors_do() -> None:
    found = locate(distances((10, 10))[:4] / A0, sensors=WINDOW.sensors[:4])
    assert (found.x_mm, found.y_mm) == pytest.approx((10, 10), abs=1e-6)


def test_nonsense_is_refused() -> None:
    for arrivals in ([0, 0, 0, 0, 0, 900], [0, 300, 0, 300, 0, 300]):
        with pytest.raises(NotLocalisedError):
            locate(np.array(arrivals, dtype=float))


def test_a_poorer_front_end_widens_sigma() -> None:
    assert pick_sigma_us("waveform", 2.5e6) == pytest.approx(0.5, rel=0.03)
    assert pick_sigma_us("edges", 62.5e6) == pytest.approx(2.0, rel=0.01)
    assert pick_sigma_us("edges", 1e5) > 3
    assert pick_sigma_us("envelope", 50) == pytest.approx(10_000, rel=0.01), "half of 20 ms"
    assert pick_sigma_us("envelope", 0) == pytest.approx(10_000, rel=0.01)


@pytest.mark.parametrize("speed", [A0, S0])
def test_first_crossings_of_either_mode_lie_in_the_ellipse(speed) -> None:
    """All A0, as in a weak burst, or all S0, as in a strong one; as waveforms they would not."""
    rng = np.random.default_rng(7)
    inside = runs = 0
    for _ in range(300):
        place = rng.uniform(-70, 70, 2)
        arrivals = distances(place) / speed + rng.normal(0, 1, 6)
        found = localise(
            WINDOW.sensors,
            arrivals,
            velocity_m_s=3690,
            sigma_us=pick_sigma_us("edges", 62.5e6),
            radius_mm=130,
            modes=[EITHER] * 6,
        )
        inside += holds(found.ellipse_mm, *(place - (found.x_mm, found.y_mm)))
        runs += 1
    assert inside / runs >= 0.95
    assert found.ellipse_mm[0] > 10, "far wider than from a waveform"


def labelled(arrivals, is_s0, s0_sigma_us=1.0):
    modes = [STRETCHING if s0 else BENDING for s0 in is_s0]
    sigmas = [s0_sigma_us if s0 else 0.5 for s0 in is_s0]
    return localise(
        WINDOW.sensors, arrivals, velocity_m_s=3690, sigma_us=sigmas, radius_mm=130, modes=modes
    )


@pytest.mark.parametrize("fast", [1, 2, 3, 4, 5, 6])
def test_modes_that_are_told_are_solved_each_by_its_speed(fast) -> None:
    """The ellipse holds the truth, the speed of either wave being another than its table's."""
    rng = np.random.default_rng(8)
    inside = runs = 0
    for _ in range(400):
        radius, angle = 104 * math.sqrt(rng.random()), rng.uniform(0, math.tau)
        place = np.array([radius * math.cos(angle), radius * math.sin(angle)])
        away = distances(place)
        is_s0 = away.argsort().argsort() < fast
        a0, s0 = A0 * (1 + rng.normal(0, 0.008)), S0 * (1 + rng.normal(0, 0.009))
        noise = rng.normal(0, 1, 6) * np.where(is_s0, 1.0, 0.5)
        try:
            found = labelled(np.where(is_s0, away / s0, away / a0) + noise, is_s0)
        except NotLocalisedError:
            continue
        inside += holds(found.ellipse_mm, *(place - (found.x_mm, found.y_mm)))
        runs += 1
    assert runs >= 390
    assert inside / runs == pytest.approx(0.95, abs=0.04)


def called_s0(wrong, runs=500):
    """Distances between found and true place, None where none was found.

    All sensors say S0; the nearest `wrong` of them had A0.
    """
    rng = np.random.default_rng(9)
    for _ in range(runs):
        radius, angle = 104 * math.sqrt(rng.random()), rng.uniform(0, math.tau)
        place = (radius * math.cos(angle), radius * math.sin(angle))
        away = distances(place)
        is_a0 = away.argsort().argsort() < wrong
        arrivals = np.where(is_a0, away / A0, away / S0) + rng.normal(0, 0.5, 6)
        try:
            found = labelled(arrivals, [True] * 6)
        except NotLocalisedError:
            yield None
        else:
            yield math.dist(place, (found.x_mm, found.y_mm))


@pytest.mark.parametrize("wrong", [3, 4, 5])
def test_a0_that_is_called_s0_is_rejected(wrong) -> None:
    assert list(called_s0(wrong)).count(None) >= 495


@pytest.mark.parametrize("wrong", [1, 2])
def test_a0_that_is_called_s0_at_one_or_two_costs_no_more_than_a_sensor_is_near(wrong) -> None:
    assert max(away for away in called_s0(wrong) if away is not None) < 40
