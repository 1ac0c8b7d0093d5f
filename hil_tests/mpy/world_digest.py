"""Plays a quarter of an hour of the world and prints what came out; runs on every Python."""

import binascii
import hashlib

from firmware.detector.health import Health
from firmware.detector.hit import Detector
from firmware.sensors.simulated import SimulatedWindow
from firmware.world.world import World
from hil_tests.mpy.world_table import DURATION_US, TABLE

STEP_US = 20000


def play():
    world = World(TABLE, 2047)
    window = SimulatedWindow(world)
    health, detector, slow = Health(), Detector(), [0] * 6
    readings, waves, features = hashlib.sha256(), hashlib.sha256(), hashlib.sha256()
    impacts = changes = 0
    for t_us in range(0, DURATION_US, STEP_US):
        window.advance(t_us)
        if t_us % 1000000 == 0:
            window.read_slow(slow)
            readings.update(repr((slow, window.crossings)).encode())
            changes += len(health.feed(slow, window.crossings, window.crossing_interval_s()))
        if capture := window.capture():
            impacts += detector.detect(capture) >= 3
            waves.update(capture.samples)
            window.release()
            features.update(repr([sorted(h.__dict__.items()) for h in detector.hits]).encode())
    print("impacts", impacts, "health", changes, health.sensor_health, health.ae_health)
    print("slow", slow, "crossings", window.crossings)
    for name, digest in (("readings", readings), ("waves", waves), ("features", features)):
        print(name, binascii.hexlify(digest.digest()).decode())


if __name__ == "__main__":
    play()
