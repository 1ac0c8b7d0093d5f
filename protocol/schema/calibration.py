"""Raw values as people read them, also where another value of the packet names scale and unit."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Final, NamedTuple

from protocol.schema.decode import engineering
from protocol.schema.onboard import POOL, SETTINGS, PoolParameter, Setting
from protocol.schema.parameter import Entry

_SETTINGS: Final = {s.number: s for s in SETTINGS}
_POOL: Final = {p.number: p for p in POOL}
RAW_COUNT: Final = "raw count"
"""Said of a number that has neither unit nor scale."""


class Calibration(NamedTuple):
    """Engineering value = raw * scale + offset, in `unit`; exact."""

    unit: str = ""
    scale: Fraction = Fraction(1)
    offset: Fraction = Fraction(0)

    @property
    def is_count(self) -> bool:
        """True where the raw value is all that can be said."""
        return not self.unit and self.scale == 1 and self.offset == 0

    def value(self, raw: int) -> int | float:
        """A raw value in the unit."""
        found = raw * self.scale + self.offset
        return int(found) if found.denominator == 1 else float(found)

    def words(self, raw: int) -> str:
        """A raw value with all its digits and its unit, e.g. `45.50 dB_AE`; `1 (raw count)`."""
        if self.is_count:
            return f"{raw} ({RAW_COUNT})"
        exact = Decimal(str(float(self.scale))).normalize().as_tuple().exponent
        digits = max(-exact, 0) if isinstance(exact, int) else 0
        return f"{float(raw * self.scale + self.offset):.{digits}f} {self.unit}".rstrip()


def named(entry: Entry, raw: Mapping[str, int | bytes]) -> Setting | PoolParameter | None:
    """The setting or onboard parameter that another of the raw values names for this one."""
    if entry.setting in raw:
        return _SETTINGS.get(int(raw[entry.setting]))
    if entry.onboard in raw:
        return _POOL.get(int(raw[entry.onboard]))
    return None


def calibration(entry: Entry, raw: Mapping[str, int | bytes]) -> Calibration:
    """That of the entry; `raw` holds the values of its packet."""
    if found := named(entry, raw):
        return Calibration(found.unit, Fraction(str(found.scale)))
    return Calibration(entry.unit, Fraction(str(entry.scale)), Fraction(str(entry.offset)))


def words(entry: Entry, value: int | bytes, raw: Mapping[str, int | bytes]) -> str:
    """A value of a packet in words: number with unit, name of a state, text or hexadecimal."""
    if isinstance(value, bytes) or entry.states:
        return str(engineering(entry, value))
    return calibration(entry, raw).words(value)
