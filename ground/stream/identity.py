"""Whose packet is it, on a line that several units may share?

A packet carries its APID and boot id; the boot packet names vehicle and unit, the storage report
the other boots of the same unit. A packet of a boot that nobody has named yet is held until its
boot packet comes (each unit sends one every 30 s).
"""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass, field
from typing import Final

from ground.model import UnitKey
from protocol.schema.decode import Decoded

LINES: Final = 4096
"""Boots on lines whose unit is known at a time, of which something came last. Another one is known
again with its next boot packet."""
HOLD_US: Final = 31_000_000
HOLD_PACKETS: Final = 4096
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,15}")

Line = tuple[str, int, int]
"""(link, APID, boot id)."""


@dataclass(frozen=True, slots=True)
class Held:
    """A packet whose unit is not known yet."""

    line: Line
    decoded: Decoded
    received_us: int


@dataclass(slots=True)
class Identities:
    """Names the unit of each packet; bounded in memory."""

    _known: dict[Line, UnitKey] = field(default_factory=dict)
    _held: deque[Held] = field(default_factory=lambda: deque(maxlen=HOLD_PACKETS))

    def of(self, line: Line, named: UnitKey | None) -> UnitKey | None:
        """The unit on a line; `named` is what its boot packet says."""
        unit = named or self._known.get(line)
        if unit is not None:
            self.learn(line, unit)
        return unit

    def learn(self, line: Line, unit: UnitKey) -> None:
        """A boot is known to be that unit's, from its storage report or the archive."""
        self._known.pop(line, None)
        self._known[line] = unit
        if len(self._known) > LINES:
            del self._known[next(iter(self._known))]

    def known(self) -> dict[Line, UnitKey]:
        """Every unit that has been named."""
        return dict(self._known)

    def hold(self, line: Line, decoded: Decoded, received_us: int) -> None:
        """Keep a packet until its unit is known; its bytes are in the archive's raw table."""
        self._held.append(Held(line, decoded, received_us))

    def release(self, line: Line) -> list[Held]:
        """What was held of a line, in order."""
        found = [held for held in self._held if held.line == line]
        if found:
            rest = (held for held in self._held if held.line != line)
            self._held = deque(rest, maxlen=HOLD_PACKETS)
        return found

    def expire(self, now_us: int) -> list[Held]:
        """Packets that nobody has named in time."""
        old = []
        while self._held and now_us - self._held[0].received_us > HOLD_US:
            old.append(self._held.popleft())
        return old


def named_in(boot: Decoded) -> UnitKey | None:
    """Vehicle and unit of a boot packet; None when they are no names."""
    names = [
        bytes(raw).rstrip(b"\0").decode("ascii", "replace")
        for raw in (boot.raw["vehicle"], boot.raw["unit"])
        if isinstance(raw, bytes)
    ]
    return UnitKey(*names) if all(_NAME.fullmatch(name) for name in names) else None
