"""What the impacts of one window mean for the return, each judged once, however many there are."""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

from ground.fleet import Window
from ground.model import Impact, PhotoTask, Rule
from ground.monitor.size import equivalent_mm
from ground.verdict.facts import WindowFacts, struck
from ground.verdict.photo_task import photo_task
from ground.verdict.rules import UNINSPECTED, impact_rules
from ground.verdict.words import clock

SHOWN: Final = 8
"""Of the hits that make one rule fire, and of the places to photograph, the gravest are told one by
one; of the others how many they are."""

Made = TypeVar("Made")


@dataclass(slots=True)
class _Gravest(Generic[Made]):
    """The gravest of many, by size and then by arrival, and how many there are."""

    kept: list[tuple[float, int, int, Made]] = field(default_factory=list)
    """(size that falls, place in the order of arrival, time µs, what it made)."""
    count: int = 0
    newest: Impact | None = None

    def add(self, hit: Impact, at: int, made: Made) -> None:
        size = equivalent_mm(hit.diameter_mm)
        insort(
            self.kept,
            (-float("inf") if size is None else -size, at, hit.time_us, made),
            key=lambda k: k[:2],
        )
        del self.kept[SHOWN:]
        self.count += 1
        if self.newest is None or hit.time_us > self.newest.time_us:
            self.newest = hit

    @property
    def others(self) -> int:
        return self.count - len(self.kept)


class WindowHits:
    """A fold over a window's impacts; an inspection, which is rare, goes through all once more.

    Facts only grow, so what is new in them is what lies behind what was judged.
    """

    def __init__(self, window: Window) -> None:
        self._window = window
        self._hits: list[tuple[Impact, tuple[tuple[int, Rule], ...], PhotoTask | None]] = []
        self._inspections = 0
        self._rules: dict[str, _Gravest[Rule]] = {}
        self._tasks: _Gravest[PhotoTask] = _Gravest()

    def take(self, facts: WindowFacts) -> None:
        """Judge what is new."""
        if len(facts.inspections) != self._inspections:
            self._inspections = len(facts.inspections)
            self._rules, self._tasks = {}, _Gravest()
            for at in range(len(self._hits)):
                self._count(at, facts)
        for at in range(len(self._hits), len(facts.impacts)):
            hit = facts.impacts[at]
            fired = tuple(impact_rules(hit, self._window))
            task = photo_task(hit, self._window) if fired else None
            self._hits.append((hit, fired, task))
            self._count(at, facts)

    def rules(self, status: str) -> Iterator[tuple[int, Rule]]:
        """(time µs of its cause, rule) of that status, in the order of arrival."""
        groups = [g for g in self._rules.values() if g.kept[0][3].status == status]
        shown = [
            (at, k, time_us, rule) for k, g in enumerate(groups) for _, at, time_us, rule in g.kept
        ]
        yield from ((time_us, rule) for _, _, time_us, rule in sorted(shown, key=lambda s: s[:2]))
        for group in groups:
            if group.others and group.newest is not None:
                yield group.newest.time_us, _others(group, group.newest)

    def tasks(self) -> list[PhotoTask]:
        """Where to look, the gravest hits one by one in the order of arrival."""
        kept = [task for _, _, _, task in sorted(self._tasks.kept, key=lambda k: k[1])]
        newest = self._tasks.newest
        if self._tasks.others and newest is not None:
            words = (
                f"{self._tasks.others} more hits: photograph each pane whole in oblique light, "
                f"{struck(newest)} first"
            )
            kept.append(
                PhotoTask(newest.unit, struck(newest), None, None, None, words, newest.packet)
            )
        return kept

    def _count(self, at: int, facts: WindowFacts) -> None:
        hit, fired, task = self._hits[at]
        inspected = facts.is_inspected(at)
        if task is not None and not inspected:
            self._tasks.add(hit, at, task)
        if facts.is_cleared(at):
            return
        for _, rule in fired:
            if not (inspected and rule.name == UNINSPECTED):
                self._rules.setdefault(rule.name, _Gravest()).add(hit, at, rule)


def _others(group: _Gravest[Rule], newest: Impact) -> Rule:
    like = group.kept[0][3]
    words = f"{newest.unit}: {group.others} more such hits, the newest at {clock(newest.time_us)}"
    inputs = {"window": newest.unit.unit, "more": group.others}
    return Rule(like.name, like.status, words, inputs, like.uncertainty)
