"""A window in orbit in floating point, apart from the firmware's integer world."""

import math
from collections.abc import Callable, Iterator

import numpy as np

T0_US = 1_762_214_400_000_000


def housekeeping(
    seconds: int,
    *,
    seed: int = 1,
    lag_s: float = 60.0,
    tau_s: Callable[[float], float] = lambda _: math.inf,
    cabin_tau_s: Callable[[float], float] = lambda _: math.inf,
    heat_k: Callable[[float], tuple[float, float, float]] = lambda _: (0.0, 0.0, 0.0),
    phase: float = 0.0,
    noise_pa: float = 20.0,
    noise_k: float = 0.05,
) -> Iterator[tuple[int, dict[str, float]]]:
    """1 Hz: (time µs, values) with a gap 2 and a cabin whose τ may change with time.

    Outer ±30 K, middle ±8 K, inner ±2 K over 5520 s; `heat_k` adds to the panes.
    """
    rng = np.random.default_rng(seed)

    def glass(t: float) -> np.ndarray:
        swing = math.sin(phase + math.tau * t / 5520)
        return np.array([283.0, 290.0, 294.0]) + np.array([30, 8, 2]) * swing + heat_k(t)

    ahead = glass(-1000.0)
    gap = cabin = 0.0
    for t in range(-1000, 0):
        ahead = glass(t)
        start = t == -1000
        gap = (
            (ahead[1] + ahead[2]) / 2 if start else gap + ((ahead[1] + ahead[2]) / 2 - gap) / lag_s
        )
        cabin = ahead[2] if start else cabin + (ahead[2] - cabin) / lag_s
    amount_gap, amount_cabin = 101_325 / gap, 101_325 / cabin
    noise = rng.normal(0, 1, (seconds, 6))
    for t in range(seconds):
        now = glass(t)
        gap += ((now[1] + now[2]) / 2 - gap) * (1 - math.exp(-1 / lag_s))
        cabin += (now[2] - cabin) * (1 - math.exp(-1 / lag_s))
        amount_gap *= math.exp(-1 / tau_s(t))
        amount_cabin *= math.exp(-1 / cabin_tau_s(t))
        pressures = np.array([0.0, amount_gap * gap, amount_cabin * cabin])
        pressures = np.maximum(0.0, np.round(pressures + noise[t, :3] * noise_pa, 1))
        glass_c = np.round(now - 273.15 + noise[t, 3:] * noise_k, 3)
        names = ("p_gap1", "p_gap2", "p_cabin", "t_outer", "t_middle", "t_inner")
        values = dict(zip(names, (*pressures.tolist(), *glass_c.tolist()), strict=True))
        yield T0_US + t * 1_000_000, values
