"""Signs commands. A counter is on disk as used before any command carries it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ground.archive.archive import Archive
from ground.model import UnitKey
from ground.stream.keys import KeyStore
from protocol.wire import tc

STEP: Final = 256
"""Counters reserved at a time."""
MARGIN: Final = 64
"""Free ones that a commit leaves, more than one round of commands needs."""


@dataclass(slots=True)
class _Unit:
    key: bytes
    apid: int
    boot: int
    next: int
    reserved: int


class Commander:
    """Builds commands for the units whose key is here."""

    def __init__(self, archive: Archive, keys: KeyStore | None) -> None:
        self._archive = archive
        self._keys = keys
        self._units: dict[UnitKey, _Unit] = {}

    def heard(self, unit: UnitKey, apid: int, boot: int, next_counter: int) -> None:
        """The boot packet of its newest boot told which counter it takes; raises KeyFileError."""
        state = self._units.get(unit)
        if state is not None:
            state.apid = apid
            state.boot = boot
            state.next = max(state.next, next_counter)
        elif self._keys is not None:
            key = self._keys.get(unit)
            used = self._archive.counter(unit)
            self._units[unit] = _Unit(key, apid, boot, max(used, next_counter), used)

    def top_up(self) -> None:
        """Reserve counters in the archive; they may be used after its next commit."""
        for unit, state in self._units.items():
            if state.next + MARGIN > state.reserved:
                state.reserved = state.next + STEP
                self._archive.reserve_counter(unit, state.reserved)

    def knows(self, unit: UnitKey, boot: int) -> bool:
        """True when this boot of the unit can be commanded: it has told its counter."""
        state = self._units.get(unit)
        return state is not None and state.boot == boot

    def build(
        self, unit: UnitKey, command: int, values: tuple[int | bytes, ...], ack: int
    ) -> tuple[int, bytes]:
        """(counter, signed packet); `command` indexes protocol.wire.tables."""
        state = self._units[unit]
        counter = state.next
        state.next += 1
        return counter, tc.build(command, state.apid, counter, counter, state.key, values, ack)
