"""A folder with all that a MicroPython board needs: copy it onto the board's file system."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from firmware.links.broker import PORTS
from ground.model import UnitKey
from tools.scenario.compile import event_table
from tools.scenario.model import Scenario
from tools.sim.packages import write_packages

ROOT: Final = Path(__file__).resolve().parents[2]
SOURCES: Final = ("protocol/__init__.py", "protocol/wire", "firmware")
NOT_ON_BOARDS: Final = (
    "__pycache__",
    "cpython.py",
    "port.py",
    "mqtt.py",
    "mypy*.ini",
)
CA: Final = "ca.pem"
MAIN: Final = """from firmware.__main__ import main

main(["unit.json"])
"""


def copy_sources(folder: Path) -> None:
    """Copy what a unit runs on MicroPython; raises OSError."""
    for name in SOURCES:
        source, target = ROOT / name, folder / name
        if source.is_dir():
            ignore = shutil.ignore_patterns(*NOT_ON_BOARDS)
            shutil.copytree(source, target, ignore=ignore, dirs_exist_ok=True)
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)


def write_board_files(
    scenario: Scenario,
    unit: UnitKey,
    key: Path,
    folder: Path,
    wiring: Path | None = None,
    link: str = "console",
    ca: Path | None = None,
    wifi: Mapping[str, str] | None = None,
) -> None:
    """Write sources, configuration, key, main.py, event table or wiring, what an MQTT link needs.

    Raises OSError, PackageMissingError.
    """
    window = scenario.fleet.window(unit)
    if window is None:
        raise KeyError(f"{unit} is not in scenario {scenario.name}")
    copy_sources(folder)
    config = {
        "version": 1,
        "vehicle": unit.vehicle,
        "unit": unit.unit,
        "apid": window.apid,
        "link": link,
        "key": "unit.key",
        "store": "store",
        "table": "table.json",
        "store_bytes": 512 * 1024,
    }
    if wiring is not None:
        del config["table"]
        config["window"] = "window.json"
        shutil.copyfile(wiring, folder / "window.json")
    if link.partition(":")[0] in PORTS:
        write_packages(folder / "lib")
    if ca:
        shutil.copyfile(ca, folder / CA)
        config["ca"] = CA
    if wifi:
        config["wifi"] = dict(wifi)
    (folder / "unit.json").write_text(json.dumps(config, indent=1), encoding="utf-8")
    if wiring is None:
        table = json.dumps(event_table(scenario, unit))
        (folder / "table.json").write_text(table, encoding="utf-8")
    (folder / "main.py").write_text(MAIN, encoding="utf-8")
    secret = folder / "unit.key"
    secret.touch(mode=0o600)
    secret.write_bytes(key.read_bytes())
