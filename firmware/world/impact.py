"""What an impact or a pencil-lead break does at the six acoustic sensors.

Peak amplitude ∝ impulse: 1.6e-6 N·s (a pencil-lead break) gives 95 dB_AE at 100 mm; an impact gives
β·p with β = 2 and p the momentum along the pane's normal. A plate wave spreads as 1/√r and comes
again from the nearest and the farthest point of the edge. Sensors sit on the outer pane's inner
face; other panes are 30 dB lower.
"""

from firmware.world.dispersion import MODES, NOMINAL_MM_S, REFLECTED, S0, WEIGHT_BITS
from firmware.world.fixed import cosine_q30, isqrt, sine_q30

DELAY_PER_US = 640  # delays count in 1/256 of a 0.4 µs sample
PENCIL_LEAD_BREAK = 1600000000000000  # 1.6e-6 N·s in 1e-21 N·s
PULSE = PENCIL_LEAD_BREAK // 10  # a sensor's own, in a self-test: 75 dB_AE at 100 mm
NO_PULSE = -1
MAIN = 1  # of MODES: the one whose arrival is called the wave's

_BREAK_NV = 56234133  # 95 dB_AE
_REFERENCE_UM = 100000
_NEAREST_UM = 10000  # closer than the plate is thick, 1/√r means nothing
_BETWEEN_PANES_NUM, _BETWEEN_PANES_DEN = 31623, 1000  # 30 dB
_EDGE_POINTS = 24  # a path by the edge is then known to 1 mm


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
    """One source, as each sensor will feel it.

    `waves[k]` lists what reaches sensor k: (delay from t_us in 1/640 µs, share of amplitude_nv[k]
    in 1/1024, kHz); `delay[k]` is that of A0's strongest band, `ahead[k]` that of S0.
    """

    def __init__(self, window, t_us, pane, x_um, y_um, impulse):
        self.t_us = t_us
        self.delay = []
        self.ahead = []
        self.amplitude_nv = []  # at the sensor
        self.waves = []
        self.pulse = NO_PULSE
        loss = _BETWEEN_PANES_NUM if pane else _BETWEEN_PANES_DEN
        edge = _edge_um(window["radius_um"])
        for sx_um, sy_um in sensor_positions_um(window["ring_um"]):
            r_um = _distance_um(x_um - sx_um, y_um - sy_um)
            root_q16 = _spreading_q16(r_um)
            nv = _BREAK_NV * impulse * root_q16 * _BETWEEN_PANES_DEN
            self.amplitude_nv.append(nv // (PENCIL_LEAD_BREAK * loss << 16))
            waves = [
                (_delay(r_um, velocity, window), weight, khz) for khz, velocity, weight in MODES
            ]
            by_edge = [
                _distance_um(x_um - ex, y_um - ey) + _distance_um(sx_um - ex, sy_um - ey)
                for ex, ey in edge
            ]
            khz, velocity, weight = REFLECTED
            for path_um in (min(by_edge), max(by_edge)):
                waves.append(
                    (
                        _delay(path_um, velocity, window),
                        weight * _spreading_q16(path_um) // root_q16,
                        khz,
                    )
                )
            self.delay.append(waves[MAIN][0])
            self.ahead.append(waves[S0][0])
            self.waves.append(waves)


def share_nv(amplitude_nv, weight):
    """A share of an amplitude."""
    return amplitude_nv * weight >> WEIGHT_BITS


def _distance_um(dx, dy):
    return isqrt(dx * dx + dy * dy)


def _spreading_q16(r_um):
    """Amplitude at a distance, beside that at 100 mm."""
    return isqrt((_REFERENCE_UM << 32) // max(r_um, _NEAREST_UM))


def _delay(r_um, velocity_mm_s, window):
    return r_um * DELAY_PER_US * 1000 * NOMINAL_MM_S // (velocity_mm_s * window["velocity_mm_s"])


def _edge_um(radius_um):
    """Points of the pane's edge."""
    turns = [(i << 32) // _EDGE_POINTS for i in range(_EDGE_POINTS)]
    return [
        (radius_um * cosine_q30(turn) >> 30, radius_um * sine_q30(turn) >> 30) for turn in turns
    ]
