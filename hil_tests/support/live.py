"""Units, their lines and a ground station, each a process of its own, and what each of them has."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from urllib.request import urlopen

import paho.mqtt.publish

from ground.archive.archive import Archive, StoredPacket
from ground.model import UnitKey
from ground.receive.packets import split
from hil_tests.support.process import Program
from protocol.schema.decode import Decoded, decode
from protocol.wire import frame
from protocol.wire.tables import SCHEMA_HASH
from tools.run.folder import key_name, make_keys
from tools.run.lines import PtyLine
from tools.scenario.compile import write_config
from tools.scenario.load import load
from tools.sim.runtime import HEAP_BYTES, command, unit_environment

SPEED = 10.0
LONGEST_GAP_US = 1_000_000
"""Between two steps of a unit, on a computer with much other work. A call that waits for a broker
which is away waits for all of its time-out: 5 s and more."""

Records = dict[tuple[int, int], bytes]
"""Packets by boot and record."""


def until(true: Callable[[], object], timeout_s: float = 30) -> None:
    """Poll what gives no event; AssertionError when it does not come true."""
    end_s = time.monotonic() + timeout_s
    while not true():
        assert time.monotonic() < end_s, f"not within {timeout_s} s"
        time.sleep(0.1)


def archived_packets(path: Path) -> dict[UnitKey, Records]:
    """Every packet in an archive, by unit; fails on one that stands there twice."""
    found: dict[UnitKey, Records] = {}
    archive = Archive(path, write=False)
    try:
        for entry in archive.entries():
            if isinstance(entry, StoredPacket):
                decoded = decode(entry.data)
                key = (decoded.boot_id, decoded.record)
                records = found.setdefault(entry.unit, {})
                assert key not in records, f"{entry.unit} {key} is there twice"
                records[key] = entry.data
    finally:
        archive.close()
    return found


class LiveUnit:
    """A unit that tees (tee_unit.py), on a pty or at a broker; its store stays between starts."""

    def __init__(
        self, unit: UnitKey, apid: int, runtime: str, config: Path, line: PtyLine | str
    ) -> None:
        self.unit, self.apid = unit, apid
        self.log = config.with_suffix(".log")
        self.environment: dict[str, str] = {}
        """What its process gets beside the usual."""
        self._runtime = runtime
        self._command = command(runtime, HEAP_BYTES)
        self._config = config
        self._tee = config.with_suffix(".tee")
        self._line = line
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [*self._command, "-m", "hil_tests.support.tee_unit", self._tee, self._config],
                env=unit_environment(self._runtime) | self.environment,
                cwd=self._config.parent,  # in the clone MicroPython would take the sources
                stdin=subprocess.PIPE,
                stderr=log,
                pass_fds=() if isinstance(self._line, str) else self._line.descriptors,
            )

    def wait(self) -> int:
        """Its exit code, when it ends by itself."""
        return self._process.wait(30)

    def end(self) -> None:
        """End it as its launcher does, by the end of its input."""
        self._process.stdin.close()
        assert self._process.wait(10) == 0

    def close(self) -> None:
        if self._process and self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        if not isinstance(self._line, str):
            self._line.close()

    @property
    def ground_link(self) -> str:
        """What the ground opens."""
        return self._line if isinstance(self._line, str) else self._line.ground_link

    def made(self) -> Records:
        """Every packet that it has made, over all its boots."""
        found: Records = {}
        for packet in self._packets(".made"):
            decoded = decode(packet)
            assert found.setdefault((decoded.boot_id, decoded.record), packet) is packet
        return found

    def of_type(self, name: str) -> list[Decoded]:
        """What it has made of one type."""
        return [d for d in map(decode, self._packets(".made")) if d.name == name]

    def taken(self) -> list[bytes]:
        """Every command that has reached it."""
        return self._packets(".taken")

    def intrude(self, packet: bytes) -> None:
        """Send it a command as someone else on its line."""
        if isinstance(self._line, str):
            topic = f"panewatch/{SCHEMA_HASH:08x}/{self.unit.vehicle}/{self.unit.unit}/tc"
            port = int(self._line.rpartition(":")[2])
            paho.mqtt.publish.single(topic, packet, 1, hostname="127.0.0.1", port=port)
        else:
            line = os.open(self._line.ground_link, os.O_WRONLY | os.O_NOCTTY)
            os.write(line, b"\0" + frame.encode(packet))
            os.close(line)

    def _packets(self, suffix: str) -> list[bytes]:
        path = self._tee.with_suffix(self._tee.suffix + suffix)
        return split(path.read_bytes())[0] if path.exists() else []


QUIET = """
name = "quiet"
seed = 3
duration_s = 3600
epoch = "2025-11-04T00:00:00Z"
[[vehicle]]
id = "sz20"
role = "station"
[[vehicle.window]]
id = "w1"
"""


def lone_unit(folder: Path, runtime: str, line: PtyLine | str, **settings: object) -> LiveUnit:
    """A unit to which nothing happens; `settings` go into its configuration as they are."""
    scenario = folder / "quiet.toml"
    scenario.write_text(QUIET)
    story = load(str(scenario))
    unit = story.units[0]
    keys = make_keys(folder, story.units)
    link = line if isinstance(line, str) else line.unit_link
    key = keys / key_name(unit)
    config = write_config(story, unit, folder / "units", link, key, SPEED, until_eof=True)
    config.write_text(json.dumps(json.loads(config.read_text()) | settings))
    return LiveUnit(unit, story.fleet.window(unit).apid, runtime, config, line)


class Chain:
    """`ways` tells the runtime of each unit and whether it has a "pty" or the URL of a broker.

    `start` starts `panewatch` with these arguments. Units run SPEED times as fast as the ground.
    """

    def __init__(
        self,
        folder: Path,
        scenario: Path,
        ways: dict[UnitKey, tuple[str, str]],
        start: Callable[..., Program],
    ) -> None:
        story = load(str(scenario))
        keys = make_keys(folder, story.units)
        self.archive = folder / "archive.sqlite"
        self.ground: Program | None = None
        self._start = start
        self.units = []
        for unit, (runtime, way) in ways.items():
            line = PtyLine() if way == "pty" else way
            link = line if isinstance(line, str) else line.unit_link
            config = write_config(
                story, unit, folder / "units", link, keys / key_name(unit), SPEED, until_eof=True
            )
            apid = story.fleet.window(unit).apid
            self.units.append(LiveUnit(unit, apid, runtime, config, line))
        self._arguments = ["--archive", self.archive, "--keys", keys, "--fleet", scenario]
        for link in dict.fromkeys(unit.ground_link for unit in self.units):
            self._arguments += ["--link", link]

    def start_ground(self) -> None:
        """Start it on the archive; returns when its console answers."""
        self.ground = self._start("ground", *map(str, self._arguments))
        self._address = self.ground.wait_for(r"Console: (http://127\.0\.0\.1:\d+)")[1]

    def start_units(self) -> None:
        for unit in self.units:
            unit.start()

    def close(self) -> None:
        for unit in self.units:
            unit.close()

    def get(self, path: str):
        """What the ground's API answers."""
        with urlopen(f"{self._address}/api/{path}", timeout=5) as answer:
            return json.load(answer)

    def archived(self) -> dict[UnitKey, Records]:
        """Every packet on disk; fails on one that stands there twice."""
        return {unit.unit: {} for unit in self.units} | archived_packets(self.archive)

    def is_complete(self, boot: int) -> bool:
        """True when all that the units made in a boot is on disk."""
        archived = self.archived()
        return all(
            archived[unit.unit].get(key) == packet
            for unit in self.units
            for key, packet in unit.made().items()
            if key[0] == boot
        )

    def make_more(self, count: int) -> None:
        """Wait until each unit has made so many more packets."""
        before = {unit.unit: len(unit.made()) for unit in self.units}
        until(lambda: all(len(u.made()) >= before[u.unit] + count for u in self.units))
