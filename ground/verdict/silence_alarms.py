"""The alarm of a silent unit: its last good packet, and how many packets are missing."""

from __future__ import annotations

from dataclasses import dataclass

from ground.model import Aside, Hole, SilenceFacts, UnitKey
from ground.verdict.alerts import Alerts
from ground.verdict.watch import UnitWatch
from ground.verdict.words import silence_words
from protocol.schema.severity import Severity


@dataclass(slots=True)
class _Told:
    heard: str
    since_us: int
    facts: SilenceFacts


class SilenceAlarms:
    """One alarm a unit. While it is open its words follow what is missing, once a second."""

    def __init__(self, alerts: Alerts) -> None:
        self._alerts = alerts
        self._told: dict[UnitKey, _Told] = {}
        self._missing: dict[UnitKey, tuple[int, int]] = {}
        """Packets that may still come, and those that are lost."""
        self._due: set[UnitKey] = set()

    def begin(self, unit: UnitKey, watch: UnitWatch, since_us: int) -> None:
        """Nothing comes any more."""
        facts = SilenceFacts(watch.heard_us, None, *self._missing.get(unit, (0, 0)))
        told = self._told[unit] = _Told(watch.heard, since_us, facts)
        words = silence_words(told.heard, told.since_us, facts)
        self._alerts.rise(
            _key(unit), Severity.DISTRESS, words, unit, since_us, silence=facts
        )  # fmt: skip

    def end(self, unit: UnitKey) -> None:
        """Packets come again; those of the silence are missing until they are refilled."""
        if unit in self._told:
            self._tell(unit, self._alerts.now_us)
        self._alerts.clear(_key(unit))

    def holes(self, unit: UnitKey, holes: tuple[Hole, ...], aside: Aside) -> None:
        """All that is missing of a unit now."""
        counts = [h.last - h.first + 1 for h in holes if not h.lost]
        lost = [h.last - h.first + 1 for h in holes if h.lost]
        self._missing[unit] = sum(counts) + aside.missing, sum(lost) + aside.lost
        if unit in self._told:
            self._due.add(unit)

    def tick(self) -> None:
        """A second has passed."""
        for unit in sorted(self._due):
            self._tell(unit, self._told[unit].facts.until_us)
        self._due.clear()

    def _tell(self, unit: UnitKey, until_us: int | None) -> None:
        told = self._told[unit]
        missing, lost = self._missing.get(unit, (0, 0))
        told.facts = SilenceFacts(told.facts.last_good_us, until_us, missing, lost)
        words = silence_words(told.heard, told.since_us, told.facts)
        still_open = self._alerts.amend(_key(unit), words, told.facts)
        if not still_open:
            del self._told[unit]
            self._due.discard(unit)


def _key(unit: UnitKey) -> str:
    return f"silence:{unit}"
