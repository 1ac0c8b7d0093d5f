"""What retention must not drop: the packets behind open alarms and findings in force."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from ground.alarms.state import State
from ground.archive.archive import Archive
from ground.archive.block import HOUR_US, IDENT
from ground.assessing import Assessing
from ground.model import Finding, Inspection, PacketId, UnitKey

AROUND_US: Final = 600_000_000
"""So much before and after a cause is kept: what a leak fit and a limit's persistence rest on."""
RAW_US: Final = 5_000_000
"""Raw bytes are kept this much around the packets that were made of them."""
_LASTING: Final = ("strike", "breach", "leak")

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Evidence:
    """Onboard times (µs UTC) of each unit, and packets, that must stay."""

    spans: dict[UnitKey, list[Span]]
    packets: frozenset[PacketId]
    alarms: dict[int, UnitKey]
    """Those that are open, by number: what was there when one moved must stay as well."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What of the part to be dropped stays."""

    blocks: frozenset[int]
    """By the number of their first packet."""
    received: list[Span]
    """Ground times (µs) of the raw bytes that stay, disjoint and in order."""


def needed(assessor: Assessing, inspections: Iterable[Inspection]) -> Evidence:
    """Of every alarm that is not closed, every strike, breach and leak not found clear since."""
    spans: dict[UnitKey, list[Span]] = {}
    packets: set[PacketId] = set()
    alarms: dict[int, UnitKey] = {}
    clear = [i for i in inspections if i.result == "clear"]
    for alarm in assessor.alarms:
        if alarm.state != State.NORMAL.value and alarm.unit is not None:
            times = spans.setdefault(alarm.unit, [])
            rise_us = alarm.newest_rise_us
            ends = (min(alarm.time_us, rise_us), max(alarm.time_us, rise_us))
            times.append((ends[0] - AROUND_US, ends[1] + AROUND_US))
            if rise_us != alarm.raised_us:  # not all the time in between, which may be months
                times.append((alarm.raised_us - AROUND_US, alarm.raised_us + AROUND_US))
            packets.update(alarm.evidence)
            alarms[alarm.id] = alarm.unit
    for finding in assessor.findings:
        if in_force(finding, clear):
            around = (finding.time_us - AROUND_US, finding.time_us + AROUND_US)
            spans.setdefault(finding.unit, []).append(around)
            packets.update(finding.evidence)
    return Evidence(spans, frozenset(packets), alarms)


def in_force(finding: Finding, clear: Iterable[Inspection]) -> bool:
    """True while nobody has found the window clear since; other verdicts last with their alarms."""
    return finding.verdict in _LASTING and not any(
        i.unit == finding.unit and i.time_us > finding.time_us for i in clear
    )


def kept(archive: Archive, evidence: Evidence, seq: int) -> Kept:
    """Which blocks up to a number stay whole, and which raw bytes with them."""
    blocks: dict[int, Any] = {}
    for unit, spans in evidence.spans.items():
        for start_us, end_us in merged(spans):
            for first, ident in archive.maintain(
                "SELECT seq, ident FROM block WHERE unit = (SELECT id FROM unit WHERE vehicle = ?"
                " AND name = ?) AND last_seq <= ? AND last_us >= ? AND first_us <= ?",
                *unit, seq, start_us, end_us,
            ):  # fmt: skip
                blocks[first] = np.frombuffer(ident, IDENT)
    blocks |= _received(archive, _moves(archive, evidence.alarms), seq)
    blocks |= _with(archive, evidence.packets, blocks, seq)
    received = [
        (int(i["received_us"].min()) - RAW_US, int(i["received_us"].max()) + RAW_US)
        for i in blocks.values()
    ]
    return Kept(frozenset(blocks), merged(received))


def _moves(archive: Archive, alarms: Mapping[int, UnitKey]) -> dict[UnitKey, list[Span]]:
    """Around when alarms moved or were told in other words, as the journal has it (ground time).

    A silence ends hours after it began, and a value comes back: the alarm tells of both.
    """
    found: dict[UnitKey, list[Span]] = {}
    for number, time_us in archive.maintain(
        "SELECT CASE WHEN json_valid(data) THEN json_extract(data, '$.alarm_id') END, time_us"
        " FROM journal WHERE kind = 'alarm'"
    ):
        if (unit := alarms.get(number)) is not None:
            found.setdefault(unit, []).append((time_us - AROUND_US, time_us + AROUND_US))
    return found


def _received(archive: Archive, spans_of: Mapping[UnitKey, list[Span]], seq: int) -> dict[int, Any]:
    """Blocks of packets that came then, however old they were: what had been missing."""
    found: dict[int, Any] = {}
    for unit, spans in spans_of.items():
        for start_us, end_us in merged(spans):
            for first, octets in archive.maintain(
                "SELECT seq, ident FROM block WHERE unit = (SELECT id FROM unit WHERE vehicle = ?"
                " AND name = ?) AND last_seq <= ? AND hour BETWEEN ? AND ?",
                *unit, seq, start_us // HOUR_US, end_us // HOUR_US,
            ):  # fmt: skip
                ident = np.frombuffer(octets, IDENT)
                came = ident["received_us"]
                if np.any((came >= start_us) & (came <= end_us)):
                    found[first] = ident
    return found


def merged(spans: Iterable[Span]) -> list[Span]:
    """Disjoint and in order."""
    made: list[Span] = []
    for start, end in sorted(spans):
        if made and start <= made[-1][1]:
            made[-1] = (made[-1][0], max(made[-1][1], end))
        else:
            made.append((start, end))
    return made


def _with(
    archive: Archive, packets: Iterable[PacketId], known: dict[int, Any], seq: int
) -> dict[int, Any]:
    """Blocks with those packets that lie in none that is known: far from their cause."""
    wanted: dict[tuple[str, str, int], set[int]] = {}
    for packet in packets:
        wanted.setdefault(packet[:3], set()).add(packet.record)
    found: dict[int, Any] = {}
    for (vehicle, name, boot), records in wanted.items():
        rows = archive.maintain(
            "SELECT seq FROM block WHERE unit = (SELECT id FROM unit WHERE vehicle = ?"
            " AND name = ?) AND boot = ? AND last_seq <= ?",
            vehicle, name, boot, seq,
        )  # fmt: skip
        mine = [first for (first,) in rows]
        for first in sorted(mine, key=lambda f: f not in known):  # those at hand first
            if not records:
                break
            ident = known.get(first)
            if ident is None:
                octets = archive.maintain("SELECT ident FROM block WHERE seq = ?", first)[0][0]
                ident = np.frombuffer(octets, IDENT)
            held = records.intersection(ident["record"].tolist())
            records.difference_update(held)
            if held and first not in known:
                found[first] = ident
    return found
