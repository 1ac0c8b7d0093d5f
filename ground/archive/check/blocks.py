"""Blocks: their checksums, what they say of their packets, and the packets' own CRC-16."""

from __future__ import annotations

import sqlite3
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ground.archive.block import HOUR_US, IDENT
from ground.archive.check.contents import CHECKSUM, Progress, last_key
from ground.archive.check.damage import ASK_AGAIN, DOUBT, RESTORE, Findings
from ground.archive.check.matching import Line, Side
from ground.archive.check.salvage import Gap, Keyed
from ground.archive.digest import COVERED, of_row
from ground.archive.errors import UNREADABLE
from ground.archive.spans import spans
from ground.receive.checks import packet_checks

_DERIVED: Final = "last_seq, first_us, last_us, count"
_HEADER: Final = 28
"""Bytes of the shortest packet: header and CRC."""
_INTEGERS: Final = (0, 1, 4, 5)
"""Columns under the checksum that are integers."""


@dataclass(slots=True)
class Stored:
    """What the blocks hold."""

    packets: Side = field(default_factory=Side)
    damaged_hours: set[tuple[object, int]] = field(default_factory=set)
    """(unit, hour) of blocks that are not whole: what is made from them need not agree."""
    unknown_damage: bool = False
    """True where even the hours of what is damaged cannot be told."""
    schemas: dict[Line, set[int]] = field(default_factory=dict)
    units: dict[Line, str] = field(default_factory=dict)
    names: dict[object, str] = field(default_factory=dict)
    """Each unit's name by its number."""
    nameless: bool = False
    """True when some of the names cannot be read."""


def check_blocks(db: sqlite3.Connection, findings: Findings, progress: Progress) -> Stored:
    """Every block; damage is told with unit, boot, records and time wherever they can be read."""
    names = names_of(db)
    stored = Stored(names=names, nameless=len(names) < _count(db))
    count = packets = 0
    total = last_key(db, "block", "seq")
    keyed = Keyed(db, "block", "seq", f"{COVERED['block']}, crc, {_DERIVED}")
    for row in keyed.rows():
        if isinstance(row, Gap):
            _name_gap(db, findings, stored, row)
            continue
        progress("packets", row[0], total)
        count += 1
        packets += _check_block(findings, stored, row)
    findings.counts |= {"block": count, "packets": packets}
    return stored


def names_of(db: sqlite3.Connection) -> dict[object, str]:
    """Unit numbers and names; those that can be read."""
    found: dict[object, str] = {}
    for row in Keyed(db, "unit", "id", "vehicle, name").rows():
        if not isinstance(row, Gap):
            found[row[0]] = f"{row[1]}/{row[2]}"
    return found


def _count(db: sqlite3.Connection) -> float:
    try:
        return sum(1 for _ in db.execute("SELECT 1 FROM unit NOT INDEXED"))
    except UNREADABLE:
        return float("inf")


def unit_name(names: dict[object, str], unit: object) -> str:
    """A unit in words, also one that has no name."""
    lost = "a unit" if unit is None else f"unit number {unit}"
    return names.get(unit, f"{lost}, whose name is lost")


def _name_gap(db: sqlite3.Connection, findings: Findings, stored: Stored, gap: Gap) -> None:
    """Blocks on a damaged page: the index still says whose they are and of when."""
    words = f"packets cannot be read ({gap.error})"
    told = False
    with suppress(*UNREADABLE):
        for seq, unit, name, hour, first_us, last_us in db.execute(
            "SELECT seq, unit, name, hour, first_us, last_us FROM block INDEXED BY block_history"
            " WHERE unit > -1 AND seq >= ? AND seq <= ?",
            (gap.first, 2**63 - 1 if gap.last is None else gap.last),
        ):
            if not all(isinstance(number, int) for number in (seq, unit, hour, first_us, last_us)):
                continue
            told = True
            stored.damaged_hours.add((unit, hour))
            findings.add(
                words, RESTORE, table="block", rows=(seq, seq), unit=unit_name(stored.names, unit),
                packets=str(name), times_us=(first_us, last_us),
            )  # fmt: skip
    if not told:
        stored.unknown_damage = True
        findings.add(words, RESTORE, table="block", rows=gap.rows)


def _check_block(findings: Findings, stored: Stored, row: tuple[Any, ...]) -> int:
    """One of them; how many packets it says to have."""
    seq, *covered = row
    covered, crc, derived = covered[:8], row[9], row[10:]
    unit, boot, name, _, _, hour, octets, data = covered
    typed = all(isinstance(covered[k], int) for k in _INTEGERS)
    if not (typed and isinstance(octets, bytes) and isinstance(data, bytes)) or (
        not octets or len(octets) % IDENT.itemsize
    ):
        stored.unknown_damage = True
        findings.add("holds no packets that can be told apart", RESTORE, table="block",
                     rows=(seq, seq))  # fmt: skip
        return 0
    ident = np.frombuffer(octets, IDENT)
    times, records = ident["onboard_us"], ident["record"]

    def add(what: str, next_: str, which: NDArray[np.bool_] | None = None) -> None:
        stored.damaged_hours.add((unit, hour))
        stored.damaged_hours.update((unit, int(h)) for h in np.unique(times // HOUR_US)[:24])
        these, when = (records, times) if which is None else (records[which], times[which])
        findings.add(
            what, next_, table="block", rows=(seq, seq), unit=unit_name(stored.names, unit),
            packets=str(name), boot=boot, records=(int(these.min()), int(these.max())),
            times_us=(int(when.min()), int(when.max())),
        )  # fmt: skip

    if len(data) % len(ident) or len(data) // len(ident) < _HEADER:
        add("its packets are cut short", RESTORE)
        return len(ident)
    rows = np.frombuffer(data, np.uint8).reshape(len(ident), -1)
    bad = packet_checks(rows) != 0
    if bad.any():
        for first, last in spans(records[bad].astype(np.int64)):
            add("packets whose CRC-16 does not hold", ASK_AGAIN,
                (records >= first) & (records <= last))  # fmt: skip
    sound = crc is None or crc == of_row(*covered)
    if not sound and not bad.any():
        add(f"{CHECKSUM}, though its packets' CRC-16 do: times or names in it are wrong", DOUBT)
    told = rows[:, 22:26].copy().view(">u4")[:, 0]
    if sound and not bad.any():
        expected = (int(ident["seq"][-1]), int(times.min()), int(times.max()), len(ident))
        if derived != expected or seq != int(ident["seq"][0]):
            add("its summary columns are not what its packets say", f"{RESTORE}; histories miss it")
        elif (np.diff(ident["seq"]) <= 0).any() or (times // HOUR_US != hour).any():
            add("its packets are out of order or of another hour", DOUBT)
        elif (told != records).any():
            add("its packets have other record numbers than it says", DOUBT)
        elif unit not in stored.names and not stored.nameless:
            add("its unit has no name", DOUBT)
    _keep(stored, covered, ident, rows, ~bad)
    return len(ident)


def _keep(
    stored: Stored, covered: list[Any], ident: NDArray[np.void], rows: NDArray[np.uint8],
    good: NDArray[np.bool_],
) -> None:  # fmt: skip
    """Whole packets, for the comparison with what was received."""
    unit, link, schema = covered[0], covered[3], covered[4]
    kept, rows = ident[good], rows[good]
    if not len(kept):
        return
    heads = rows[:, :26].astype(np.int64)
    apids, boots = (heads[:, 0] & 7) << 8 | heads[:, 1], heads[:, 20] << 8 | heads[:, 21]
    records = rows[:, 22:26].copy().view(">u4")[:, 0].astype(np.int64)
    checks = rows[:, -2].astype(np.int64) << 8 | rows[:, -1]
    for apid, boot in np.unique(np.stack((apids, boots), axis=1), axis=0).tolist():
        mine = (apids == apid) & (boots == boot)
        line = Line(str(link), apid, boot, stored.names.get(unit, ""))
        stored.packets.add(line, records[mine], checks[mine], kept["received_us"][mine])
        stored.schemas.setdefault(line, set()).add(schema)
        stored.units[line] = unit_name(stored.names, unit)
