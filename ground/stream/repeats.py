"""Checksums of the records taken in last, to tell a repeat from another unit's packet."""

from __future__ import annotations

from typing import Final

import numpy as np

from ground.receive.run import Table

REMEMBERED: Final = 8192
"""Records of a boot; of two whose numbers differ by a multiple of it the later one stays."""
_NONE: Final = -1


class Repeats:
    """CRC-16 by record number of one boot, in memory of one size."""

    def __init__(self) -> None:
        self._records = np.full(REMEMBERED, _NONE, np.int64)
        self._checks = np.zeros(REMEMBERED, np.int64)

    def remember(self, record: int, data: bytes) -> None:
        """Note a packet that is taken in."""
        self._records[record % REMEMBERED] = record
        self._checks[record % REMEMBERED] = int.from_bytes(data[-2:], "big")

    def remember_all(self, table: Table) -> None:
        """Note packets of rising records."""
        table = table[-REMEMBERED:]
        place = table["record"] % REMEMBERED
        self._records[place], self._checks[place] = table["record"], table["crc"]

    def differs(self, record: int, data: bytes) -> bool:
        """True when a record that is remembered was another packet than this."""
        place = record % REMEMBERED
        if self._records[place] != record:
            return False
        return bool(self._checks[place] != int.from_bytes(data[-2:], "big"))
