"""Which board is which unit: `.panewatch/boards.json`, written by each deployment."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from ground.model import UnitKey
from tools.board.link import CONSOLE, LinkFiles
from tools.cli.errors import InputError


@dataclass(frozen=True)
class Deployment:
    """What was put onto a board last."""

    vehicle: str
    unit: str
    scenario: str
    key: str
    """The file on this computer, never its content."""
    wiring: str
    """The file of a real window's sensors; empty where the window is the scenario's."""
    port: str
    python: str
    source: bool
    """Plain sources, not .mpy."""
    mounted: bool
    """It had no file system to keep them."""
    date: str
    link: str = CONSOLE
    """The address without a password."""
    ca: str = ""
    password_file: str = ""
    wifi_file: str = ""

    @property
    def link_files(self) -> LinkFiles:
        """How it is linked."""
        return LinkFiles(self.link, self.ca, self.password_file, self.wifi_file)

    @property
    def unit_key(self) -> UnitKey:
        """Who it is."""
        return UnitKey(self.vehicle, self.unit)


class Registry:
    """The boards that this folder knows, by unique id, else port. Raises InputError."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            values = json.loads(path.read_text(encoding="utf-8"))
            self._boards = {name: Deployment(**fields) for name, fields in values.items()}
        except FileNotFoundError:
            self._boards = {}
        except (OSError, ValueError, TypeError, AttributeError) as error:
            raise InputError(
                f"{path}: no list of boards ({error}); mend or remove it, deploy writes it anew"
            ) from None

    def get(self, unique_id: str) -> Deployment | None:
        """What was deployed onto a board."""
        return self._boards.get(unique_id)

    def on_port(self, port: str) -> Deployment | None:
        """What was deployed last through a port."""
        there = [board for board in self._boards.values() if board.port == port]
        return max(there, key=lambda board: board.date, default=None)

    def others(self, unit: UnitKey, unique_id: str) -> list[str]:
        """Other boards that are this unit too."""
        return [
            name
            for name, board in self._boards.items()
            if board.unit_key == unit and name != unique_id
        ]

    def put(self, unique_id: str, deployment: Deployment) -> None:
        """Remember it, on disk before this returns."""
        self._boards[unique_id] = deployment
        text = json.dumps({name: asdict(board) for name, board in self._boards.items()}, indent=1)
        fresh = self._path.with_suffix(".new")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            fresh.write_text(text + "\n", encoding="utf-8")
            fresh.replace(self._path)
        except OSError as error:
            raise InputError(f"cannot write {self._path} ({error.strerror})") from None
