"""Plays a quarter of an hour of the world and prints what came out; runs on every Python."""

import binascii
import hashlib

from firmware.detector.health import Health
from firmware.detector.hit import detect, new_hits
from firmware.sensors.simulated import SimulatedWindow
from firmware.world.world import World

STEP_US = 20000
DURATION_US = 900000000
TABLE = {
    "version": 1,
    "seed": 0xFEDCBA9876543210,
    "epoch_us": 184377600000000,
    "duration_us": DURATION_US,
    "window": {
        "radius_um": 130000,
        "ring_um": 120000,
        "thickness_um": [14000, 12000, 12000],
        "gap_mm3": [1000000, 1000000],
        "vented": [1, 0],
        "cabin_mm3": 110000000000,
        "velocity_mm_s": 3690000,
    },
    "events": [
        [15000000, "impact", 0, 95000, -62000, 250, 10000000, 2700, 0],
        [15000400, "impact", 0, -95000, 62000, 50, 10000000, 2700, 30000],
        [20000000, "thermal", 1, 5000, 60000000],
        [30000000, "leak", 1, 100],
        [40000000, "pencil_lead_break", 30000, 20000],
        [50000000, "impact", 1, -10000, 3000, 800, 15500000, 7900, 0],
        [60000000, "impact", 0, 118000, 0, 4, 10000000, 2700, 0],
        [90000000, "sensor_fault", 13, 3],
        [95000000, "sensor_fault", 13, 1],
        [99000000, "sensor_fault", 8, 2],
        [100000000, "sensor_fault", 0, 0],
        [100000000, "sensor_fault", 1, 1],
        [100000000, "sensor_fault", 3, 2],
        [100000000, "sensor_fault", 4, 3],
        [300000000, "impact", 0, -70001, 70001, 20, 7123457, 2500, 44444],
        [400000000, "leak", 2, 5000],
    ],
}


def play():
    world = World(TABLE, 2047)
    window = SimulatedWindow(world)
    health, hits, slow = Health(), new_hits(), [0] * 6
    readings, waves, features = hashlib.sha256(), hashlib.sha256(), hashlib.sha256()
    impacts = changes = 0
    for t_us in range(0, DURATION_US, STEP_US):
        window.advance(t_us)
        if t_us % 1000000 == 0:
            window.read_slow(slow)
            readings.update(repr((slow, window.crossings)).encode())
            changes += len(health.feed(slow, window.crossings))
        if capture := window.capture():
            impacts += detect(capture, hits) >= 3
            waves.update(capture.samples)
            window.release()
            features.update(repr([sorted(h.__dict__.items()) for h in hits]).encode())
    print("impacts", impacts, "health", changes, health.sensor_health, health.ae_health)
    print("slow", slow, "crossings", window.crossings)
    for name, digest in (("readings", readings), ("waves", waves), ("features", features)):
        print(name, binascii.hexlify(digest.digest()).decode())


if __name__ == "__main__":
    play()
