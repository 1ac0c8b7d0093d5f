"""Bytes of all links to packets whose unit is known."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from ground.model import Chunk, UnitKey
from ground.receive.packets import split_runs
from ground.receive.receiver import Counters, Receiver
from ground.receive.run import Run
from ground.stream.identity import Identities, named_in
from protocol.schema.decode import Decoded, DecodeError, decode

TOGETHER: Final = "housekeeping"
"""The type that comes often enough to be taken in together; others go on one by one."""
DAMAGED_MAX: Final = 10
"""Damaged frames in a minute that are still no alarm: attaching, a spike."""
MINUTE_US: Final = 60_000_000


class Identified(NamedTuple):
    """A packet and who made it."""

    unit: UnitKey
    link: str
    decoded: Decoded
    received_us: int


class IdentifiedRun(NamedTuple):
    """Like packets that came together, and who made them."""

    unit: UnitKey
    link: str
    run: Run
    received_us: int

    def part(self, first: int, end: int) -> IdentifiedRun:
        """Packets first … end - 1."""
        return self._replace(run=self.run.part(first, end))

    def singly(self) -> Iterator[Identified]:
        """One by one."""
        for data in self.run.packets():
            yield Identified(self.unit, self.link, decode(data), self.received_us)


class Trouble(NamedTuple):
    """Something about a link that people must know, or that it is over."""

    key: str
    words: str
    active: bool


@dataclass(slots=True)
class _Line:
    receiver: Receiver = field(default_factory=Receiver)
    minute_us: int = 0
    damaged: int = 0
    """Damaged frames up to the start of that minute."""


class Intake:
    """Never raises on what the bytes hold; `troubles` is for its reader to empty."""

    def __init__(self) -> None:
        self.identities = Identities()
        self.troubles: list[Trouble] = []
        self._lines: dict[str, _Line] = {}
        self._passing: dict[str, int] = {}
        """Troubles that are over a minute after they were last seen: key, ground time."""

    def take(self, chunk: Chunk) -> list[Identified | IdentifiedRun]:
        """The packets that can be told whose they are now, in the order in which they came."""
        if chunk.unread:
            self._pass(f"unread:{chunk.link}", f"{chunk.link}: {chunk.unread}", chunk)
            return []
        if chunk.schema is not None:
            self._foreign(f"{chunk.link} {chunk.unit}", chunk, chunk.schema)
            return []
        receiver = self._lines.setdefault(chunk.link, _Line()).receiver
        receiver.counters.octets += len(chunk.data)
        if chunk.framed:
            received = receiver.feed(chunk.data)
            packets = received.packets
            if received.foreign_schema is not None:
                self._foreign(chunk.link, chunk, received.foreign_schema)
            elif packets:
                self._say(f"schema:{chunk.link}", "", False)
        else:
            packets, rest = split_runs(chunk.data)
            receiver.counters.frames += sum(len(p) if isinstance(p, Run) else 1 for p in packets)
            receiver.counters.damaged += bool(rest)
            receiver.counters.noise_bytes += len(rest)
        found: list[Identified | IdentifiedRun] = []
        for data in packets:
            if isinstance(data, Run):
                found += self._identify_run(chunk, data)
                continue
            try:
                decoded = decode(data)
            except DecodeError as error:
                receiver.counters.damaged += 1
                self._pass(f"undecodable:{chunk.link}", f"{chunk.link}: {error}", chunk)
            else:
                found += self._identify(chunk, decoded)
        return found

    def second(self, now_us: int) -> None:
        """Once a second: links that damage frames, packets that nobody named."""
        for link, line in self._lines.items():
            damaged = line.receiver.counters.damaged
            if damaged - line.damaged > DAMAGED_MAX:
                words = f"{link}: many damaged frames; check cable, baud rate and ground"
                self._say(f"damage:{link}", words, True)
                line.minute_us, line.damaged = now_us, damaged
            elif now_us - line.minute_us > MINUTE_US:
                if damaged == line.damaged:
                    self._say(f"damage:{link}", "", False)
                line.minute_us, line.damaged = now_us, damaged
        for key in [k for k, seen_us in self._passing.items() if now_us - seen_us > MINUTE_US]:
            del self._passing[key]
            self._say(key, "", False)
        for held in self.identities.expire(now_us):
            link, apid, boot = held.line
            words = f"{link}: APID {apid}, boot {boot} sends no boot packet; it cannot be named"
            self._say(f"unnamed:{link}:{apid}", words, True)

    def counters(self) -> dict[str, Counters]:
        """What came over each link."""
        return {name: line.receiver.counters for name, line in self._lines.items()}

    def _identify(self, chunk: Chunk, decoded: Decoded) -> list[Identified]:
        named = named_in(decoded) if decoded.name == "boot" else None
        if chunk.unit is not None:
            if named not in (None, chunk.unit):
                words = f"{chunk.link}: topic of {chunk.unit} carries packets of {named}"
                self._pass(f"topic:{chunk.unit}", words, chunk)
            return [Identified(chunk.unit, chunk.link, decoded, chunk.received_us)]
        line = (chunk.link, decoded.apid, decoded.boot_id)
        unit = self.identities.of(line, named)
        if unit is None:
            self.identities.hold(line, decoded, chunk.received_us)
            return []
        before = []
        if named:
            self._say(f"unnamed:{chunk.link}:{decoded.apid}", "", False)
            before = [
                Identified(unit, chunk.link, held.decoded, held.received_us)
                for held in self.identities.release(line)
            ]
        return [*before, Identified(unit, chunk.link, decoded, chunk.received_us)]

    def _identify_run(self, chunk: Chunk, run: Run) -> Sequence[Identified | IdentifiedRun]:
        unit = chunk.unit
        if unit is None:
            head = run.table[0]
            line = (chunk.link, int(head["packet_id"]) & 0x7FF, int(head["boot_id"]))
            unit = self.identities.of(line, None)
        if unit is None or run.name != TOGETHER:
            return [i for data in run.packets() for i in self._identify(chunk, decode(data))]
        return [IdentifiedRun(unit, chunk.link, run, chunk.received_us)]

    def _foreign(self, where: str, chunk: Chunk, schema: int) -> None:
        words = (
            f"{where}: a unit of another schema, {schema:08x}; its packets are kept but not read: "
            "update the unit or the ground"
        )
        self._pass(f"schema:{where}", words, chunk)

    def _pass(self, key: str, words: str, chunk: Chunk) -> None:
        self._passing[key] = chunk.received_us
        self._say(key, words, True)

    def _say(self, key: str, words: str, active: bool) -> None:
        self.troubles.append(Trouble(key, words, active))
