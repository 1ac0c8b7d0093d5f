"""Leaks of one window's volumes: P/T watched, onset, rate, hole, time left."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from ground.fleet import Window
from ground.model import Leak, PacketId, UnitKey
from ground.monitor.decay import Decay
from ground.monitor.gas_temperature import NOMINAL, GasTemperature
from ground.monitor.volume import WINDOW_S, Found, Sample, Volume
from ground.physics.gas import fall_time_s, hole_m, reserve_s

ZERO_CELSIUS_K: Final = 273.15
LONGEST_GAP_S: Final = 300.0
"""After a longer silence the gas temperature starts anew."""
SCALE_UNCERTAINTY: Final = 0.02
"""Relative, of τ: gauge scale and gas temperature, beside the fit's own."""
GOOD_FIT: Final = 0.01
"""A fit with a larger relative σ replaces none that was better."""
THERMAL_K: Final = 1.0
"""Change of a gas temperature within 60 s; the orbit makes 0.35 K."""
THERMOMETERS: Final = ("t_outer", "t_middle", "t_inner")
BEHIND: Final[Mapping[str, tuple[int, ...]]] = {"gap1": (0, 1), "gap2": (1, 2), "cabin": (2,)}
"""Rows of THERMOMETERS around each volume."""


@dataclass(frozen=True, slots=True)
class Shown:
    """Something that a volume shows for the first time."""

    volume: str
    verdict: str
    """leak, sensor_fault, thermal or undetermined."""
    time_us: int
    sigma_s: float
    """Uncertainty of the time."""
    evidence: tuple[PacketId, ...]
    sensor: str = ""


class LeakMonitor:
    """Watches every closed volume of one window."""

    def __init__(self, unit: UnitKey, window: Window, cabin_m3: float) -> None:
        self._unit = unit
        sizes = {"gap1": window.gap_l[0] * 1e-3, "gap2": window.gap_l[1] * 1e-3, "cabin": cabin_m3}
        open_gaps = {f"gap{i + 1}" for i, vented in enumerate(window.vented) if vented}
        self._size_m3 = {v: m3 for v, m3 in sizes.items() if v not in open_gaps}
        self.volumes = {
            name: Volume({r: THERMOMETERS[r] for r in BEHIND[name]}, steady=name == "cabin")
            for name in self._size_m3
        }
        self._gas: GasTemperature | None = None
        self._base_us = self._base_utc_us = self._time_us = 0
        self.utc_us = 0
        """UTC of the newest sample."""
        self._heat: dict[str, deque[tuple[float, float, PacketId]]] = {
            v: deque() for v in self._size_m3
        }
        self._warming: set[str] = set()
        self.leaks: list[Leak] = []
        """Every leak so far; the newest of a volume is the one that may be active."""
        self._best: dict[str, tuple[float, Leak]] = {}
        """Of each volume's newest leak: the best relative σ, and what it gave."""

    def update(
        self,
        time_us: int,
        utc_us: int,
        values: Mapping[str, float],
        faulty: Mapping[str, str],
        packet: PacketId,
    ) -> list[Shown]:
        """Take the engineering values of a housekeeping packet newer than any before.

        `time_us` is the unit's own clock, which rates are measured by; `utc_us` the same moment.
        """
        glass_k = np.array([values[name] + ZERO_CELSIUS_K for name in THERMOMETERS])
        if self._gas is None or not 0 < time_us - self._time_us <= LONGEST_GAP_S * 1e6:
            self._base_us, self._base_utc_us = time_us, utc_us
            self._gas = GasTemperature(0.0, glass_k)
            self._restart()
        else:
            self._gas.follow((time_us - self._base_us) / 1e6, glass_k)
        self._time_us, self.utc_us = time_us, utc_us
        time_s = (time_us - self._base_us) / 1e6
        gas_k = self._gas.gas_k
        healthy = {r for r, name in enumerate(THERMOMETERS) if name not in faulty}
        shown: list[Shown] = []
        for name, volume in self.volumes.items():
            pressure = values[f"p_{name}"]
            if f"p_{name}" in faulty:
                volume.clear()
            elif pressure > 0:
                sample = Sample(time_s, pressure, gas_k, packet)
                shown += self._watch(name, volume, sample, healthy)
        return shown

    def newest(self, volume: str) -> Leak:
        """The newest leak of a volume that has one."""
        return self.leaks[self._newest(volume)]

    def withdraw(self, volume: str) -> None:
        """Another gauge in the same gas disagrees: that was no leak."""
        self.volumes[volume].leaking = None
        self.volumes[volume].clear()
        del self.leaks[self._newest(volume)]

    def _utc(self, time_s: float) -> int:
        """UTC of a moment in seconds since the first sample; the unit may run at another speed."""
        elapsed_us = self._time_us - self._base_us
        rate = (self.utc_us - self._base_utc_us) / elapsed_us if elapsed_us else 1.0
        return self.utc_us + round((time_s * 1e6 - elapsed_us) * rate)

    def _restart(self) -> None:
        for name, volume in self.volumes.items():
            volume.restart()
            self._heat[name].clear()
        self._warming.clear()

    def _watch(
        self, name: str, volume: Volume, sample: Sample, healthy: set[int]
    ) -> Iterator[Shown]:
        was_leaking = volume.leaking is not None
        found = volume.add(sample, healthy)
        if found is not None:
            if found.verdict == "leak" and volume.fit is not None:
                self._open(name, found, volume.fit)
            onset_us = self._utc(found.onset.onset_s)
            yield Shown(
                name, found.verdict, onset_us, found.onset.sigma_s, found.evidence, found.sensor
            )
        elif was_leaking:
            self._follow(name, volume)
        elif self._heats(name, sample, healthy):
            first = self._heat[name][0]
            yield Shown(name, "thermal", self._utc(first[0]), WINDOW_S, (first[2], sample.packet))

    def _heats(self, name: str, sample: Sample, healthy: set[int]) -> bool:
        """True when the gas begins to change its temperature faster than the orbit does."""
        rows = [r for r in BEHIND[name] if r in healthy]
        if not rows:
            return False
        past = self._heat[name]
        gas_k = sum(float(sample.gas_k[r, NOMINAL]) for r in rows) / len(rows)
        past.append((sample.time_s, gas_k, sample.packet))
        while sample.time_s - past[0][0] > WINDOW_S:
            past.popleft()
        moved = abs(gas_k - past[0][1])
        if name in self._warming:
            if moved < THERMAL_K / 2:
                self._warming.discard(name)
            return False
        if moved >= THERMAL_K:
            self._warming.add(name)
            return True
        return False

    def _open(self, name: str, found: Found, fit: Decay) -> None:
        self._best.pop(name, None)
        self.leaks.append(
            Leak(
                self._unit,
                name,
                self._utc(found.onset.onset_s),
                rate_pa_s=0.0,
                sigma_pa_s=0.0,
                hole_mm=0.0,
                tau_s=0.0,
                half_s=None,
                reserve_s=None,
                active=True,
                packets=found.evidence,
            )
        )
        self._write(name, fit, found.onset.level_pa)

    def _follow(self, name: str, volume: Volume) -> None:
        if volume.leaking is None:
            self.leaks[self._newest(name)] = replace(self._best[name][1], active=False)
        elif volume.fit is not None:
            self._write(name, volume.fit, volume.leaking.onset.level_pa)

    def _newest(self, name: str) -> int:
        return max(i for i, leak in enumerate(self.leaks) if leak.volume == name)

    def _write(self, name: str, fit: Decay, onset_pa: float) -> None:
        relative = fit.sigma_per_s / fit.rate_per_s
        best = self._best[name][0] if name in self._best else math.inf
        if relative > max(GOOD_FIT, 1.2 * best):
            return
        doubt = 2 * (relative**2 + SCALE_UNCERTAINTY**2) ** 0.5
        taus = [1 / (fit.rate_per_s * (1 + d)) for d in (doubt, 0.0, -doubt)]
        cabin = name == "cabin"
        half = [fall_time_s(2.0, 1.0, tau) for tau in taus]
        reserve = [reserve_s(fit.level_pa, tau) for tau in taus]
        index = self._newest(name)
        self.leaks[index] = replace(
            self.leaks[index],
            rate_pa_s=onset_pa * fit.rate_per_s,
            sigma_pa_s=onset_pa * fit.sigma_per_s,
            hole_mm=hole_m(self._size_m3[name], taus[1]) * 1e3,
            tau_s=taus[1],
            half_s=None if cabin else (half[0], half[1], half[2]),
            reserve_s=(reserve[0], reserve[1], reserve[2]) if cabin else None,
        )
        if relative <= best:
            self._best[name] = (relative, self.leaks[index])
