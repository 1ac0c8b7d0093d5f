"""Event tables and unit windows for tests of the world."""

from copy import deepcopy

from firmware.sensors.simulated import SimulatedWindow
from firmware.world.world import World

SECOND = 1_000_000

_TABLE = {
    "version": 1,
    "seed": 20251105,
    "epoch_us": 184_377_600_000_000,
    "duration_us": 900 * SECOND,
    "window": {
        "radius_um": 130_000,
        "ring_um": 120_000,
        "thickness_um": [14_000, 12_000, 12_000],
        "gap_mm3": [1_000_000, 1_000_000],
        "vented": [1, 0],
        "cabin_mm3": 6_000_000_000,
        "velocity_mm_s": 3_690_000,
    },
    "events": [],
}


def table(*events, **top):
    """An event table with these events."""
    made = deepcopy(_TABLE)
    made["events"] = [list(event) for event in sorted(events)]
    made.update(top)
    return made


def world(*events, apid=1, **top):
    return World(table(*events, **top), apid)


def window(*events, apid=1, **top):
    return SimulatedWindow(world(*events, apid=apid, **top))


def captured(*events, apid=1, until_s=2, **top):
    """The first capture of a fresh window with these events."""
    sensors = window(*events, apid=apid, **top)
    sensors.advance(until_s * SECOND)
    return sensors.capture()


def readings(sensors, first_s, last_s):
    """Slow readings at each second of first … last, as six columns."""
    rows = []
    for second in range(first_s, last_s + 1):
        sensors.advance(second * SECOND)
        out = [0] * 6
        sensors.read_slow(out)
        rows.append(out)
    return list(zip(*rows, strict=True))
