"""A unit as the ground sees it: makes packets with Construct, keeps them, takes commands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from protocol.schema import encode
from protocol.schema.bodies.storage import KEPT_BOOTS
from protocol.schema.telemetry import TELEMETRY
from protocol.wire import cuc, tables, tc
from protocol.wire.tables import SCHEMA_HASH

KEY = bytes(range(32))
_NAMES = [t.name for t in TELEMETRY]


@dataclass
class FakeUnit:
    """Time is its own, in µs since its boot; `now` (scenario µs) minus `booted` gives it."""

    vehicle: str = "sz20"
    unit: str = "w1"
    apid: int = 1
    key: bytes = KEY
    boot_id: int = 1
    now: int = 0
    booted: int = 0
    tai_base_us: int | None = None
    """TAI of now = 0: then the unit sends time status 1."""
    next_record: int = 0
    next_counter: int = 0
    store: dict[tuple[int, int], bytes] = field(default_factory=dict)
    """Uncommitted packets."""
    made: dict[tuple[int, int], bytes] = field(default_factory=dict)
    """Every packet ever made."""
    counts: dict[str, int] = field(default_factory=dict)
    commands: list[tc.Command] = field(default_factory=list)
    answer: Callable[[tc.Command], list[bytes]] | None = None
    """Replaces the execution of commands, to misbehave."""

    @property
    def since_boot(self) -> int:
        return self.now - self.booted

    def make(self, name: str, *values: int | bytes) -> bytes:
        index = _NAMES.index(name)
        status = cuc.STATUS_SINCE_BOOT if self.tai_base_us is None else cuc.STATUS_TAI
        time_us = self.since_boot if self.tai_base_us is None else self.tai_base_us + self.now
        coarse, fine = cuc.from_us(time_us)
        buffer = bytearray(512)
        count = self.counts[name] = self.counts.get(name, -1) + 1
        size = encode.pack(
            buffer, index, self.apid, status, coarse, fine, count, self.boot_id,
            self.next_record, values,
        )  # fmt: skip
        packet = bytes(buffer[:size])
        self.store[self.boot_id, self.next_record] = packet
        self.made[self.boot_id, self.next_record] = packet
        self.next_record += 1
        return packet

    def boot(self) -> bytes:
        return self.make(
            "boot", self.vehicle.encode(), self.unit.encode(), SCHEMA_HASH, b"0.1.0", 0, 0, 3,
            2_500_000, self.next_counter, b"fake", b"\1",
        )  # fmt: skip

    def housekeeping(self, p_gap2: float = 101_000.0) -> bytes:
        return self.make(
            "housekeeping", 1, 0, round(p_gap2 * 10), 1_013_250, 20_000, 20_000, 20_000,
            0, 0, 0, 0, 0, 0, 0x3F, 0x3F, 0, 0, 0, 0, 0, 0, 0,
        )  # fmt: skip

    def time(self) -> bytes:
        return self.make("time", self.since_boot)

    def alive(self) -> bytes:
        return self.make("alive")

    def hit(self) -> bytes:
        one = (0, 6_000, 100, 1_000, 50, 1_000)
        time_us = self.since_boot if self.tai_base_us is None else self.tai_base_us + self.now
        return self.make("hit", time_us, 0x3F, 0x3F, 0, 0x3F, 0, 0, 0, 0, *(one * 6))

    def lost(self, boot: int, first: int, last: int, kind: int = 0) -> bytes:
        """Drop these records of that class from the store (all of them here) and say so."""
        for record in range(first, last + 1):
            self.store.pop((boot, record), None)
        return self.make("lost", boot, first, last, kind)

    def storage(self) -> bytes:
        boots = sorted({boot for boot, _ in self.store} | {self.boot_id})[-KEPT_BOOTS:]
        values: list[int] = []
        for boot in boots:
            kept = [r for b, r in self.store if b == boot]
            newest = max([r for b, r in self.made if b == boot], default=-1)
            values += [boot, min(kept, default=newest + 1), max(newest, 0)]
        values += [0] * (3 * KEPT_BOOTS - len(values))
        return self.make("storage", len(boots), *values, 1_000_000)

    def reboot(self) -> None:
        self.boot_id += 1
        self.booted = self.now
        self.next_record = 0
        self.counts = {}

    def take(self, packet: bytes) -> list[bytes]:
        """Execute a command; gives the packets to send."""
        command = tc.parse(packet, self.apid, self.key)
        if command is None:
            return []
        if not command.failure and command.counter < self.next_counter:
            command.failure = tc.FAIL_REPLAY
        self.commands.append(command)
        report = (command.packet_id, command.sequence, command.counter, command.failure)
        if command.failure:
            return [self.make("refused", *report)]
        self.next_counter = command.counter + 1
        if self.answer:
            return self.answer(command)
        sent: list[bytes] = []
        if tc.find(command.service, command.subtype) == tables.TC_RETRIEVE:
            boot, first, last = command.values
            sent = [self.store[boot, r] for r in range(first, last + 1) if (boot, r) in self.store]
        elif tc.find(command.service, command.subtype) == tables.TC_COMMIT:
            self._commit(*command.values)
        if command.ack & tc.ACK_COMPLETION:
            sent.append(self.make("completed", *report))
        return sent

    def _commit(self, boot: int, cumulative: int, bitmap: bytes) -> None:
        for kept, record in list(self.store):
            bit = record - cumulative
            inside = 0 <= bit < 8 * len(bitmap)
            if kept == boot and (bit < 0 or (inside and bitmap[bit // 8] >> bit % 8 & 1)):
                del self.store[kept, record]
