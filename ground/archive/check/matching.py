"""Which packets came and which are stored: what one side has and the other has not.

Each packet takes 16 bytes of memory on either side.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ground.receive.run import Run

Numbers = NDArray[np.int64]


class Line(NamedTuple):
    """Where packets that have record numbers of their own come from."""

    link: str
    apid: int
    boot: int
    unit: str = ""
    """As the topic or a boot packet names it; empty: nobody has."""

    def like(self, other: Line) -> bool:
        """True when packets of both can be one unit's, over whatever link."""
        one = self.unit == other.unit or not (self.unit and other.unit)
        return one and (self.apid, self.boot) == (other.apid, other.boot)


@dataclass(slots=True)
class Side:
    """Packets that were received, or stored: per line the record, its CRC-16 and when it came."""

    _parts: dict[Line, list[tuple[Numbers, Numbers]]] = field(default_factory=dict)
    _singly: dict[Line, tuple[list[int], list[int]]] = field(default_factory=dict)

    def add(self, line: Line, records: Numbers, checks: Numbers, received_us: Numbers) -> None:
        """Packets of one line."""
        self._parts.setdefault(line, []).append((records << 16 | checks, received_us))

    def add_run(self, line: Line, run: Run, received_us: int) -> None:
        """Like packets that came together."""
        table = run.table
        records, checks = table["record"].astype(np.int64), table["crc"].astype(np.int64)
        self.add(line, records, checks, np.full(len(table), received_us, np.int64))

    def add_packet(self, line: Line, packet: bytes, received_us: int) -> None:
        """One whole packet."""
        record = int.from_bytes(packet[22:26], "big")
        keys, times = self._singly.setdefault(line, ([], []))
        keys.append(record << 16 | packet[-2] << 8 | packet[-1])
        times.append(received_us)

    def lines(self) -> set[Line]:
        """All that there are."""
        return self._parts.keys() | self._singly.keys()

    def like(self, line: Line) -> list[Line]:
        """Those whose packets can be of the same unit, over whatever link."""
        return [k for k in self.lines() if k.like(line)]

    def of(self, *lines: Line) -> tuple[Numbers, Numbers]:
        """Record and CRC-16 as one number, rising, each once; and when it came first."""
        parts = [(np.zeros(0, np.int64), np.zeros(0, np.int64))]
        for line in lines:
            keys, times = self._singly.get(line, ([], []))
            parts += self._parts.get(line, [])
            parts.append((np.array(keys, np.int64), np.array(times, np.int64)))
        every = np.concatenate([part[0] for part in parts])
        came = np.concatenate([part[1] for part in parts])
        order = np.lexsort((came, every))
        every, came = every[order], came[order]
        first = np.concatenate((np.ones(min(len(every), 1), bool), every[1:] != every[:-1]))
        return every[first], came[first]


def not_received(stored: Side, received: Side, line: Line) -> tuple[Numbers, Numbers]:
    """Records stored and never received as they stand, and when they are said to have come."""
    keys, times = stored.of(line)
    here = [k for k in received.like(line) if k.link == line.link]
    missing = ~np.isin(keys, received.of(*here)[0])
    return keys[missing] >> 16, times[missing]


def not_stored(stored: Side, received: Side, line: Line) -> tuple[Numbers, Numbers]:
    """Records received, whole, once the unit was known there, and stored under no link; and when.

    What comes before its unit is known may rightly be dropped, so it does not count.
    """
    keys, times = received.of(line)
    alike = stored.like(line)
    here = [k for k in alike if k.link == line.link]
    if not here:
        return keys[:0], times[:0]
    kept = stored.of(*alike)[0] >> 16
    missing = (times > stored.of(*here)[1].min()) & ~np.isin(keys >> 16, kept)
    return keys[missing] >> 16, times[missing]
