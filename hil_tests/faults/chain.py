"""The real firmware, a faulty line each way, the real ground: in virtual time, in one process."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

from firmware.boards.fixed import FixedBoard
from firmware.boards.this import this_board
from firmware.session import Session
from firmware.store.ram import RamFiles
from firmware.unit import STEP_US
from ground.archive.archive import Archive
from ground.model import Chunk, UnitKey
from ground.station import Station
from ground.stream.keys import KeyStore
from ground.verdict.assessor import Assessor
from hil_tests.faults.line import Line, S
from protocol.schema.decode import decode
from protocol.wire import frame
from protocol.wire.tables import SCHEMA_HASH
from tools.scenario.compile import event_table
from tools.scenario.load import load

KEY = bytes(range(32))
UNIT = UnitKey("sz20", "w1")
T0_US = 1_762_214_400_000_000
LINK = "line"
DELIVER_US = 100_000


class Chain:
    """One unit and its station; `down` and `up` are the line's two directions."""

    def __init__(
        self, folder: Path, down: Line, up: Line, scenario: str = "impact", seed: int = SCHEMA_HASH
    ) -> None:
        self.down, self.up = down, up
        self.tick_us = 0
        self.made: dict[tuple[int, int], bytes] = {}
        """Every packet that the unit made, by boot and record."""
        self.made_us: dict[tuple[int, int], int] = {}
        """When, µs since the start."""
        self._seed = seed
        self._scenario = load(scenario)
        self._files = RamFiles()
        self._deframer = frame.Deframer()
        keys = folder / "keys"
        keys.mkdir()
        path = keys / f"{UNIT.vehicle}-{UNIT.unit}.key"
        path.touch(mode=0o600)
        path.write_bytes(KEY)
        archive = Archive(folder / "archive.sqlite")
        self.station = Station(archive, self._scenario.fleet, Assessor, KeyStore(keys))
        self.station.start(T0_US)
        self.power_on()

    def power_on(self) -> None:
        """Start the unit on what its recorder has stored: what was only in memory is gone."""
        settings = SimpleNamespace(
            vehicle=UNIT.vehicle, unit=UNIT.unit, apid=1, key=KEY, store_bytes=4 << 20
        )
        table = event_table(self._scenario, UNIT)
        board = FixedBoard(this_board())
        self._session = Session(settings, board, table, self._files, self._send)
        recorder = self._session.unit._recorder
        append = recorder.append

        def tee(packet: bytes, series: int, now_us: int) -> None:
            packet = bytes(packet)
            known = decode(packet)
            self.made[known.boot_id, known.record] = packet
            self.made_us[known.boot_id, known.record] = now_us
            append(packet, series, now_us)

        recorder.append = tee

    def seconds(self, count: int) -> None:
        """Let time pass on both sides."""
        for _ in range(count * S // DELIVER_US):
            for _ in range(DELIVER_US // STEP_US):
                self._session.step(self.tick_us)
                self.tick_us += STEP_US
            self._deliver()
            if self.tick_us % S == 0:
                self.station.tick(T0_US + self.tick_us)

    def jump(self, by_us: int) -> None:
        """The unit's clock is set."""
        self._session.unit._downlink.jump(by_us)

    def settle(self, seconds: int = 120) -> None:
        """Mend the line and give the ground time to ask for all that it lacks."""
        self.down.heal()
        self.up.heal()
        self.seconds(seconds)

    def archived(self) -> dict[tuple[int, int], bytes]:
        """Every packet in the archive; fails on a double."""
        found: dict[tuple[int, int], bytes] = {}
        for packet in self.station.archive.telemetry():
            known = decode(packet)
            assert (known.boot_id, known.record) not in found
            found[known.boot_id, known.record] = packet
        return found

    def made_before(self, tick_us: int) -> dict[tuple[int, int], bytes]:
        """Packets made up to a time; the newest may still be on their way."""
        return {key: p for key, p in self.made.items() if self.made_us[key] <= tick_us}

    def alarms(self, prefix: str) -> list[str]:
        """What alarms of this kind said."""
        return [a.what for a in self.station.assessor.alarms if a.key.startswith(prefix)]

    def _send(self, packet: bytes) -> bool:
        self.down.send(self.tick_us, frame.encode(bytes(packet), self._seed))
        return True

    def _deliver(self) -> None:
        if data := self.down.arrivals(self.tick_us):
            self.station.receive(Chunk(LINK, T0_US + self.tick_us, data, framed=True))
        for command in self.station.commit().commands:
            self.up.send(self.tick_us, frame.encode(command.data))
        for packet, _ in self._deframer.feed(self.up.arrivals(self.tick_us)):
            if packet is not None:
                self._session.unit.receive(packet)
