"""Units under test side by side, each behind a line that can fail, and one real ground station."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from urllib.request import urlopen

from ground.archive.archive import Archive, StoredPacket
from ground.model import UnitKey
from hil_tests.faults.wire import Wire
from hil_tests.support.live import Records, archived_packets, until
from hil_tests.support.logs import Log
from hil_tests.support.process import Program
from hil_tests.support.uut.base import Identity, Uut
from protocol.schema.decode import Decoded
from tools.run.folder import key_name
from tools.scenario.load import load
from tools.scenario.model import Scenario

SCENARIO = """
name = "bench"
seed = 5
duration_s = 86400
epoch = "2026-01-05T00:00:00Z"
"""
VEHICLE = """
[[vehicle]]
id = "{}"
role = "return"
seats = 3
[[vehicle.window]]
id = "{}"
"""
RISES = ("rise", "worsen")
WITHIN_S = 30
"""Until something shows, at a unit that keeps time."""
Json = dict


def bench_scenario(folder: Path, units: int | Sequence[UnitKey]) -> Scenario:
    """So many units, or these, at windows to which nothing happens."""
    if isinstance(units, int):
        units = [UnitKey(f"sz{20 + i}", "w1") for i in range(units)]
    path = folder / "bench.toml"
    path.write_text(SCENARIO + "".join(VEHICLE.format(*unit) for unit in units))
    return load(str(path))


@dataclass
class Bench:
    """One unit with its line."""

    uut: Uut
    wire: Wire
    before: int = 0
    """How many packets it had sent when the test began."""
    lost: set[tuple[int, int]] = field(default_factory=set)
    """Boot and record of what came over the line, not to the ground, and went with the power."""

    @property
    def unit(self) -> UnitKey:
        """Whose packets the ground says these are."""
        return UnitKey(self.uut.identity.vehicle, self.uut.identity.unit)

    @property
    def boot(self) -> int:
        """Its newest boot."""
        return max(self.wire.sent)[0]

    def said(self, name: str) -> list[Decoded]:
        """Packets of a type that it has sent since the test began."""
        return [p for p in self.wire.packets[self.before :] if p.name == name]

    def events(self, event_id: int) -> list[Decoded]:
        """Its reports of an event since the test began."""
        packets = self.wire.packets[self.before :]
        return [p for p in packets if p.raw.get("event_id") == event_id]


class Rig:
    """`start_ground(*arguments)` starts `panewatch ground`, whose output goes to `ground_log`."""

    def __init__(
        self,
        folder: Path,
        units: Sequence[Uut],
        start_ground: Callable[..., Program],
        ground_log: Log,
    ) -> None:
        self.benches: list[Bench] = []
        self._folder = folder
        self._units = units
        self._start_ground = start_ground
        self._ground_log = ground_log
        self._archive = folder / "archive.sqlite"
        self._journal = 0
        self._open = ExitStack()

    def start(self) -> None:
        """Returns when the ground hears every unit."""
        for i, uut in enumerate(self._units):
            self._open.callback(uut.stop)
            uut.start()
            wire = Wire(uut, self._folder / f"line{i}", seed=100 + 10 * i)
            wire.start()
            self._open.callback(wire.close)
            self.benches.append(Bench(uut, wire))
        keys = self._folder / "keys"
        keys.mkdir(mode=0o700)
        for bench in self.benches:
            self.until(lambda bench=bench: bench.said("boot"), bench.uut.hello_s)
            bench.uut.identity = Identity.of(bench.said("boot")[0])
            key = keys / key_name(bench.unit)
            assert not key.exists(), f"two boards say that they are {bench.unit}"
            key.touch(mode=0o600)
            key.write_bytes(bench.uut.key)
        bench_scenario(self._folder, [bench.unit for bench in self.benches])
        fleet = self._folder / "bench.toml"
        arguments = ["--archive", self._archive, "--keys", keys, "--fleet", fleet]
        for bench in self.benches:
            arguments += ["--link", bench.wire.front]
        self._ground = self._start_ground(*map(str, arguments))
        self._open.callback(self._end_ground)
        self._address = self._ground.wait_for(r"Console: (http://127\.0\.0\.1:\d+)")[1]
        for bench in self.benches:
            self.until(lambda bench=bench: self.is_whole(bench), bench.uut.hello_s)

    def close(self) -> None:
        """End all of it."""
        self._open.close()

    def log_to(self, folder: Path) -> list[Path]:
        """Logs of every unit, of every line and of the ground go into this folder from here on."""
        ground = folder / "ground.log"
        self._ground_log.to(ground)
        paths = [ground]
        for bench in self.benches:
            line = folder / f"{bench.uut.file_name}-line.log"
            bench.wire.log.to(line)
            paths += [line, bench.uut.log_to(folder)]
        return paths

    def begin(self) -> None:
        """A test begins, with nothing left of the one before: what is said from now on is its."""
        for bench in self.benches:
            self.until(lambda bench=bench: self.is_whole(bench))
        archive = Archive(self._archive, write=False)
        self._journal = max(row.seq for row in archive.journal(1))
        archive.close()
        for bench in self.benches:
            bench.before = len(bench.wire.packets)

    def heal(self) -> None:
        """Mend every line."""
        for bench in self.benches:
            bench.wire.heal()

    def harm(self, **faults: object) -> None:
        """Parameters of Line for every line, both ways."""
        for bench in self.benches:
            bench.wire.harm(**faults)

    def get(self, path: str):
        """What the ground's API answers."""
        with urlopen(f"{self._address}/api/{path}", timeout=5) as answer:
            return json.load(answer)

    def state(self, bench: Bench) -> Json:
        """What the ground says of one unit."""
        names = dict(zip(("vehicle", "unit"), bench.unit, strict=True))
        return next(u for u in self.get("units") if names.items() <= u.items())

    def status(self, bench: Bench) -> Json:
        """The return status of a unit's vehicle."""
        return next(v for v in self.get("status") if v["id"] == bench.unit.vehicle)

    def is_whole(self, bench: Bench) -> bool:
        """True when the ground hears its newest boot and misses nothing."""
        names = dict(zip(("vehicle", "unit"), bench.unit, strict=True))
        wanted = names | {"state": "live", "boot_id": bench.boot, "missing": 0}
        return any(wanted.items() <= unit.items() for unit in self.get("units"))

    def risen(self, prefix: str) -> list[str]:
        """What alarms of this kind (the start of their key) have said since the test began."""
        archive = Archive(self._archive, write=False)
        try:
            return [
                row.data["words"]
                for row in archive.journal()
                if row.seq > self._journal
                and row.kind == "alarm"
                and row.data["key"].startswith(prefix)
                and row.data["move"] in RISES
            ]
        finally:
            archive.close()

    def until(self, true: Callable[[], object], within_s: float = WITHIN_S) -> None:
        """Poll until it holds; waits longer for units that are slower than their clock."""
        until(true, within_s * max(bench.wire.pace.scale for bench in self.benches))

    def make_more(self, count: int) -> None:
        """Wait until every unit has sent so many more packets."""
        goals = [(b, len(b.wire.packets) + count) for b in self.benches]
        self.until(lambda: all(len(b.wire.packets) >= goal for b, goal in goals), WITHIN_S + count)

    def settle(self) -> None:
        """Mend the lines, wait until the ground misses nothing, and compare packet by packet."""
        self.heal()
        sent = [dict(bench.wire.sent) for bench in self.benches]
        for bench, packets in zip(self.benches, sent, strict=True):
            newest = max(packets)
            self.until(lambda b=bench, k=newest: k in self.archived(b) and self.is_whole(b))
            # What came before the ground listened is not asked for.
            heard = min(self.archived(bench))
            wanted = {k: p for k, p in packets.items() if k >= heard and k not in bench.lost}
            self.until(lambda b=bench, w=wanted: w.keys() <= self.archived(b).keys())
            archived = self.archived(bench)
            for key, packet in wanted.items():
                assert archived[key] == packet, f"{bench.unit}: boot, record {key}"
            made_up = archived.keys() - bench.wire.sent.keys()
            assert not made_up, f"{bench.unit}: {sorted(made_up)} were never sent"

    def time_error_s(self, bench: Bench) -> float:
        """How far the ground's time of the newest housekeeping is from when it came."""
        told = self.get("latest/{}/{}".format(*bench.unit))["p_cabin"]
        return abs(told["utc"] / 1000 - datetime.fromisoformat(told["received"]).timestamp())

    def heard_s(self, bench: Bench) -> float:
        """How long the ground has heard its newest boot."""
        archive = Archive(self._archive, write=False)
        try:
            entries = (e for e in archive.entries() if isinstance(e, StoredPacket))
            times = [e.received_us for e in entries if (e.unit, e.boot) == (bench.unit, bench.boot)]
        finally:
            archive.close()
        return (max(times) - min(times)) / 1e6 if times else 0.0

    def archived(self, bench: Bench) -> Records:
        """What the ground has of a unit; fails on a packet that stands there twice."""
        return archived_packets(self._archive).get(bench.unit, {})

    def raw(self, bench: Bench) -> bytes:
        """Every byte that the ground took from a unit's line."""
        archive = Archive(self._archive, write=False)
        try:
            return b"".join(c.data for c in archive.raw() if c.link == str(bench.wire.front))
        finally:
            archive.close()

    def _end_ground(self) -> None:
        self._ground.send(signal.SIGTERM)
        self._ground.close()
        assert "Traceback" not in self._ground.output
