"""Does one closed volume lose gas? A watch over P/T of a gap or the cabin.

A fall counts when every lag, and every way the gas may hang on its thermometers, leaves a slope of
5σ over 60 s: whatever temperature can explain, it is given.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ground.model import PacketId, UnitKey
from ground.monitor.decay import Decay, Floats, Hinge, decay, hinge, noise_pa, slopes, step
from ground.monitor.gas_temperature import LAGS_S, NOMINAL, THERMOMETERS, start_drift_k_s
from ground.monitor.running_slope import RunningSlope, Slopes
from ground.monitor.window import Window

NOISE_PA: Final = 20.0
"""Standard deviation of a healthy pressure sensor."""
WINDOW_S: Final = 60.0
KEEP_S: Final = 180.0
"""How far back an onset is sought."""
SIGMAS: Final = 5.0
FEWEST: Final = 8
CONFIRM_SAMPLES: Final = 4
END_SAMPLES: Final = 10
MISSING_PA_S: Final = {"all": 0.0, "some": 1.5, "none": 5.0}
"""What the orbit's heat may do to P/T, by the thermometers that are healthy."""
EMPTY: Final = 0.02
"""A volume emptied so far no longer falls, and leaks all the same."""
STEP_LEFT: Final = 0.1
"""A single step that leaves more than this of the pressure is no hole in a pane."""
STEP_CHI2: Final = 25.0
"""So much better must a step explain the fall than a decay does."""
DISAGREE_PA_S: Final = 2.0
"""Slope of P/T without one thermometer against that with all: the orbit makes 1.2 of it."""
LOWEST_PA: Final = 10 * NOISE_PA
"""Below this the logarithm of a noisy pressure is biased."""
REFERENCE_K: Final = 293.15
MOST_EVIDENCE: Final = 64
AGAIN_S: Final = 0.25
"""So long what is innocent is not examined again, nor a leak fitted, however many samples come."""
MOST_FITTED: Final = 1024
"""A fit takes so many samples; of more, the means of neighbours."""


TIME, BOOT, RECORD, PRESSURE, GAS = range(5)
"""Columns of a sample as a volume sees it: time in s, packet, pressure in Pa; from GAS on the gas
temperature by hypothesis, (thermometers, lags) made flat, known since time 0."""
COLUMNS: Final = GAS + len(THERMOMETERS) * len(LAGS_S)
_NOMINAL: Final = [GAS + r * len(LAGS_S) + NOMINAL for r in range(len(THERMOMETERS))]


@dataclass(frozen=True, slots=True)
class Found:
    """What a run of samples amounts to."""

    verdict: str
    """leak; sensor_fault; undetermined (a step, or no healthy thermometer)."""
    onset: Hinge
    evidence: tuple[PacketId, ...]
    sensor: str = ""
    """The thermometer that alone shows a fall, for sensor_fault."""


class Volume:
    """Watches P/T of one volume of a unit's window.

    `thermometers`: name by row of `gas_k`. `steady`: the gas may also keep a temperature of its
    own, as a cabin's does.
    """

    def __init__(self, unit: UnitKey, thermometers: Mapping[int, str], *, steady: bool) -> None:
        self._unit = unit
        self._thermometers = thermometers
        self._steady = steady
        self._samples = Window(KEEP_S, COLUMNS)
        self._line = RunningSlope(WINDOW_S)
        self._suspect = self._quiet = 0
        self._settled_s = -math.inf
        """Time of the newest sample that was found innocent, or that a leak was fitted to."""
        self.leaking: Found | None = None
        self.fit: Decay | None = None
        """The newest decay; None before the first leak."""

    def clear(self) -> None:
        """Forget the past: time has jumped, or the sensor was not to be trusted."""
        self._samples.clear()
        self._line = RunningSlope(WINDOW_S)
        self._suspect, self._settled_s = 0, -math.inf

    def restart(self) -> None:
        """Time starts anew: a leak that was on goes on, its fit begins again."""
        self.clear()
        if self.leaking is not None:
            onset = replace(self.leaking.onset, onset_s=-math.inf)
            self.leaking = replace(self.leaking, onset=onset)

    def samples(self) -> int:
        """How many samples the last minute has."""
        return len(self._line)

    def seen(self, back: int = 0) -> Floats:
        """FEWEST samples, the newest but so many; the oldest where there are not more."""
        rows = self._samples.rows
        end = max(len(rows) - back, min(len(rows), FEWEST))
        return rows[max(0, end - FEWEST) : end].copy()

    def slope_pa_s(self) -> tuple[float, float]:
        """Slope of P/T over the last minute at a middle lag, and its σ."""
        return self._line.slope(NOISE_PA)

    def add(self, sample: Floats, healthy: set[int]) -> Found | None:
        """Take a sample (COLUMNS); returns what it shows for the first time.

        `healthy`: rows of thermometers to trust.
        """
        self.keep(sample, healthy)
        settled = sample[TIME] - self._settled_s < AGAIN_S
        if self.leaking is not None:
            if not settled:
                self._track(self.leaking, self._rows(healthy))
            return None
        slope, sigma = self._line.slope(NOISE_PA)
        if len(self._line) < FEWEST or slope > (1 - SIGMAS) * sigma:
            self._suspect = 0
            return None
        return None if settled else self._examine(healthy)

    def keep(self, sample: Floats, healthy: set[int]) -> None:
        """Take a sample without judging it."""
        self._samples.add(sample)
        self._samples.drop_old()
        gas_k = nominal_of(sample, self._rows(healthy))
        self._line.add(float(sample[TIME]), float(sample[PRESSURE]) * REFERENCE_K / gas_k)

    def look(self, samples: Floats, healthy: set[int]) -> tuple[int, Slopes]:
        """How many of these samples show nothing to examine, one after the other.

        `take` takes so many or fewer as `add` would; none are quiet while it leaks.
        """
        gas_k = nominal_k(samples, self._rows(healthy))
        seen = self._line.look(
            samples[:, TIME], samples[:, PRESSURE] * REFERENCE_K / gas_k, NOISE_PA
        )
        quiet = (seen.counts < FEWEST) | (seen.slope > (1 - SIGMAS) * seen.sigma)
        quiet |= samples[:, TIME] - self._settled_s < AGAIN_S
        return (0 if self.leaking is not None else leading(quiet)), seen

    def take(self, samples: Floats, seen: Slopes, count: int) -> None:
        """Take the first samples of a look."""
        self._samples.extend(samples[:count])
        self._line.take(seen, count)
        self._suspect = 0

    def _examine(self, healthy: set[int]) -> Found | None:
        rows = self._rows(healthy)
        ways: dict[str, Sequence[int]] = {"all": rows}
        if len(rows) > 1:
            ways |= {self._thermometers[r]: [o for o in rows if o != r] for r in rows}
        if self._steady:
            ways["steady"] = ()
        recent = self._since(self._newest(TIME) - WINDOW_S)
        sigma = noise_pa(recent[:, PRESSURE], NOISE_PA)
        recent, quieter = fitted(recent)
        time_s, pressure = recent[:, TIME] + 0.0, recent[:, PRESSURE] + 0.0
        good = len(healthy & set(self._thermometers))
        trust = "all" if good == len(self._thermometers) else "some" if good else "none"
        drift = start_drift_k_s(float(time_s.mean())) * pressure.max() / REFERENCE_K
        slope: dict[str, Floats] = {}
        innocent: list[str] = []
        for name, way in ways.items():
            slope[name], root = slopes(time_s, _reduced(recent, pressure, way))
            margin = SIGMAS * sigma / quieter / root + MISSING_PA_S[trust] + drift
            if not (slope[name] <= -margin).all():
                innocent.append(name)
        alone = innocent[0] if innocent else ""
        if (
            alone in ("all", "steady")
            or len(innocent) > 1
            or (alone and (slope[alone] - slope["all"]).min() < DISAGREE_PA_S)
        ):
            self._suspect, self._settled_s = 0, self._newest(TIME)
            return None
        self._suspect += 1
        if self._suspect < CONFIRM_SAMPLES:
            return None
        self._suspect = 0
        return self._judge(rows, alone, sigma, certain=good > 0)

    def _judge(self, rows: Sequence[int], alone: str, sigma: float, *, certain: bool) -> Found:
        past, quieter = fitted(self._samples.rows)
        sigma /= quieter
        time_s, pressure = past[:, TIME] + 0.0, past[:, PRESSURE] + 0.0
        columns = _reduced(past, pressure, rows)
        reduced = columns[:, int(slopes(time_s, columns)[0].argmax())]
        onset = hinge(time_s, reduced, sigma)
        since = self._since(onset.onset_s - 1.0)[-MOST_EVIDENCE:]
        evidence = packet_ids(self._unit, since)
        if alone:
            return Found("sensor_fault", onset, evidence, alone)
        misfit, left = step(reduced, sigma)
        if not certain or (misfit + STEP_CHI2 < onset.chi2 and left > STEP_LEFT):
            self.clear()
            return Found("undetermined", onset, evidence)
        self.leaking, self._quiet = Found("leak", onset, evidence), 0
        self.fit = Decay(onset.rate_per_s, onset.rate_sigma_per_s, float(reduced[-1]))
        self._track(self.leaking, rows)
        return self.leaking

    def _track(self, leak: Found, rows: Sequence[int]) -> None:
        """Follow the decay. A leak that has stopped falling ends; one that is empty does not."""
        self._settled_s = self._newest(TIME)
        recent = self._since(max(leak.onset.onset_s, self._settled_s - WINDOW_S))
        recent = recent[recent[:, PRESSURE] > LOWEST_PA]
        if len(recent) < 3:
            return
        sigma = noise_pa(recent[:, PRESSURE], NOISE_PA)
        recent, quieter = fitted(recent)
        time_s, pressure = recent[:, TIME] + 0.0, recent[:, PRESSURE] + 0.0
        fit = decay(time_s, _reduced(recent, pressure, rows), sigma / quieter)
        if fit.rate_per_s >= SIGMAS * fit.sigma_per_s:
            self.fit, self._quiet = fit, 0
        elif self._newest(PRESSURE) > max(LOWEST_PA, EMPTY * leak.onset.level_pa):
            self._quiet += 1
            if self._quiet >= END_SAMPLES:
                self.leaking = None
                self.clear()

    def _rows(self, healthy: set[int]) -> list[int]:
        return [r for r in self._thermometers if r in healthy] or list(self._thermometers)

    def _since(self, time_s: float) -> Floats:
        return self._samples.since(time_s)

    def _newest(self, column: int) -> float:
        return float(self._samples.rows[-1, column])


def nominal_k(samples: Floats, rows: Sequence[int]) -> Floats:
    """Gas temperature of each sample at a middle lag, the mean of some thermometers."""
    gas_k = samples[:, _NOMINAL[rows[0]]] + 0.0
    for row in rows[1:]:
        gas_k += samples[:, _NOMINAL[row]]
    return gas_k / len(rows)


def nominal_of(sample: Floats, rows: Sequence[int]) -> float:
    """The same of one sample."""
    return sum([float(sample[_NOMINAL[row]]) for row in rows]) / len(rows)


def packet_ids(unit: UnitKey, samples: Floats) -> tuple[PacketId, ...]:
    """Which packets samples came from."""
    return tuple(PacketId(*unit, int(boot), int(record)) for boot, record in samples[:, 1:3])


def leading(good: NDArray[np.bool_]) -> int:
    """How many are good before the first that is not."""
    return len(good) if good.all() else int(good.argmin())


def fitted(samples: Floats) -> tuple[Floats, float]:
    """What a fit takes of samples, and so many times less their noise.

    Of many the means of neighbours, which tell the same of a slope; they have no packet's ids.
    """
    each = max(-(-len(samples) // MOST_FITTED), 1)
    if each > 1:
        samples = samples[len(samples) % each :]
        samples = samples.reshape(-1, each, COLUMNS).mean(axis=1)
    return samples, math.sqrt(each)


def _reduced(samples: Floats, pressure: Floats, rows: Sequence[int]) -> Floats:
    """Pressure at the newest gas temperature, shape (samples, lags); no rows: as it is."""
    if not rows:
        return pressure[:, None]
    lags = samples[:, GAS:].reshape(len(samples), len(THERMOMETERS), -1)
    gas = lags[:, rows].mean(axis=1)
    return np.asarray(pressure[:, None] * gas[-1] / gas)
