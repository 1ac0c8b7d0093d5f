"""Comparators on simulated waveforms: where the ground puts impacts that have no waveform."""

import math
import random

import numpy as np

from firmware.detector.core import BLOCK, measure
from firmware.sensors.capture import CHANNELS, SAMPLES
from ground.fleet import Window
from ground.monitor.localise import EITHER, NotLocalisedError, localise, pick_sigma_us
from hil_tests.support.ellipse import holds
from hil_tests.unit.event_table import captured

WINDOW = Window("w1", 1)
IMPACTS = 60
AT_US = 15_000
THRESHOLD_V = 100e-6  # 40 dB_AE
FULL_SCALE_V = {40: 0.1, 0: 10.0}


def test_edges() -> None:
    """Impacts of 5 to 500 µm anywhere on the pane, their first crossings at 40 dB_AE."""
    located, inside, errors = 0, 0, []
    for number in range(IMPACTS):
        place, crossings = _impact(number)
        try:
            found = localise(
                [WINDOW.sensors[k] for k, _ in crossings],
                [at for _, at in crossings],
                velocity_m_s=WINDOW.velocity_m_s,
                sigma_us=pick_sigma_us("edges", 62.5e6),
                radius_mm=WINDOW.radius_mm,
                modes=[EITHER] * len(crossings),
            )
        except NotLocalisedError:
            continue
        located += 1
        inside += holds(found.ellipse_mm, place[0] - found.x_mm, place[1] - found.y_mm)
        errors.append(math.dist(place, (found.x_mm, found.y_mm)))
    print(f"{located} of {IMPACTS} located, {inside} inside, {np.median(errors):.0f} mm median")
    assert located >= 0.9 * IMPACTS
    assert inside >= 0.95 * located
    assert np.median(errors) < 30


def _impact(number):
    """(x, y) in mm and [(channel, µs)] of each comparator that trips."""
    rng = random.Random(number)
    radius, angle = 125 * math.sqrt(rng.random()), rng.uniform(0, math.tau)
    place = radius * math.cos(angle), radius * math.sin(angle)
    diameter_um = round(5 * 100 ** rng.random())
    x_um, y_um = round(place[0] * 1e3), round(place[1] * 1e3)
    event = (AT_US, "impact", 0, x_um, y_um, diameter_um, 10_000_000, 2700, 0)
    capture = captured(event, seed=number + 1)
    code = math.ceil(THRESHOLD_V / FULL_SCALE_V[capture.gain_db] * 32768)
    crossings = []
    for k in range(CHANNELS):
        samples, start = capture.channel(k)
        end = start + SAMPLES
        BLOCK[0], BLOCK[1], BLOCK[2], BLOCK[3], BLOCK[4] = start + 1, end, code, 500, 1000
        measure(samples, BLOCK)
        if BLOCK[5] != end:
            crossings.append((k, 0.4 * (BLOCK[5] - start)))
    return place, crossings
