"""One command that a person asked for: its states, and what moves it from one to another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from ground.model import UnitKey


class State(StrEnum):
    """Where a request stands."""

    UNCONFIRMED = "unconfirmed"
    """Hazardous: waits for its confirmation."""
    QUEUED = "queued"
    """Waits for the unit, its link, or the request before it."""
    SENT = "sent"
    ACCEPTED = "accepted"
    STARTED = "started"
    COMPLETED = "completed"
    REFUSED = "refused"
    """The unit did not take it."""
    FAILED = "failed"
    """The unit took it and could not do it."""
    TIMED_OUT = "timed out"
    """Nothing was heard of it in time: nobody knows whether it was done. A report that still comes
    tells."""
    EXPIRED = "expired"
    """It was never sent."""
    CANCELLED = "cancelled"
    """It was never sent."""


class Effect(StrEnum):
    """What telemetry says of the effect of a command, where the dictionary names one."""

    NONE = ""
    AWAITED = "awaited"
    VERIFIED = "verified"
    NOT_VERIFIED = "not verified"


TRANSITIONS: Final[Mapping[tuple[State, str], State]] = {
    (State.UNCONFIRMED, "confirm"): State.QUEUED,
    (State.UNCONFIRMED, "cancel"): State.CANCELLED,
    (State.UNCONFIRMED, "expire"): State.EXPIRED,
    (State.QUEUED, "cancel"): State.CANCELLED,
    (State.QUEUED, "expire"): State.EXPIRED,
    (State.QUEUED, "send"): State.SENT,
    (State.SENT, "accepted"): State.ACCEPTED,
    (State.SENT, "refused"): State.REFUSED,
    (State.SENT, "started"): State.STARTED,
    (State.SENT, "completed"): State.COMPLETED,
    (State.SENT, "failed"): State.FAILED,
    (State.SENT, "time out"): State.TIMED_OUT,
    (State.ACCEPTED, "started"): State.STARTED,
    (State.ACCEPTED, "completed"): State.COMPLETED,
    (State.ACCEPTED, "failed"): State.FAILED,
    (State.ACCEPTED, "time out"): State.TIMED_OUT,
    (State.STARTED, "completed"): State.COMPLETED,
    (State.STARTED, "failed"): State.FAILED,
    (State.STARTED, "time out"): State.TIMED_OUT,
    # The unit kept its reports while nothing of it came.
    (State.TIMED_OUT, "refused"): State.REFUSED,
    (State.TIMED_OUT, "completed"): State.COMPLETED,
    (State.TIMED_OUT, "failed"): State.FAILED,
}
"""All that can happen; anything else leaves a request as it is."""

REPORTS: Final = ("accepted", "refused", "started", "completed", "failed")
"""What the unit says of a request, by ST[01]; one that comes late is noted all the same."""
IN_FLIGHT: Final = (State.SENT, State.ACCEPTED, State.STARTED)
OPEN: Final = (State.UNCONFIRMED, State.QUEUED, *IN_FLIGHT)


@dataclass(slots=True)
class Request:
    """A command for one unit. Times are ground time, µs since 1970, UTC."""

    id: int
    unit: UnitKey
    command: str
    arguments: Mapping[str, Any]
    """As people read them."""
    raw: Mapping[str, int | bytes]
    author: str
    created_us: int
    expires_us: int
    """It is not sent later than this."""
    hazard: str = ""
    state: State = State.QUEUED
    reason: str = ""
    """Words for where it stands, e.g. why the unit refused it."""
    confirmed_by: str = ""
    counter: int | None = None
    """Its one security counter, by which the unit's reports name it."""
    apid: int = 0
    boot: int = -1
    """Boot of the unit to which it was sent."""
    sent_us: int = 0
    deadline_us: int = 0
    """When its present stage has taken too long."""
    effect: Effect = Effect.NONE
    effect_words: str = ""
    request_id: str = ""
    """By which its author asks for it again; empty: it has none."""
    stages: list[tuple[str, int]] = field(default_factory=list)
    """(what happened, when), each the first time."""

    def move(self, event: str, now_us: int) -> bool:
        """Let something happen; False when it means nothing in this state."""
        after = TRANSITIONS.get((self.state, event))
        told = after is not None or event in REPORTS
        if told and all(event != known for known, _ in self.stages):
            self.stages.append((event, now_us))
        if after is None:
            return False
        self.state = after
        return True
