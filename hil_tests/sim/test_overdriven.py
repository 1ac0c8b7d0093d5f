"""Particles that drive every channel over full scale: unit and ground together still place them."""

from __future__ import annotations

import math
import random

import pytest

from ground.fleet import Window
from ground.model import Impact, Packet, UnitKey
from ground.monitor.impact import read_impact
from ground.monitor.localise import WAVEFORM_SIGMA_US
from hil_tests.support.bench import Bench, named
from hil_tests.support.ellipse import holds
from hil_tests.unit.event_table import SECOND, captured
from hil_tests.unit.telemetry import Sender

WINDOW = Window("w1", 1)
TRIES = 20
INSIDE_MM = 0.8 * WINDOW.radius_mm
WITHIN_MM = 15
UNIX_US = 1_762_300_800_000_000
ALL = 0x3F  # sensors


def places(seed: int) -> list[tuple[int, int]]:
    """Points in µm, evenly over the pane's inner 0.8 R."""
    rng, made = random.Random(seed), []
    for _ in range(TRIES):
        r, turn = INSIDE_MM * math.sqrt(rng.random()), rng.uniform(0, math.tau)
        made.append((round(1000 * r * math.cos(turn)), round(1000 * r * math.sin(turn))))
    return made


def strike(diameter_um: int, x_um: int, y_um: int) -> tuple[dict, Impact]:
    """The hit report of a unit with such an impact, and what the ground reads in it."""
    bench = Bench(boot_us=2 * SECOND, epoch_us=0)
    event = (SECOND, "impact", 0, x_um, y_um, diameter_um, 10_000_000, 2700, 0)
    bench.window.captures.append(captured(event))
    (hit,) = named(bench.run(0.02), "hit")
    packet = Packet(UnitKey("sz20", "w1"), hit, "test", 0, 0, late=False)
    impact = read_impact(packet, WINDOW, sigma_us=WAVEFORM_SIGMA_US, picks=True, faulty=())
    return hit.raw, impact


@pytest.mark.parametrize("diameter_um", [250, 300, 350, 500, 800])
def test_a_particle_is_placed_however_far_it_clips(diameter_um):
    near = held = stretched = 0
    for x_um, y_um in places(diameter_um):
        raw, impact = strike(diameter_um, x_um, y_um)
        assert raw["picked"] & raw["picked_s0"] == 0
        assert impact.saturated
        if raw["saturated"] == ALL:
            assert impact.diameter_mm[1] is None, "the size has no upper bound"
        stretched += raw["picked_s0"] == ALL
        if impact.localised:
            away_mm = math.hypot(impact.x_mm - x_um / 1000, impact.y_mm - y_um / 1000)
            near += away_mm <= WITHIN_MM
            held += holds(impact.ellipse_mm, x_um / 1000 - impact.x_mm, y_um / 1000 - impact.y_mm)
    assert near >= 0.9 * TRIES
    assert held >= 0.85 * TRIES
    assert (stretched == TRIES) == (diameter_um >= 500)


def test_a_pick_of_both_waves_is_one_of_a0():
    sender = Sender()
    plain = sender.hit(UNIX_US, (30.0, -20.0), 0.2)
    both = sender.hit(UNIX_US, (30.0, -20.0), 0.2, picked_s0=0xFF)
    one, other = [
        read_impact(packet, WINDOW, sigma_us=WAVEFORM_SIGMA_US, picks=True, faulty=())
        for packet in (plain, both)
    ]
    assert other.localised
    assert (other.x_mm, other.y_mm, other.ellipse_mm) == (one.x_mm, one.y_mm, one.ellipse_mm)
