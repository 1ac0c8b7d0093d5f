"""A station and fake units on simulated lines; ground time stands still unless told."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from ground.archive.archive import Archive
from ground.archive.entries import StoredPacket
from ground.fleet import Fleet
from ground.model import Chunk, UnitKey
from ground.outcome import Outcome
from ground.station import Station
from ground.stream.keys import KeyStore
from hil_tests.sim.fake_unit import FakeUnit
from hil_tests.sim.recording_assessor import RecordingAssessor
from protocol.wire import frame

T0 = 1_762_214_400_000_000
S = 1_000_000


def key_store(folder: Path, *units: FakeUnit) -> KeyStore:
    folder.mkdir(exist_ok=True)
    for unit in units:
        path = folder / f"{unit.vehicle}-{unit.unit}.key"
        path.write_text(unit.key.hex())
        path.chmod(0o600)
    return KeyStore(folder)


@dataclass
class Bench:
    """`now` is in µs since T0. A loss probability applies to each packet, either way."""

    folder: Path
    units: list[FakeUnit]
    now: int = 0
    loss: float = 0.0
    up: bool = True
    deaf: bool = False
    """Units are heard, and not reached."""
    line: str = "line"
    framed: bool = True
    sent: list[bytes] = field(default_factory=list)
    rng: random.Random = field(default_factory=lambda: random.Random(7))
    station: Station = field(init=False)
    path: Path = field(init=False)

    def __post_init__(self) -> None:
        self.path = self.folder / "archive.db"
        self.keys = key_store(self.folder / "keys", *self.units)
        self.open()

    def open(self) -> None:
        """Start the ground, on what the archive holds."""
        archive = Archive(self.path)
        self.station = Station(archive, Fleet(), RecordingAssessor, self.keys)
        self.station.start(T0 + self.now)
        self.commit()

    def kill(self) -> None:
        """As SIGKILL: what is not committed is gone."""
        self.station.archive.close()

    @property
    def assessor(self) -> RecordingAssessor:
        assessor = self.station.assessor
        assert isinstance(assessor, RecordingAssessor)
        return assessor

    def deliver(self, unit: FakeUnit, packets: Iterable[bytes], delay_us: int = 2_000) -> None:
        for packet in packets:
            if self.up and self.rng.random() >= self.loss:
                data = frame.encode(packet) if self.framed else packet
                key = None if self.framed else UnitKey(unit.vehicle, unit.unit)
                received_us = T0 + self.now + delay_us
                link = f"{self.line}-{unit.vehicle}"
                self.station.receive(Chunk(link, received_us, data, self.framed, key))

    def commit(self) -> Outcome:
        """Commit, and let the units answer the commands until there are none."""
        outcome = self.station.commit()
        pending = outcome.commands
        while pending:
            for command in pending:
                self.sent.append(command.data)
                unit = next(u for u in self.units if (u.vehicle, u.unit) == command.unit)
                if self.up and not self.deaf and self.rng.random() >= self.loss:
                    self.deliver(unit, unit.take(command.data))
            pending = self.station.commit().commands
        return outcome

    def second(self) -> None:
        """A second of every unit's life: housekeeping, reports on their dates, and its answers."""
        for unit in self.units:
            unit.now = self.now
            s = unit.since_boot // S
            packets = [unit.boot()] if s % 30 == 0 else []
            packets.append(unit.housekeeping())
            if s % 5 == 0:
                packets.append(unit.time())
            if s % 10 == 0:
                packets.append(unit.storage())
            self.deliver(unit, packets)
        self.commit()
        self.now += S
        self.station.tick(T0 + self.now)
        self.commit()

    def seconds(self, count: int) -> None:
        for _ in range(count):
            self.second()

    def archived(self, unit: FakeUnit) -> dict[tuple[int, int], bytes]:
        """Committed packets of a unit; fails on a double."""
        archive = Archive(self.path, write=False)
        found: dict[tuple[int, int], bytes] = {}
        for entry in archive.entries():
            if isinstance(entry, StoredPacket) and entry.unit == (unit.vehicle, unit.unit):
                assert (entry.boot, entry.record) not in found
                found[entry.boot, entry.record] = entry.data
        archive.close()
        return found
