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
COUNTERS: Final = 2**32
"""A command has 32 bits for its counter."""
CLAIM_MAX: Final = 2**31
"""What a unit that this archive never commanded may claim: 68 years of a command a second."""
CLAIM_STEP: Final = 2**24
"""How far ahead of ours a claim may be: half a year of another ground's commands."""
_NO_BOOT: Final = -1


class CounterError(Exception):
    """A unit cannot be commanded for its counter's sake; the words say why."""


@dataclass(slots=True)
class _Unit:
    key: bytes
    apid: int
    boot: int
    next: int
    reserved: int

    def free(self) -> bool:
        """True while there are counters for another round of commands."""
        return self.next + MARGIN <= COUNTERS


class Commander:
    """Builds commands for the units whose key is here."""

    def __init__(self, archive: Archive, keys: KeyStore | None) -> None:
        self._archive = archive
        self._keys = keys
        self._units: dict[UnitKey, _Unit] = {}

    def heard(self, unit: UnitKey, apid: int, boot: int, next_counter: int) -> None:
        """The boot packet of its newest boot told which counter it takes.

        Raises KeyFileError and, when the claim would use up the counters, CounterError: ours stays
        where it is, and the unit is not commanded until it makes a sound claim.
        """
        state = self._units.get(unit)
        if state is None:
            if self._keys is None:
                return
            used = self._archive.counter(unit)
            state = self._units[unit] = _Unit(self._keys.get(unit), apid, _NO_BOOT, used, used)
        state.apid = apid
        state.boot = _NO_BOOT
        if next_counter > (state.next + CLAIM_STEP if state.next else CLAIM_MAX):
            raise CounterError(
                f"it claims an absurd command counter, {next_counter}, where {state.next} is ours"
            )
        state.next = max(state.next, next_counter)
        if not state.free():
            raise CounterError("its command counters are used up; give it a new key and archive")
        state.boot = boot

    def top_up(self) -> None:
        """Reserve counters in the archive; they may be used after its next commit."""
        for unit, state in self._units.items():
            if state.next + MARGIN > state.reserved and state.free():
                state.reserved = min(state.next + STEP, COUNTERS)
                self._archive.reserve_counter(unit, state.reserved)

    def knows(self, unit: UnitKey, boot: int) -> bool:
        """True when this boot of the unit can be commanded: it has told its counter."""
        state = self._units.get(unit)
        return state is not None and state.boot == boot and state.free()

    def build(
        self, unit: UnitKey, command: int, values: tuple[int | bytes, ...], ack: int
    ) -> tuple[int, bytes]:
        """(counter, signed packet); `command` indexes protocol.wire.tables."""
        state = self._units[unit]
        counter = state.next
        state.next += 1
        return counter, tc.build(command, state.apid, counter, counter, state.key, values, ack)
