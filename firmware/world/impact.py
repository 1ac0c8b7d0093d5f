"""What an impact or a pencil-lead break does at the six acoustic sensors.

Peak amplitude ∝ impulse: 1.6e-6 N·s (a pencil-lead break) gives 95 dB_AE at 100 mm; an impact gives
β·p with β = 2 and p the momentum along the pane's normal. A plate wave spreads as 1/√r. Sensors sit
on the outer pane's inner face; other panes are 30 dB lower.
"""

from firmware.world.fixed import cosine_q30, isqrt

DELAY_PER_US = 640  # delays count in 1/256 of a 0.4 µs sample
PENCIL_LEAD_BREAK = 1600000000000000  # 1.6e-6 N·s in 1e-21 N·s

_BREAK_NV = 56234133  # 95 dB_AE
_REFERENCE_UM = 100000
_NEAREST_UM = 10000  # closer than the plate is thick, 1/√r means nothing
_BETWEEN_PANES_NUM, _BETWEEN_PANES_DEN = 31623, 1000  # 30 dB


def momentum_impulse(diameter_um, speed_mm_s, density_kg_m3, angle_mdeg):
    """Impulse 2·m·v·cosθ of a sphere in 1e-21 N·s."""
    straight = density_kg_m3 * diameter_um * diameter_um * diameter_um * speed_mm_s
    cosine = cosine_q30((angle_mdeg << 32) // 360000)
    return (straight * 1047197551 // 1000000000) * max(0, cosine) >> 30  # π/3 = 2·π/6


def sensor_positions_um(ring_um):
    """Sensor k at 60°·(k−1) on the ring: six (x, y)."""
    half = ring_um >> 1
    high = isqrt(3 * ring_um * ring_um) >> 1
    return [(ring_um, 0), (half, high), (-half, high), (-ring_um, 0), (-half, -high), (half, -high)]


class Strike:
    """One source, as each sensor will feel it."""

    def __init__(self, window, t_us, pane, x_um, y_um, impulse):
        self.t_us = t_us
        self.delay = []  # from t_us, in 1/640 µs
        self.amplitude_nv = []  # at the sensor
        spread = 1 if pane == 0 else _BETWEEN_PANES_DEN
        loss = 1 if pane == 0 else _BETWEEN_PANES_NUM
        for sx_um, sy_um in sensor_positions_um(window["ring_um"]):
            dx, dy = x_um - sx_um, y_um - sy_um
            r_um = isqrt(dx * dx + dy * dy)
            root_q16 = isqrt((_REFERENCE_UM << 32) // max(r_um, _NEAREST_UM))
            nv = _BREAK_NV * impulse * root_q16 * spread // (PENCIL_LEAD_BREAK * loss << 16)
            self.delay.append(r_um * DELAY_PER_US * 1000 // window["velocity_mm_s"])
            self.amplitude_nv.append(nv)
