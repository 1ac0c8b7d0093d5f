"""The hit detector's scan: plain MicroPython, viper, and others over the same samples."""

from __future__ import annotations

import statistics
import subprocess
import time
from collections.abc import Callable
from typing import Final

import numpy as np

from tools.bench.result import Result
from tools.sim.runtime import RuntimeMissingError, command, environment

SAMPLES: Final = 100_000
REPEATS: Final = 7
HEAP_BYTES: Final = 4 << 20
THRESHOLD: Final = 33

# One burst that stays over the threshold, so that every sample is looked at.
_ON_BOARD: Final = f"""
import time
from array import array
from firmware.detector import core_plain, core_viper
n = {SAMPLES}
samples = array("h", ((i * 7919 % 2000) - 1000 for i in range(n)))
for name, module in (("bytecode", core_plain), ("viper", core_viper)):
    for _ in range({REPEATS}):
        block = array("i", [0, n, {THRESHOLD}, 500, 1000, 0, 0, 0, 0, 0, 0, 0])
        start = time.ticks_us()
        module.measure(samples, block)
        print(name, time.ticks_diff(time.ticks_us(), start), block[5], block[6], block[9])
"""


def run() -> Result:
    """Measure; samples a second, the median of seven runs. Raises RuntimeMissingError."""
    codes = ((np.arange(SAMPLES, dtype=np.int64) * 7919 % 2000) - 1000).astype(np.int16)
    figures, features = _micropython()
    first, peak, counts = _numpy(codes)
    if features != {(first, peak, counts)}:
        raise RuntimeError(f"features differ: {features} on board, {(first, peak, counts)} here")
    peers = {"numpy": {"samples_per_s": _rate(lambda: _numpy(codes))}}
    notes = []
    try:
        from vallenae import features as theirs  # noqa: PLC0415 - a tool of the tests
    except ImportError:
        notes.append("vallenae is not installed: make setup-dev")
    else:
        volts = codes * (100e-3 / 32768)
        level = THRESHOLD * (100e-3 / 32768)

        def vallenae() -> None:
            theirs.first_threshold_crossing(volts, level)
            theirs.peak_amplitude(volts)
            theirs.rise_time(volts, level, 2_500_000)
            theirs.duration(volts, level, 2_500_000)
            theirs.counts(volts, level)
            theirs.energy(volts, 2_500_000)

        vallenae()  # it compiles itself at its first call
        peers["vallenae"] = {"samples_per_s": _rate(vallenae)}
    return Result("detector", figures, peers, notes)


def _micropython() -> tuple[dict[str, float], set[tuple[int, ...]]]:
    done = subprocess.run(
        [*command("micropython", HEAP_BYTES), "-c", _ON_BOARD],
        env=environment(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeMissingError(f"MicroPython: {done.stdout.strip().splitlines()[-1]}")
    times_us: dict[str, list[int]] = {}
    features = set()
    for line in done.stdout.splitlines():
        name, spent_us, *found = line.split()
        times_us.setdefault(name, []).append(int(spent_us))
        features.add(tuple(map(int, found)))
    rates = {
        f"{name}_samples_per_s": round(SAMPLES / statistics.median(spent) * 1e6)
        for name, spent in times_us.items()
    }
    return dict(rates), features


def _numpy(codes: np.ndarray) -> tuple[int, int, int]:
    above = codes >= THRESHOLD
    size = np.abs(codes)
    first = int(np.argmax(size >= THRESHOLD))
    crossings = np.count_nonzero(~above[:-1] & above[1:]) + int(above[0])
    np.sum(codes.astype(np.int64) ** 2)
    return first, int(size[first : first + 501].max()), int(crossings)


def _rate(work: Callable[[], object]) -> float:
    spent = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        work()
        spent.append(time.perf_counter() - start)
    return round(SAMPLES / statistics.median(spent))
