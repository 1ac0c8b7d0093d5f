"""Signs commands. A counter is on disk as used before any command carries it."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
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
REMEMBERED: Final = 256
"""Sendings of which the ground still knows that they were its own."""
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
    sent: deque[tuple[int, int]] = field(default_factory=lambda: deque(maxlen=REMEMBERED))
    """(counter, boot) of the last sendings."""

    def free(self) -> bool:
        """True while there are counters for another round of commands."""
        return self.next + MARGIN <= COUNTERS


class Commander:
    """Builds commands for the units whose key is here."""

    def __init__(self, archive: Archive, keys: KeyStore | None) -> None:
        self._archive = archive
        self._keys = keys
        self._units: dict[UnitKey, _Unit] = {}

    def known(self) -> list[tuple[UnitKey, int, int, int]]:
        """(unit, APID, boot, next counter) of each; no keys."""
        return [(unit, s.apid, s.boot, s.next) for unit, s in self._units.items()]

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
        counter, apid = self.take(unit)
        return counter, self.sign(unit, command, apid, counter, values, ack)

    def take(self, unit: UnitKey) -> tuple[int, int]:
        """(counter, APID) for one command and no other."""
        state = self._units[unit]
        counter = state.next
        state.next += 1
        return counter, state.apid

    def sign(
        self,
        unit: UnitKey,
        command: int,
        apid: int,
        counter: int,
        values: tuple[int | bytes, ...],
        ack: int = tc.ACK_ALL,
    ) -> bytes:
        """The packet that is about to be sent; for the same arguments always the same bytes."""
        state = self._units[unit]
        state.sent.append((counter, state.boot))
        return tc.build(command, apid, counter, counter, state.key, values, ack)

    def prepare_key(self, unit: UnitKey) -> bytes:
        """Nonce of the unit's next key; raises KeyFileError, KeyError without a key."""
        if self._keys is None:
            raise KeyError(unit)
        return self._keys.prepare(unit)

    def rotate_key(self, unit: UnitKey) -> None:
        """The unit has its next key; raises KeyFileError, OSError."""
        if self._keys and unit in self._units:
            self._keys.adopt(unit)
            self._units[unit].key = self._keys.get(unit)

    def settle_key(self, unit: UnitKey) -> None:
        """The unit has taken a command under its new key; raises OSError."""
        if self._keys:
            self._keys.settle(unit)

    def doubt_key(self, unit: UnitKey, counter: int) -> None:
        """The unit takes that command for forged: where it is ours, the old key may still hold."""
        state = self._units.get(unit)
        sent = state is not None and any(counter == known for known, _ in state.sent)
        if state and sent and self._keys and self._keys.fall_back(unit):
            state.key = self._keys.get(unit)

    def ours(self, unit: UnitKey, counter: int, boot: int) -> bool:
        """True, once for each sending, when a boot may refuse that counter of ours as a replay.

        That is so for a command that was under way while the unit started again, and for one that
        was sent more than once. A refusal beyond these is an intruder's doing.
        """
        state = self._units.get(unit)
        if state is None:
            return False
        sendings = [at for known, at in state.sent if known == counter]
        for at in sendings:
            if at != boot or len(sendings) > 1:
                state.sent.remove((counter, at))
                return True
        return False
