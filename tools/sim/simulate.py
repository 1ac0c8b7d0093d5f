"""A whole simulation: units, delivery, ground, report."""

from __future__ import annotations

import json
import tempfile
from hashlib import sha256
from pathlib import Path
from typing import Any

from ground.archive.archive import Archive
from ground.report import report
from ground.station import Station
from ground.summary import SCENARIO, UNITS, units
from ground.verdict.assessor import Assessor
from tools.scenario.model import Scenario
from tools.sim.delivery import deliver
from tools.sim.observe import observe
from tools.sim.telemetry import join, merge
from tools.sim.units import Tell, run_units


def simulate(scenario: Scenario, runtime: str, out: Path | None, tell: Tell) -> dict[str, Any]:
    """The report; with `out`, a folder that exists, also telemetry.bin, archive and report.json.

    Raises RuntimeMissingError, UnitFailedError, ArchiveError, OSError.
    """
    with tempfile.TemporaryDirectory(prefix="panewatch-") as folder:
        packets = merge(run_units(scenario, Path(folder), runtime, tell))
    archive = Archive(out / "archive.sqlite" if out else None)
    try:
        archive.set_meta(SCENARIO, scenario.name)
        station = Station(archive, scenario.fleet, Assessor)
        observe(scenario, deliver(scenario, packets), station, tell)
    finally:
        archive.close()
    telemetry = join(packets)
    made = report(
        station.assessor,
        scenario=scenario.name,
        packets=len(packets),
        sha256=sha256(telemetry).hexdigest(),
    ) | {UNITS: units(station)}
    if out:
        (out / "telemetry.bin").write_bytes(telemetry)
        (out / "report.json").write_text(
            json.dumps(made, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
        )
    return made
