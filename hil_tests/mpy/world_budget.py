"""Prints what the simulated window and the detector cost on MicroPython."""

import gc
import time

from hil_tests.mpy.world_table import TABLE

gc.collect()
before = gc.mem_alloc()

from firmware.detector.health import Health  # noqa: E402
from firmware.detector.hit import Detector  # noqa: E402
from firmware.sensors.simulated import SimulatedWindow  # noqa: E402
from firmware.world.world import World  # noqa: E402

window, health, detector = SimulatedWindow(World(TABLE, 1)), Health(), Detector()
window.advance(16000000)
start = time.ticks_us()
assert detector.detect(window.capture()) == 6
print("impact_us", time.ticks_diff(time.ticks_us(), start))
window.release()
gc.collect()
print("heap_bytes", gc.mem_alloc() - before)
