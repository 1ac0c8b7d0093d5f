"""The numbers that an archive gives its units, also those that another process adds meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ground.model import UnitKey

NONE = 0
"""No unit has this number."""


class Units:
    """Units by number and numbers by unit.

    A ground station writes a unit in the transaction of its first packets. So whoever reads beside
    it meets numbers that were not there when the archive was opened: what is not known is looked
    for again. `rows` gives (number, vehicle, name) of each that is committed.
    """

    def __init__(self, rows: Callable[[], Iterator[tuple[int, str, str]]]) -> None:
        self._rows = rows
        self._numbers: dict[UnitKey, int] = {}
        self._keys: dict[int, UnitKey] = {}
        self._look()

    def all(self) -> list[UnitKey]:
        """Every one, in the order in which they came."""
        self._look()
        return list(self._numbers)

    def number(self, unit: UnitKey) -> int:
        """Its number; NONE when it never wrote here."""
        if unit not in self._numbers:
            self._look()
        return self._numbers.get(unit, NONE)

    def key(self, number: int) -> UnitKey:
        """The unit of a number; raises KeyError for one that has no row."""
        if number not in self._keys:
            self._look()
        return self._keys[number]

    def known(self, unit: UnitKey) -> int:
        """Its number for the one who writes, who alone adds units; NONE for a new one."""
        return self._numbers.get(unit, NONE)

    def add(self, unit: UnitKey) -> int:
        """A new unit's number; it is on disk once the caller has put it there."""
        return self._keep(max(self._keys, default=NONE) + 1, unit)

    def _look(self) -> None:
        for number, vehicle, name in self._rows():
            self._keep(number, UnitKey(vehicle, name))

    def _keep(self, number: int, unit: UnitKey) -> int:
        self._numbers[unit], self._keys[number] = number, unit
        return number
