"""A folder with all that a MicroPython board needs: copy it onto the board's file system."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Final

from ground.model import UnitKey
from tools.scenario.compile import event_table
from tools.scenario.model import Scenario

ROOT: Final = Path(__file__).resolve().parents[1]
SOURCES: Final = ("protocol/__init__.py", "protocol/wire", "firmware")
NOT_ON_BOARDS: Final = ("__pycache__", "cpython.py", "port.py", "mqtt.py", "backoff.py", "mypy.ini")
MAIN: Final = """from firmware.__main__ import main

main(["unit.json"])
"""


def write_board_files(scenario: Scenario, unit: UnitKey, key: Path, folder: Path) -> None:
    """Write sources, configuration, event table, key and main.py; raises OSError."""
    window = scenario.fleet.window(unit)
    if window is None:
        raise KeyError(f"{unit} is not in scenario {scenario.name}")
    for name in SOURCES:
        source, target = ROOT / name, folder / name
        if source.is_dir():
            ignore = shutil.ignore_patterns(*NOT_ON_BOARDS)
            shutil.copytree(source, target, ignore=ignore, dirs_exist_ok=True)
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
    config = {
        "version": 1,
        "vehicle": unit.vehicle,
        "unit": unit.unit,
        "apid": window.apid,
        "link": "console",
        "key": "unit.key",
        "store": "store",
        "table": "table.json",
        "store_bytes": 512 * 1024,
    }
    (folder / "unit.json").write_text(json.dumps(config, indent=1), encoding="utf-8")
    (folder / "table.json").write_text(json.dumps(event_table(scenario, unit)), encoding="utf-8")
    (folder / "main.py").write_text(MAIN, encoding="utf-8")
    secret = folder / "unit.key"
    secret.touch(mode=0o600)
    secret.write_bytes(key.read_bytes())
