import math
from statistics import fmean, pvariance

import pytest

from firmware.world.fixed import amplitude_nv
from firmware.world.noise import NOISY, QUIET, SILENT, Crossings, interval_us
from hil_tests.unit.event_table import SECOND, world

DAY_US = 86_400 * SECOND


@pytest.mark.parametrize(("level", "noise_db"), [(QUIET, 25), (NOISY, 28)])
@pytest.mark.parametrize("threshold_db", [40, 41, 42, 43])
def test_rate_is_that_of_white_noise_through_the_threshold(level, noise_db, threshold_db):
    sigmas = 10 ** ((threshold_db - noise_db) / 20)
    per_second = math.erfc(sigmas / math.sqrt(2)) * 2.5e6
    mean_us = interval_us(level, amplitude_nv(threshold_db * 100))
    rel = 1e-3 if threshold_db == 40 else 0.05  # the tail's series ends after its first term
    assert mean_us / 1e6 == pytest.approx(1 / per_second, rel=rel)


def test_a_day_has_24000_crossings_in_a_poisson_process():
    noise = Crossings(7, 1)
    hourly, before = [], 0
    for hour in range(1, 25):
        noise.advance(hour * DAY_US // 24)
        hourly.append(sum(noise.counts) - before)
        before = sum(noise.counts)
    assert before == pytest.approx(24_264, abs=5 * math.sqrt(24_264))
    assert pvariance(hourly) / fmean(hourly) == pytest.approx(1, abs=0.9)
    assert min(noise.counts) == pytest.approx(24_264 / 6, abs=5 * math.sqrt(24_264 / 6))


def test_steps_do_not_matter():
    fine, coarse = Crossings(7, 1), Crossings(7, 1)
    for t_us in range(0, 600 * SECOND, 20_000):
        fine.advance(t_us)
    coarse.advance(600 * SECOND - 20_000)
    assert fine.counts == coarse.counts


def test_a_silenced_channel_counts_no_more_and_the_others_go_on_as_they_would():
    silenced, plain = Crossings(7, 1), Crossings(7, 1)
    for noise in (silenced, plain):
        noise.advance(600 * SECOND)
    kept = silenced.counts[2]
    silenced.set_level(2, 600 * SECOND, SILENT)
    for noise in (silenced, plain):
        noise.advance(6000 * SECOND)
    assert silenced.counts[2] == kept < plain.counts[2]
    assert silenced.counts[:2] + silenced.counts[3:] == plain.counts[:2] + plain.counts[3:]


@pytest.mark.parametrize(
    "event",
    [
        (5 * SECOND, "impact", 0, 0, 0, 250, 10_000_000, 2700, 0),
        (5 * SECOND, "leak", 1, 100),
        (5 * SECOND, "thermal", 0, 5000, SECOND),
        (5 * SECOND, "sensor_fault", 1, 0),
        (5 * SECOND, "reboot"),
    ],
    ids=lambda event: event[1],
)
def test_an_event_shifts_no_crossing(event):
    plain, eventful = world(), world(event)
    for each in (plain, eventful):
        each.advance(900 * SECOND)
    assert plain.noise.counts == eventful.noise.counts


def test_units_of_one_scenario_have_their_own_noise():
    one, two = world(apid=1), world(apid=2)
    for each in (one, two):
        each.advance(900 * SECOND)
    assert one.noise.counts != two.noise.counts
