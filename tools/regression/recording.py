"""A kept recording: what it holds, what it amounted to when it was kept, and what differs now."""

from __future__ import annotations

import json
import lzma
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final

from ground.archive.archive import Archive
from ground.archive.entries import StoredPacket
from ground.archive.layouts import bodies
from ground.model import UnitKey
from ground.summary import summary
from protocol.schema.decode import decode
from tools.cli.recorded import known_from, open_archive
from tools.regression.differ import Shown, packet_differences, report_differences, shown
from tools.scenario.load import load
from tools.sim.telemetry import merge
from tools.sim.units import run_units

ROOT: Final = Path(__file__).resolve().parents[2]
RECORDINGS: Final = ROOT / "hil_tests" / "recordings"
ARCHIVE: Final = "archive.sqlite.xz"
PACKETS: Final = "packets.jsonl.xz"
REPORT: Final = "report.json"
SCENARIO: Final = "scenario.toml"
SCHEMA: Final = "schema"
"""Of the report: who reads, not what was recorded."""


class Recording:
    """A folder of hil_tests/recordings."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def again(self) -> list[str]:
        """What decoder and ground make of it otherwise than when it was kept."""
        packets, report = self._expected()
        with self._archive() as archive:
            found, now = read(archive)
        return [*packet_differences(packets, found), *report_differences(report, now)]

    @property
    def has_scenario(self) -> bool:
        """Whether the firmware can make it again."""
        return (self.folder / SCENARIO).exists()

    def firmware_again(self) -> list[str]:
        """What the firmware makes of its scenario otherwise than when it was kept."""
        packets, _ = self._expected()
        found = made_of(self.folder / SCENARIO)
        return list(packet_differences(packets, found, other_build=True))

    def _expected(self) -> tuple[list[Shown], Any]:
        with lzma.open(self.folder / PACKETS, "rt", encoding="utf-8") as file:
            packets = [Shown(*json.loads(line)) for line in file]
        return packets, json.loads((self.folder / REPORT).read_text(encoding="utf-8"))

    @contextmanager
    def _archive(self) -> Iterator[Archive]:
        with tempfile.TemporaryDirectory(prefix="panewatch-") as folder:
            path = Path(folder) / "archive.sqlite"
            path.write_bytes(lzma.decompress((self.folder / ARCHIVE).read_bytes()))
            with closing(open_archive(path)) as archive:
                yield archive


def read(archive: Archive) -> tuple[list[Shown], dict[str, Any]]:
    """The packets of an archive, each by its own dictionary, and the report; raises InputError."""
    schemas = {key: bodies(d) for key, d in archive.dictionaries().items()}
    packets = [
        shown(str(entry.unit), decode(entry.data, schemas[entry.schema]))
        for entry in archive.entries()
        if isinstance(entry, StoredPacket)
    ]
    report = summary(known_from(archive))
    del report[SCHEMA]
    return packets, report


def made_of(scenario: Path) -> list[Shown]:
    """What the firmware makes of a scenario now; raises UnitFailedError, ScenarioError."""
    story = load(str(scenario))
    names = {w.apid: UnitKey(v.id, w.id) for v in story.fleet.vehicles for w in v.windows}
    with tempfile.TemporaryDirectory(prefix="panewatch-") as folder:
        packets = merge(run_units(story, Path(folder), "cpython", lambda *_: None))
    return [shown(str(names[packet.apid]), packet) for packet in packets]


def write_expected(folder: Path, packets: list[Shown], report: dict[str, Any]) -> None:
    """Keep what a recording amounts to."""
    with lzma.open(folder / PACKETS, "wt", encoding="utf-8") as file:
        for p in packets:
            file.write(json.dumps([p.unit, p.boot, p.record, p.name, p.values]) + "\n")
    text = json.dumps(report, indent=1, ensure_ascii=False) + "\n"
    (folder / REPORT).write_text(text, encoding="utf-8")
