"""Small stories in an archive, each with an alarm that evidence is taken of."""

from __future__ import annotations

import math
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from ground.archive.archive import Archive
from ground.evidence.bundle import write
from ground.evidence.gather import gather
from ground.fleet import Fleet
from ground.model import Alarm, Chunk, Packet, UnitKey
from ground.station import Station
from ground.verdict.assessor import Assessor
from hil_tests.unit.orbit import T0_US, housekeeping
from hil_tests.unit.telemetry import Sender
from protocol.wire import frame

S = 1_000_000
FLEET = Fleet.from_dict(
    {
        "vehicle": [
            {"id": "sz20", "role": "return", "window": [{"id": "w1"}]},
            {"id": "sz21", "role": "rescue", "window": [{"id": "w1"}]},
        ]
    }
)
SZ20, SZ21 = UnitKey("sz20", "w1"), UnitKey("sz21", "w1")
LINES = {SZ20: "line-a", SZ21: "mqtt://broker"}


@dataclass
class Story:
    """A ground station that hears what it is given; `now` in s since its begin."""

    path: Path
    now: int = 0
    station: Station = field(init=False)

    def __post_init__(self) -> None:
        self.units = {unit: Sender(unit) for unit in (SZ20, SZ21)}
        self._slow = {unit: housekeeping(4000, seed=k) for k, unit in enumerate(self.units)}
        self.leaked_s = 0
        self.station = Station(Archive(self.path), FLEET, Assessor)
        self.station.start(T0_US)
        for unit, sender in self.units.items():
            named = {"vehicle": unit.vehicle.encode(), "unit": unit.unit.encode()}
            self.hear(sender.packet("boot", T0_US, capability=3, **named))

    def hear(self, packet: Packet, after_us: int = 100_000) -> None:
        """A packet over its unit's line; the one of sz20 is serial."""
        received_us = T0_US + self.now * S + after_us
        framed = packet.unit == SZ20
        data = packet.decoded.data
        self.station.receive(
            Chunk(
                LINES[packet.unit], received_us, frame.encode(data) if framed else data, framed,
                None if framed else packet.unit,
            )
        )  # fmt: skip

    def seconds(
        self,
        count: int,
        *,
        leaking: bool = False,
        silent: Iterable[UnitKey] = (),
        gap2_pa: float | None = None,
    ) -> None:
        """Housekeeping of every unit that is not silent; gap 2 of sz20 may leak from here on."""
        for _ in range(count):
            time_us = T0_US + self.now * S
            self.leaked_s += leaking
            for unit, sender in self.units.items():
                _, slow = next(self._slow[unit])
                if unit == SZ20:
                    slow["p_gap2"] *= math.exp(-self.leaked_s / 754)
                    slow["p_gap2"] = slow["p_gap2"] if gap2_pa is None else gap2_pa
                if unit not in silent:
                    self.hear(sender.housekeeping(time_us, slow))
            self.now += 1
            self.station.tick(T0_US + self.now * S)
        self.station.commit()

    def strike(self, diameter_mm: float = 0.5) -> Packet:
        """What sz20 reports of one now; it is not heard yet."""
        return self.units[SZ20].hit(T0_US + self.now * S, (20, 30), diameter_mm)

    def alarm(self, start: str) -> Alarm:
        """The newest whose key begins so."""
        found = [a for a in self.station.assessor.alarms if a.key.startswith(start)]
        assert found, [a.key for a in self.station.assessor.alarms]
        return found[-1]

    def bundle(self, alarm: Alarm, when: str = "now") -> bytes:
        self.station.commit()
        with closing(Archive(self.path, write=False)) as archive:
            return write(gather(archive, alarm.id, when))

    def close(self) -> None:
        self.station.archive.close()
