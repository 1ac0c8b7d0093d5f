"""What other limits would have changed: an archive folded twice, alarms and levels compared."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NamedTuple

from ground.alarms.book import Transition
from ground.alarms.state import Move
from ground.archive.archive import Archive
from ground.fleet import Fleet
from ground.monitor.limit_set import DEFAULT, LimitSet
from ground.rebuild import stored_fleet
from ground.station import Station
from ground.verdict.assessor import Assessor
from protocol.schema.severity import Severity

_KEY: Final = "limit:"
_RISING: Final = (Move.RISE.value, Move.WORSEN.value)


class LimitAlarm(NamedTuple):
    """A limit alarm as it rose or grew worse."""

    time_us: int
    """Ground time."""
    unit: str
    parameter: str
    words: str
    highest: Severity
    """The gravest level that the alarm came to."""

    @property
    def place(self) -> tuple[int, str, str]:
        """What is one alarm under any limits."""
        return self.time_us, self.unit, self.parameter


@dataclass(frozen=True, slots=True)
class Trial:
    """Alarms under proposed limits against those that were."""

    come: list[LimitAlarm]
    go: list[LimitAlarm]
    change: list[tuple[LimitAlarm, LimitAlarm]]
    """Those that come to another highest level: (as it was, as it would be)."""
    stay: list[LimitAlarm]


class _Proposed(Assessor):
    """Under the proposed limits from the start, whatever the journal says of others."""

    def limit(self, limits: LimitSet) -> None:
        """Only contexts change."""
        super().limit(self.limits)

    def go_on_from(self, other: Assessor) -> None:
        """What was before the archive's beginning stands; from there on the proposed limits."""
        proposed = self.limits
        super().go_on_from(other)
        super().limit(proposed)


def try_limits(archive: Archive, proposed: LimitSet) -> Trial:
    """Fold an archive as it was and under proposed limits; raises DamagedArchive."""
    were = _alarms(archive, Assessor, DEFAULT)
    would = _alarms(archive, _Proposed, proposed)
    both = [(were[place], would[place]) for place in were if place in would]
    return Trial(
        [would[place] for place in would if place not in were],
        [were[place] for place in were if place not in would],
        [(was, now) for was, now in both if was.highest != now.highest],
        [was for was, now in both if was.highest == now.highest],
    )


def _alarms(
    archive: Archive,
    kind: type[Assessor],
    limits: LimitSet,
) -> dict[tuple[int, str, str], LimitAlarm]:
    rises: list[Transition] = []

    def note(move: Transition) -> None:
        if move.key.startswith(_KEY) and move.move in _RISING:
            rises.append(move)

    def assess(fleet: Fleet, _: Callable[[Transition], None]) -> Assessor:
        return kind(fleet, note, limits)

    alarms = {a.id: a for a in Station(archive, stored_fleet(archive), assess).assessor.alarms}
    found = {}
    for move in rises:
        unit, _, parameter = move.key.removeprefix(_KEY).partition(":")
        alarm = alarms[move.alarm_id]
        highest = max(alarm.highest, alarm.severity)
        made = LimitAlarm(move.time_us, unit, parameter, move.words, highest)
        found[made.place] = made
    return found
