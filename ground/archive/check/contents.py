"""Row by row: raw bytes and journal against their checksums, and what came in the raw bytes."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from ground.archive.check.damage import DOUBT, KEPT_TWICE, RESTORE, Findings
from ground.archive.check.matching import Line, Side
from ground.archive.check.salvage import Gap, Keyed
from ground.archive.digest import COVERED, of_row
from ground.receive.packets import split_runs
from ground.receive.receiver import Receiver
from ground.receive.run import Run
from ground.stream.identity import named_in
from protocol.schema.decode import DecodeError, decode

Progress = Callable[[str, float, float], None]
FOREIGN = "schema"
"""Begins the key of a notice: ground/stream/intake.py."""
BEFORE_US = 1_000_000
"""A notice follows what it tells of so soon."""
CHECKSUM = "its checksum does not hold"


@dataclass(slots=True)
class Received:
    """What the raw bytes hold."""

    packets: Side = field(default_factory=Side)
    doubtful_us: list[tuple[int, int]] = field(default_factory=list)
    """Between which ground times raw bytes are missing or damaged."""
    foreign_us: dict[str, list[tuple[int, int]]] = field(default_factory=dict)
    """Link and unit by topic, and between which ground times that sent in another schema: what came
    so was not read, and its bytes do not tell it."""
    refused_packets: int = 0
    """That came whole and that the ground had no reason to store."""
    refused_lines: int = 0
    broken_frames: int = 0
    """Pieces that are no whole frame: lines have those, archives do not make them."""

    def doubts(self, received_us: int) -> bool:
        """True when what came then may have been in damaged rows."""
        return any(first <= received_us <= last for first, last in self.doubtful_us)

    def refused(self, line: Line, received_us: int) -> bool:
        """True when the ground was not to read what came then over a line."""
        spans = self.foreign_us.get(f"{line.link} {line.unit}", [])
        return any(first <= received_us <= last for first, last in spans)


@dataclass(slots=True)
class _Lines:
    """Each link's bytes as packets, as ground/stream/intake.py has them."""

    received: Received
    receivers: dict[str, Receiver] = field(default_factory=dict)
    names: dict[Line, str] = field(default_factory=dict)
    """Of units on lines whose bytes do not say whose they are, by their boot packets."""

    def restart(self) -> None:
        """A ground station that starts knows nothing of frames that another had half of."""
        self.end()
        self.receivers.clear()

    def take(self, link: str, received_us: int, framed: object, unit: str, data: bytes) -> None:
        receiver = self.receivers.setdefault(link, Receiver())
        if framed:
            packets = receiver.feed(data).packets
        else:
            packets, rest = split_runs(data)
            self.received.broken_frames += bool(rest)
        for packet in packets:
            if isinstance(packet, Run):
                head = packet.table[0]
                line = self._line(link, int(head["packet_id"]), int(head["boot_id"]), unit)
                self.received.packets.add_run(line, packet, received_us)
                continue
            try:
                decoded = decode(packet)
            except DecodeError:  # whole, but of no known type: the ground keeps its bytes alone
                continue
            if decoded.name == "boot" and not unit and (named := named_in(decoded)):
                self.names[Line(link, decoded.apid, decoded.boot_id)] = str(named)
            line = self._line(link, decoded.apid, decoded.boot_id, unit)
            self.received.packets.add_packet(line, packet, received_us)

    def _line(self, link: str, packet_id: int, boot: int, unit: str) -> Line:
        line = Line(link, packet_id & 0x7FF, boot)
        return line._replace(unit=unit or self.names.get(line, ""))

    def end(self) -> None:
        self.received.broken_frames += sum(r.counters.damaged for r in self.receivers.values())


def check_raw(
    db: sqlite3.Connection, findings: Findings, progress: Progress, told: Told
) -> Received:
    """Every row, and every frame in it; `told`: what the journal says of it."""
    received = Received(foreign_us=told.foreign_us)
    lines = _Lines(received)
    before_us, open_from_us = -(2**63), None
    total = last_key(db, "raw", "id")
    starts = sorted(told.starts_us, reverse=True)
    for row in rows_of(db, findings, "raw", "id"):
        if isinstance(row, Gap):
            findings.add(f"cannot be read ({row.error})", RESTORE, table="raw", rows=row.rows)
            open_from_us = before_us if open_from_us is None else open_from_us
            continue
        key, *covered, crc = row
        link, received_us, framed, unit, data = covered
        progress("raw", key, total)
        sound = crc is None or crc == of_row(*covered)
        if not sound:
            findings.add(
                CHECKSUM, KEPT_TWICE, table="raw", rows=(key, key), unit=_text(unit),
                link=_text(link), times_us=_times(received_us),
            )  # fmt: skip
        if not (isinstance(received_us, int) and isinstance(data, bytes)):
            open_from_us = before_us if open_from_us is None else open_from_us
            continue
        if open_from_us is not None:
            received.doubtful_us.append((open_from_us, received_us))
            open_from_us = None
        if not sound:
            open_from_us = before_us
        if starts and starts[-1] <= received_us:
            lines.restart()
            while starts and starts[-1] <= received_us:
                starts.pop()
        lines.take(str(link), received_us, framed, _text(unit) or "", data)
        before_us = received_us
    if open_from_us is not None:
        received.doubtful_us.append((open_from_us, 2**63 - 1))
    lines.end()
    return received


@dataclass(slots=True)
class Told:
    """What the journal says of the raw bytes. Times are ground time (µs)."""

    starts_us: list[int] = field(default_factory=list)
    """When ground stations started."""
    foreign_us: dict[str, list[tuple[int, int]]] = field(default_factory=dict)
    """As Received has it."""

    def take(self, time_us: object, kind: object, data: object) -> None:
        """One entry that holds together."""
        if kind == "notice" and isinstance(time_us, int) and isinstance(data, dict):
            name, _, where = str(data.get("key")).partition(":")
            if name == FOREIGN and data.get("active"):
                self.foreign_us.setdefault(where, []).append((time_us - BEFORE_US, 2**63 - 1))
            elif name == FOREIGN and (spans := self.foreign_us.get(where)):
                spans[-1] = (spans[-1][0], time_us)


def check_journal(db: sqlite3.Connection, findings: Findings, progress: Progress) -> Told:
    """Every entry."""
    told = Told()
    total = last_key(db, "journal", "seq")
    for row in rows_of(db, findings, "journal", "seq"):
        if isinstance(row, Gap):
            findings.add(
                f"entries cannot be read ({row.error})", RESTORE, table="journal",
                rows=row.rows,
            )  # fmt: skip
            continue
        key, *covered, crc = row
        progress("journal", key, total)
        if covered[3] == "start" and isinstance(covered[1], int):
            told.starts_us.append(covered[1])
        place = {"table": "journal", "rows": (key, key), "times_us": _times(covered[1])}
        if crc is not None and crc != of_row(*covered):
            findings.add(CHECKSUM, DOUBT, **place)
        else:
            try:
                told.take(covered[1], covered[3], json.loads(covered[4]))
            except (ValueError, TypeError) as error:
                findings.add(f"its data is no JSON ({error})", DOUBT, **place)
    return told


def note_unmatched(findings: Findings, received: Received) -> None:
    """What the raw bytes hold beside packets."""
    if received.broken_frames:
        findings.notes.append(
            f"{received.broken_frames} pieces of raw bytes are no whole frame of this schema, "
            "as they came: noise, cut or of another schema"
        )
    if received.refused_packets:
        findings.notes.append(
            f"{received.refused_packets} packets of {received.refused_lines} boots came whole and "
            "are kept as bytes alone: of units that were not taken in, not named, or of another "
            "schema"
        )


def rows_of(
    db: sqlite3.Connection, findings: Findings, table: str, key: str
) -> Iterator[tuple[Any, ...] | Gap]:
    """Key, covered columns and checksum (None in older formats) of each; counts them."""
    count = 0
    for row in Keyed(db, table, key, f"{COVERED[table]}, crc").rows():
        count += not isinstance(row, Gap)
        yield row
    findings.counts[table] = count


def last_key(db: sqlite3.Connection, table: str, key: str) -> int:
    """For progress alone."""
    try:
        return int(db.execute(f"SELECT max({key}) FROM {table}").fetchone()[0] or 0)  # noqa: S608
    except (sqlite3.DatabaseError, ValueError):
        return 0


def _times(time_us: object) -> tuple[int, int] | None:
    return (time_us, time_us) if isinstance(time_us, int) else None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
