"""Runs every unit of a scenario in virtual time, each in a process of its own."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Final

from ground.model import UnitKey
from tools.scenario.compile import write_config
from tools.scenario.model import Scenario
from tools.sim.runtime import command, compiled, environment

HEAP_BYTES: Final = 264 * 1024
"""What a unit may use on MicroPython: compiled as for a board, with words of 64 bits."""

Tell = Callable[[str, float, float], None]
"""Called with (words, done, total)."""


class UnitFailedError(Exception):
    """A simulated unit ended with an error; the words hold its last line."""


def run_units(scenario: Scenario, folder: Path, runtime: str, tell: Tell) -> list[bytes]:
    """Each unit's packets end to end, in the order of `scenario.units`.

    `folder` takes configurations and recorders and must be new. Raises RuntimeMissingError,
    UnitFailedError.
    """
    python, variables = command(runtime, HEAP_BYTES), environment()
    if runtime == "micropython":
        variables |= {"MICROPYPATH": f"{compiled()}:.frozen"}
    running: list[subprocess.Popen[str]] = []

    def run(unit: UnitKey) -> bytes:
        config = write_config(
            scenario, unit, folder, "none", folder / f"{unit.vehicle}-{unit.unit}.key"
        )
        out = config.with_suffix(".bin")
        with subprocess.Popen(
            [*python, "-m", "firmware.sim", str(config), str(out)],
            env=variables, cwd=folder, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        ) as process:  # fmt: skip
            running.append(process)
            _, words = process.communicate()
        if process.returncode:
            last = (words.strip().splitlines() or [f"exit code {process.returncode}"])[-1]
            raise UnitFailedError(f"unit {unit} on {runtime}: {last}")
        return out.read_bytes()

    folder = folder.absolute()
    total = len(scenario.units)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        futures = [pool.submit(run, unit) for unit in scenario.units]
        try:
            for done, future in enumerate(as_completed(futures), start=1):
                future.result()
                tell(f"units on {runtime}", done, total)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            for process in running:
                process.kill()
            raise
    return [future.result() for future in futures]
