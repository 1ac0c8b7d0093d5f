"""Pressure and temperature sensors: their noise and their faults."""

from firmware.world.faults import DEAD, DRIFT, NOISY, SLOW, STUCK
from firmware.world.rng import Rng

PRESSURES = 3
NAMES = ("p_gap1", "p_gap2", "p_cabin", "t_outer", "t_middle", "t_inner")
SIGMA = (200, 200, 200, 50, 50, 50)  # 20 Pa in 0.1 Pa, 0.05 K in m°C
DEAD_READING = (0, 0, 0, -200000, -200000, -200000)  # the low end of each sensor's range
DRIFT_PER_S = (-50, -50, -50, 20, 20, 20)
NOISIER = 10

_STREAM = 16
_REFERENCE_STREAM = 24
_REFERENCE_QUIETER = 4  # averaged over 16 readings


class SlowSensors:
    """Six readings: p_gap1 p_gap2 p_cabin in 0.1 Pa, t_outer t_middle t_inner in m°C."""

    def __init__(self, world):
        self._world = world
        self._rngs = [Rng(world.seed, world.apid, _STREAM + i) for i in range(SLOW)]
        self._last = [None] * SLOW
        self._reference = Rng(world.seed, world.apid, _REFERENCE_STREAM)

    def read(self, out):
        """Write the six readings of now into `out`; pressures are never negative on the wire."""
        for i in range(SLOW):
            value = self._read(i)
            self._last[i] = out[i] = max(0, value) if i < PRESSURES else value

    def reference(self, out):
        """What each sensor reads too much, measured at its own reference (a shunted bridge)."""
        for i in range(SLOW):
            offset = self._reference.normal(SIGMA[i] // _REFERENCE_QUIETER)
            kind, since_us = self._world.faults[i] or (None, 0)
            if kind == DRIFT:
                offset += DRIFT_PER_S[i] * (self._world.now_us - since_us) // 1000000
            out[i] = offset

    def _read(self, i):
        world = self._world
        if i < PRESSURES:
            value = world.pressure_dpa(i)
        else:
            value = world.temperature_mc(i - PRESSURES)
        noise = self._rngs[i].normal(SIGMA[i])
        kind, since_us = world.faults[i] or (None, 0)
        if kind == DEAD:
            return DEAD_READING[i]
        if kind == STUCK and self._last[i] is not None:
            return self._last[i]
        if kind == DRIFT:
            value += DRIFT_PER_S[i] * (world.now_us - since_us) // 1000000
        elif kind == NOISY:
            noise *= NOISIER
        return value + noise
