"""What a bundle holds: all that the pipeline needs to reach one alarm, and the alarm itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from ground.acts import ACTS
from ground.archive.entries import JournalRow, StoredPacket
from ground.archive.layouts import Dictionary
from ground.fleet import Fleet
from ground.model import Chunk
from ground.monitor.limit_set import LimitSet

OF_ALARM: Final = ("acknowledge", "note", "shelve")
"""Acts that name an alarm by its number, which is another one in a part of the archive."""
KINDS: Final = frozenset(ACTS) - {"command", "confirm", "cancel", "send"}
"""Journal entries that go into a bundle. What was commanded bears on no alarm but by telemetry,
and its arguments are nobody's business here."""
MARK: Final = "alarm"
"""Of all other entries only the time counts: that of an alarm's transition, as in every fold."""


@dataclass(frozen=True, slots=True)
class Act:
    """A journal entry, with the alarm that it names by what does not depend on its number."""

    row: JournalRow
    alarm: tuple[str, int] | None = None
    """Key and ground time of rising."""


Item = StoredPacket | Act


@dataclass(slots=True)
class Case:
    """One alarm and what led to it. Times are µs since 1970, UTC."""

    alarm: dict[str, Any]
    """As `ground.evidence.fields.alarm_fields` gives it."""
    end_us: int
    """Ground time up to which it is run."""
    fleet: Fleet
    speed: float
    limits: LimitSet
    """In force at the begin."""
    contexts: dict[str, str]
    """Flight contexts that had been entered before the begin."""
    items: list[Item]
    raw: list[Chunk]
    dictionaries: dict[int, Dictionary]
    schema: int
    """Of the software that reached the alarm."""
    software: dict[str, str]
    """That reached the alarm and wrote the bundle."""
    raised_with: dict[str, str]
    """Software that ran when the alarm rose; empty where the archive does not tell."""
    about: dict[str, Any] = field(default_factory=dict)
    """Facts for people: which archive's begin, how much of it."""

    def packets(self) -> list[StoredPacket]:
        """The packets among the items."""
        return [item for item in self.items if isinstance(item, StoredPacket)]
