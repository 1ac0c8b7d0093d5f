"""How packets of any schema are decoded: from the dictionary that the archive keeps of it."""

from __future__ import annotations

from dataclasses import dataclass
from struct import Struct
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ground.receive.run import Table, tables_of
from protocol.schema.decode import Bodies

Dictionary = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Field:
    """One numeric parameter in one packet type."""

    packet: str
    column: str
    """Its field in the packet's table."""
    scale: float
    offset: float

    def read(self, table: Table) -> NDArray[np.float64]:
        """Engineering values; equal to protocol.schema.decode.engineering of each."""
        return self.engineering(table[self.column].astype(np.float64))

    def engineering(self, raw: NDArray[np.float64]) -> NDArray[np.float64]:
        """Of raw values."""
        if self.scale == 1.0 and self.offset == 0.0:
            return raw
        return raw * self.scale + self.offset


def bodies(dictionary: Dictionary) -> Bodies:
    """The decoder table of a stored dictionary (see protocol.schema.decode)."""
    return {
        (t["service"], t["subtype"]): (
            t["name"],
            Struct(">" + "".join(p["format"] for p in t["parameters"])),
            tuple(p["name"] for p in t["parameters"]),
        )
        for t in dictionary["telemetry"]
    }


def tables(dictionary: Dictionary) -> dict[str, np.dtype[np.void]]:
    """The table (ground/receive/run.py) of each packet type of a stored dictionary."""
    return dict(tables_of(bodies(dictionary)).values())


def fields(dictionary: Dictionary, parameter: str) -> list[Field]:
    """Where a numeric parameter stands in the packets of a stored dictionary."""
    return [
        Field(t["name"], f"body_{parameter}", p["scale"], p["offset"])
        for t in dictionary["telemetry"]
        for p in t["parameters"]
        if p["name"] == parameter and not p["format"].endswith("s")
    ]
