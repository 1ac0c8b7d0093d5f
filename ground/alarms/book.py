"""Every alarm of a run: one open alarm a key, ids in the order of raising."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from ground.alarms.flood import Flood
from ground.alarms.state import CONDITION, LATCHING, Move, State
from ground.model import Alarm, Note, PacketId, SilenceFacts, UnitKey
from protocol.schema.severity import Severity

GROUND: Final = "ground"
"""Author of what nobody did by hand."""
TELL: Final = "tell"
"""What stands in the journal for a move where an alarm is only put in other words."""


class AlarmRefusedError(Exception):
    """An operator asked for what this alarm does not allow; `reason` says what to do instead."""

    def __init__(self, alarm_id: int, reason: str) -> None:
        super().__init__(f"alarm {alarm_id}: {reason}")
        self.alarm_id = alarm_id
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Transition:
    """One move of one alarm, for the journal."""

    alarm_id: int
    key: str
    move: str
    before: str
    after: str
    time_us: int
    author: str
    words: str = ""


@dataclass(slots=True)
class _Entry:
    alarm: Alarm
    latching: bool
    shelved_severity: Severity = Severity.NORMAL


class AlarmBook:
    """Raises, clears, acknowledges, shelves. Ground time comes with every call."""

    def __init__(self, on_transition: Callable[[Transition], None] = lambda _: None) -> None:
        self._entries: list[_Entry] = []
        self._open: dict[str, _Entry] = {}
        self._shelved: dict[int, _Entry] = {}
        self.on_transition = on_transition
        self.flood = Flood()
        """What asked for attention lately; time passes by its `advance`."""

    @property
    def alarms(self) -> tuple[Alarm, ...]:
        """Every alarm so far, by id; closed ones are `normal`."""
        return tuple(entry.alarm for entry in self._entries)

    def rise(
        self,
        key: str,
        severity: Severity,
        what: str,
        *,
        vehicle: str,
        unit: UnitKey | None,
        time_us: int,
        now_us: int,
        latching: bool = False,
        late: bool = False,
        value: str = "",
        limit: str = "",
        evidence: tuple[PacketId, ...] = (),
        silence: SilenceFacts | None = None,
    ) -> Alarm:
        """Raise an alarm, or raise the open one of this key again."""
        entry = self._open.get(key)
        if entry is None:
            alarm = Alarm(
                len(self._entries) + 1, key, unit, vehicle, severity, what, time_us, now_us,
                State.NORMAL.value, True, late, value=value, limit=limit, evidence=evidence,
                silence=silence, highest=severity,
            )  # fmt: skip
            entry = self._open[key] = _Entry(alarm, latching)
            self._entries.append(entry)
            self._move(entry, Move.RISE, now_us, GROUND, what)
            return entry.alarm
        alarm = entry.alarm
        shelved = alarm.state == State.SHELVED.value
        worse = severity > (entry.shelved_severity if shelved else alarm.severity)
        kept = max(severity, alarm.severity) if entry.latching else severity
        again = not alarm.active
        risen = worse or again or entry.latching
        entry.alarm = replace(
            alarm,
            severity=kept,
            highest=max(alarm.highest, alarm.severity, severity),
            what=what,
            time_us=time_us if worse or again else alarm.time_us,
            risen_us=now_us if again else alarm.risen_us,
            active=True,
            value=value,
            limit=limit,
            evidence=evidence or (() if again else alarm.evidence),
            silence=silence,
            count=alarm.count + risen,
        )
        if worse or (again and alarm.acknowledged_us is not None):
            self._forget(entry)
        self._move(entry, Move.WORSEN if worse else Move.RISE, now_us, GROUND, what)
        return entry.alarm

    def clear(self, key: str, now_us: int) -> bool:
        """The cause is gone; False when no such alarm was active, or it latches."""
        entry = self._open.get(key)
        if entry is None or not entry.alarm.active or entry.latching:
            return False
        entry.alarm = replace(entry.alarm, active=False)
        self._move(entry, Move.RETURN, now_us, GROUND)
        return True

    def amend(self, key: str, what: str, silence: SilenceFacts, now_us: int) -> bool:
        """Tell an open alarm on in other words; False when there is none.

        That is no move, but it is written down, so that a fold comes to the same words.
        """
        entry = self._open.get(key)
        if entry is not None and (what, silence) != (entry.alarm.what, entry.alarm.silence):
            alarm = entry.alarm = replace(entry.alarm, what=what, silence=silence)
            told = Transition(alarm.id, key, TELL, alarm.state, alarm.state, now_us, GROUND, what)
            self._tell(told)
        return entry is not None

    def acknowledge(self, alarm_id: int, author: str, comment: str, now_us: int) -> None:
        """Someone has seen it; raises AlarmRefusedError."""
        entry = self._entry(alarm_id)
        if not author.strip():
            raise AlarmRefusedError(alarm_id, "say who acknowledges")
        if entry.alarm.acknowledged_us is not None:
            raise AlarmRefusedError(alarm_id, f"is acknowledged by {entry.alarm.acknowledged_by}")
        active = entry.alarm.active and not entry.latching
        seen = replace(
            entry.alarm,
            acknowledged_by=author,
            acknowledged_us=now_us,
            active=active,
            notes=_noted(entry.alarm, author, comment, now_us),
        )
        self._move(entry, Move.ACKNOWLEDGE, now_us, author, comment, seen)

    def note(self, alarm_id: int, author: str, words: str, now_us: int) -> None:
        """Write something beside an alarm, also one that is over; raises AlarmRefusedError."""
        if not author.strip() or not words.strip():
            raise AlarmRefusedError(alarm_id, "a note needs words and who says them")
        entry = self._known(alarm_id)
        entry.alarm = replace(entry.alarm, notes=_noted(entry.alarm, author, words, now_us))

    def shelve(
        self, alarm_id: int, author: str, reason: str, until_us: int | None, now_us: int
    ) -> None:
        """Put aside until a time, or take back (None); raises AlarmRefusedError."""
        entry = self._entry(alarm_id)
        if not author.strip():
            raise AlarmRefusedError(alarm_id, "say who shelves")
        if until_us is None:
            if entry.alarm.state != State.SHELVED.value:
                raise AlarmRefusedError(alarm_id, "is not shelved")
            self._unshelve(entry, now_us, author)
            return
        if not reason.strip():
            raise AlarmRefusedError(alarm_id, "shelving needs a reason")
        if until_us <= now_us:
            raise AlarmRefusedError(alarm_id, "shelving needs a time that is still to come")
        aside = replace(
            entry.alarm,
            shelved_until_us=until_us,
            shelve_reason=reason,
            notes=_noted(entry.alarm, author, reason, now_us),
        )
        self._move(entry, Move.SHELVE, now_us, author, reason, aside)
        entry.shelved_severity = max(entry.shelved_severity, entry.alarm.severity)

    def advance(self, now_us: int) -> bool:
        """Take shelved alarms back whose time is over; True when one was."""
        over = [
            e
            for e in self._shelved.values()
            if e.alarm.shelved_until_us is not None and e.alarm.shelved_until_us <= now_us
        ]
        for entry in sorted(over, key=lambda e: (e.alarm.shelved_until_us or 0, e.alarm.id)):
            self._unshelve(entry, entry.alarm.shelved_until_us or now_us, GROUND)
        return bool(over)

    def _entry(self, alarm_id: int) -> _Entry:
        entry = self._known(alarm_id)
        if entry.alarm.state == State.NORMAL.value:
            raise AlarmRefusedError(alarm_id, "is over")
        return entry

    def _known(self, alarm_id: int) -> _Entry:
        if not 1 <= alarm_id <= len(self._entries):
            raise AlarmRefusedError(alarm_id, "there is no such alarm")
        return self._entries[alarm_id - 1]

    def _unshelve(self, entry: _Entry, now_us: int, author: str) -> None:
        seen = entry.alarm.acknowledged_us is not None
        if entry.alarm.active:
            move = Move.UNSHELVE_SEEN if seen else Move.UNSHELVE_NEW
        else:
            move = Move.UNSHELVE_OVER if seen else Move.UNSHELVE_RETURNED
        self._move(entry, move, now_us, author)

    def _forget(self, entry: _Entry) -> None:
        """It is another matter now: who acknowledged the former one has not seen this."""
        entry.alarm = replace(entry.alarm, acknowledged_by="", acknowledged_us=None)

    def _move(
        self,
        entry: _Entry,
        move: Move,
        now_us: int,
        author: str,
        words: str = "",
        changed: Alarm | None = None,
    ) -> None:
        """Make a move that the table allows and write it down; raises AlarmRefusedError."""
        table = LATCHING if entry.latching else CONDITION
        before = State(entry.alarm.state)
        after = table.get((before, move))
        if after is None:
            raise AlarmRefusedError(
                entry.alarm.id, f"{move.value} does not apply to {before.value}"
            )
        alarm = replace(changed or entry.alarm, state=after.value)
        if after is State.SHELVED:
            self._shelved[alarm.id] = entry
        else:
            self._shelved.pop(alarm.id, None)
            alarm = replace(alarm, shelved_until_us=None, shelve_reason="")
            entry.shelved_severity = Severity.NORMAL
        entry.alarm = alarm
        if after is State.NORMAL:
            self._open.pop(alarm.key, None)
        if after is not before or author != GROUND:
            self._tell(
                Transition(
                    alarm.id,
                    alarm.key,
                    move.value,
                    before.value,
                    after.value,
                    now_us,
                    author,
                    words,
                )
            )

    def _tell(self, transition: Transition) -> None:
        """What becomes unacknowledged, whether anew or again, asks for attention."""
        if transition.after == State.UNACKNOWLEDGED.value != transition.before:
            self.flood.add(transition.time_us)
        self.on_transition(transition)


def _noted(alarm: Alarm, author: str, words: str, now_us: int) -> tuple[Note, ...]:
    """The notes with one more, where there are words."""
    return (*alarm.notes, Note(now_us, author, words)) if words.strip() else alarm.notes
