"""Leaks of one window's volumes: P/T watched, onset, rate, hole, time left."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ground.fleet import Window
from ground.model import Leak, PacketId, UnitKey
from ground.monitor.across import BREAK_S, Across, Before, Fall
from ground.monitor.columns import Columns
from ground.monitor.decay import Decay
from ground.monitor.gas_temperature import THERMOMETERS, GasLook, GasTemperature
from ground.monitor.heat import Heat
from ground.monitor.leak_figures import with_figures, without_figures
from ground.monitor.running_slope import Slopes
from ground.monitor.sensors import STUCK_SAMPLES
from ground.monitor.volume import (
    BOOT,
    COLUMNS,
    GAS,
    PRESSURE,
    RECORD,
    TIME,
    WINDOW_S,
    Found,
    Volume,
    leading,
    packet_ids,
)
from ground.monitor.window import Floats

ZERO_CELSIUS_K: Final = 273.15
LONGEST_GAP_S: Final = 300.0
"""After a longer silence the gas temperature starts anew."""
GOOD_FIT: Final = 0.01
"""A fit with a larger relative σ replaces none that was better."""
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
    fall: Fall | None = None
    """For a pressure that fell while nobody saw it."""


@dataclass(slots=True)
class LeakLook:
    """What samples amount to that show nothing."""

    count: int
    time_us: NDArray[np.int64]
    gas: GasLook
    volumes: dict[str, tuple[Floats, Slopes, Sequence[int]]] = field(default_factory=dict)
    """Of each volume whose gauge can be trusted; the last are the thermometers that can be."""


class LeakMonitor:
    """Watches every closed volume of one window."""

    def __init__(self, unit: UnitKey, window: Window, cabin_m3: float) -> None:
        self._unit = unit
        sizes = {"gap1": window.gap_l[0] * 1e-3, "gap2": window.gap_l[1] * 1e-3, "cabin": cabin_m3}
        open_gaps = {f"gap{i + 1}" for i, vented in enumerate(window.vented) if vented}
        self._size_m3 = {v: m3 for v, m3 in sizes.items() if v not in open_gaps}
        self.volumes = {
            name: Volume(unit, {r: THERMOMETERS[r] for r in BEHIND[name]}, steady=name == "cabin")
            for name in self._size_m3
        }
        self._gas: GasTemperature | None = None
        self._base_us = self._base_utc_us = self._time_us = 0
        self.utc_us = 0
        """UTC of the newest sample."""
        self._trusted: set[int] = _healthy({})
        """Thermometers that were healthy in the newest sample."""
        self._heat = {v: Heat() for v in self._size_m3}
        self._across = {v: Across(unit, BEHIND[v]) for v in self._size_m3}
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
        held: Collection[str] = (),
    ) -> list[Shown]:
        """Take the engineering values of a housekeeping packet newer than any before.

        `time_us` is the unit's own clock, which rates are measured by; `utc_us` the same moment.
        What gauges show that are `held`, faulty until they are tested, is kept for afterwards: of
        one that is good again a leak meanwhile is then known at once, with its true onset.
        """
        glass_k = np.array([values[name] + ZERO_CELSIUS_K for name in THERMOMETERS])
        healthy = _healthy(faulty)
        shown: list[Shown] = []
        if self._gas is not None and not 0 < time_us - self._time_us <= BREAK_S * 1e6:
            for name in self.volumes:
                shown += self._part(name)
        if self._gas is None or not 0 < time_us - self._time_us <= LONGEST_GAP_S * 1e6:
            self._base_us, self._base_utc_us = time_us, utc_us
            self._gas = GasTemperature(0.0, glass_k)
            self._restart()
        else:
            self._gas.follow((time_us - self._base_us) / 1e6, glass_k)
            for row in healthy - self._trusted:
                self._gas.restart(row)
        self._trusted = healthy
        self._time_us, self.utc_us = time_us, utc_us
        time_s = (time_us - self._base_us) / 1e6
        sample = np.empty(COLUMNS)
        sample[TIME], sample[BOOT], sample[RECORD] = time_s, packet.boot, packet.record
        sample[GAS:] = self._gas.gas_k
        for name, volume in self.volumes.items():
            pressure = values[f"p_{name}"]
            sample[PRESSURE] = pressure
            if f"p_{name}" in held and pressure > 0 and volume.leaking is None:
                volume.keep(sample, healthy)
            elif f"p_{name}" in faulty:
                shown += self._part(name, STUCK_SAMPLES)
                volume.clear()
            elif pressure > 0:
                shown += self._watch(name, volume, sample)
                if self._across[name].waits:
                    shown += self._compare(name, sample, glass_k)
        return shown

    def look(self, run: Columns, faulty: Mapping[str, str]) -> LeakLook | None:
        """How many samples, each newer than any before, show nothing; None: not even the first."""
        if self._gas is None:
            return None
        step_us = np.diff(run.time_us, prepend=self._time_us)
        count = leading((step_us > 0) & (step_us <= BREAK_S * 1e6))
        pressures = {v: run.value(f"p_{v}") for v in self.volumes if f"p_{v}" not in faulty}
        if any(self._across[volume].waits for volume in pressures):
            return None
        for pressure in pressures.values():
            count = min(count, leading(pressure > 0))
        if count == 0:
            return None
        time_s = (run.time_us[:count] - self._base_us) / 1e6
        glass_k = np.stack([run.value(t)[:count] + ZERO_CELSIUS_K for t in THERMOMETERS], axis=1)
        look = LeakLook(count, run.time_us, self._gas.look(time_s, glass_k))
        healthy = _healthy(faulty)
        for name, pressure in pressures.items():
            samples = np.empty((count, COLUMNS))
            samples[:, TIME], samples[:, BOOT] = time_s, run.boot
            samples[:, RECORD], samples[:, PRESSURE] = run.record[:count], pressure[:count]
            samples[:, GAS:] = look.gas.gas_k
            quiet, slopes = self.volumes[name].look(samples, healthy)
            around = _around(name, healthy)
            cool = self._heat[name].look(samples, around)
            look.volumes[name] = (samples, slopes, around)
            look.count = min(look.count, quiet, cool)
        return look if look.count else None

    def take(self, look: LeakLook, utc_us: int) -> None:
        """Take the first `look.count` samples; `utc_us` is that of the last of them."""
        assert self._gas is not None
        self._gas.take(look.gas, look.count)
        self._time_us, self.utc_us = int(look.time_us[look.count - 1]), utc_us
        for name, volume in self.volumes.items():
            if name not in look.volumes:
                volume.clear()
                continue
            samples, slopes, around = look.volumes[name]
            volume.take(samples, slopes, look.count)
            self._heat[name].take(samples[: look.count], around)

    def newest(self, volume: str) -> Leak:
        """The newest leak of a volume that has one."""
        return self.leaks[self._newest(volume)]

    def withdraw(self, volume: str) -> None:
        """Another gauge in the same gas disagrees: that was no leak."""
        self.volumes[volume].leaking = None
        self.volumes[volume].clear()
        del self.leaks[self._newest(volume)]

    def join(self, volume: str, other: tuple[UnitKey, int]) -> None:
        """Another gauge in the same gas has shown this leak before: unit and onset there."""
        index = self._newest(volume)
        self.leaks[index] = replace(self.leaks[index], same_as=other)
        if volume in self._best:
            relative, best = self._best[volume]
            self._best[volume] = relative, replace(best, same_as=other)

    def _utc(self, time_s: float) -> int:
        """UTC of a moment in seconds since the first sample; the unit may run at another speed."""
        elapsed_us = self._time_us - self._base_us
        rate = (self.utc_us - self._base_utc_us) / elapsed_us if elapsed_us else 1.0
        return self.utc_us + round((time_s * 1e6 - elapsed_us) * rate)

    def _restart(self) -> None:
        for name, volume in self.volumes.items():
            volume.restart()
            self._heat[name].restart()

    def _watch(self, name: str, volume: Volume, sample: Floats) -> Iterator[Shown]:
        was_leaking = volume.leaking is not None
        found = volume.add(sample, self._trusted)
        if found is not None:
            if found.verdict == "leak" and volume.fit is not None:
                self._open(name, found, volume.fit)
            onset_us = self._utc(found.onset.onset_s)
            yield Shown(
                name, found.verdict, onset_us, found.onset.sigma_s, found.evidence, found.sensor
            )
        elif was_leaking:
            self._follow(name, volume)
        elif (first := self._heat[name].add(sample, _around(name, self._trusted))) is not None:
            ids = packet_ids(self._unit, np.stack((first[: RECORD + 1], sample[: RECORD + 1])))
            yield Shown(name, "thermal", self._utc(float(first[TIME])), WINDOW_S, ids)

    def _part(self, name: str, back: int = 0) -> Iterator[Shown]:
        """A volume is not seen any more; its newest samples but so many are what it was."""
        volume = self.volumes[name]
        if volume.leaking is not None:
            self._across[name].forget()
        else:
            before = Before(volume.seen(back), self.utc_us, tuple(self._trusted))
            yield from _fallen(name, self._across[name].part(before))

    def _compare(self, name: str, sample: Floats, glass_k: Floats) -> Iterator[Shown]:
        if self.volumes[name].leaking is not None:
            self._across[name].forget()
            return
        fall = self._across[name].add(sample, glass_k, self.utc_us, self._trusted)
        yield from _fallen(name, fall)

    def _open(self, name: str, found: Found, fit: Decay) -> None:
        self._best.pop(name, None)
        onset_us = self._utc(found.onset.onset_s)
        self.leaks.append(without_figures(self._unit, name, onset_us, found.evidence))
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
        index = self._newest(name)
        leak = self.leaks[index]
        self.leaks[index] = with_figures(leak, fit, onset_pa, self._size_m3[name])
        if relative <= best:
            self._best[name] = (relative, self.leaks[index])


def _fallen(volume: str, fall: Fall | None) -> Iterator[Shown]:
    if fall is not None:
        yield Shown(volume, "undetermined", fall.utc_us, fall.unseen_s, fall.evidence, fall=fall)


def _healthy(faulty: Mapping[str, str]) -> set[int]:
    """Rows of thermometers that can be trusted."""
    return {row for row, name in enumerate(THERMOMETERS) if name not in faulty}


def _around(volume: str, healthy: set[int]) -> Sequence[int]:
    """Those around a volume."""
    return [row for row in BEHIND[volume] if row in healthy]
