"""The real unit and the real station on a line that a test cuts; ground time is the test's."""

from __future__ import annotations

from pathlib import Path

from ground.archive.archive import Archive
from ground.fleet import Fleet
from ground.model import Chunk, UnitKey
from ground.operations import Operations
from ground.service import Service
from ground.station import Station
from ground.stream.keys import KeyStore
from ground.verdict.assessor import Assessor
from hil_tests.support.bench import KEY
from hil_tests.support.bench import Bench as UnitBench
from protocol.wire import tables

UNIT = UnitKey("sz20", "w1")
T0 = 1_762_214_400_000_000
STEP_S = 0.1


class CommandBench:
    """`run` lets both live on. `lose(command)` and `up` decide what passes the line."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "archive.sqlite"
        self.keys = folder / "keys"
        self.keys.mkdir()
        key = self.keys / "sz20-w1.key"
        key.write_bytes(KEY)
        key.chmod(0o600)
        self.now_us = T0
        self.unit = UnitBench()
        self.up = True
        self.lose = lambda command: False
        self.lose_report = lambda packet: False
        self.sent: list[bytes] = []
        """Every command that the ground has sent."""
        self.open()

    def open(self) -> None:
        """Start the ground on what the archive holds."""
        self.station = Station(Archive(self.path), Fleet(), Assessor, KeyStore(self.keys))
        self.station.start(self.now_us)
        self.service = Service(self.station, [], lambda: self.now_us)
        self.ground = Operations(self.service)
        self.service.subscribe(lambda outcome: self._send(outcome.commands))
        self.service.commit()

    def kill(self) -> None:
        """As by SIGKILL: what is not committed is gone."""
        self.station.archive.close()

    def reboot(self) -> None:
        """The unit's power is cut."""
        self.unit = UnitBench(self.unit.files, boot_us=self.unit.tick_us)

    def run(self, seconds: float) -> None:
        for _ in range(round(seconds / STEP_S)):
            self.unit.run(STEP_S)
            made, self.unit.packets = self.unit.packets, []
            self.now_us += round(STEP_S * 1e6)
            passed = b"".join(p for p in made if self.up and not self.lose_report(p))
            if passed:
                self.station.receive(Chunk("line", self.now_us, passed, False, UNIT))
            self.station.tick(self.now_us)
            self.service.commit()

    def order(self, name: str, author: str = "ann", expires_s: float = 600, **given):
        return self.ground.order(UNIT, name, given, author, expires_s)

    def confirmed(self, name: str, **given):
        """A hazardous command with its confirmation."""
        request = self.order(name, **given)
        return self.ground.confirm(request.id, "ann", "sz20/w1", 1)

    def request(self, number: int = 1):
        """As the ground of now has it."""
        return self.ground.command(number)

    def sent_of(self, name: str) -> list[bytes]:
        index = getattr(tables, f"TC_{name.upper()}")
        kind = (tables.TC_SERVICE[index], tables.TC_SUBTYPE[index])
        return [packet for packet in self.sent if (packet[7], packet[8]) == kind]

    def alarms(self) -> list[str]:
        """What the open alarms are about."""
        return [alarm.key for alarm in self.ground.alarms()]

    def _send(self, commands) -> None:
        for command in commands:
            self.sent.append(command.data)
            if self.up and not self.lose(command.data):
                self.unit.unit.receive(command.data)


def is_of(packet: bytes, index: int) -> bool:
    """True for a command of that type (tables.TC_*)."""
    return (packet[7], packet[8]) == (tables.TC_SERVICE[index], tables.TC_SUBTYPE[index])
