"""States of an alarm and the moves between them (ISA-18.2, IEC 62682)."""

from __future__ import annotations

from enum import Enum
from typing import Final


class State(Enum):
    """Where an alarm stands with its operators."""

    NORMAL = "normal"
    UNACKNOWLEDGED = "unacknowledged"
    ACKNOWLEDGED = "acknowledged"
    RETURNED = "returned"
    """Its cause is gone and nobody has acknowledged it."""
    SHELVED = "shelved"


class Move(Enum):
    """What can happen to it."""

    RISE = "rise"
    WORSEN = "worsen"
    """It rises with a higher severity than before, or than it was shelved with."""
    RETURN = "return"
    ACKNOWLEDGE = "acknowledge"
    SHELVE = "shelve"
    UNSHELVE_NEW = "unshelve"
    """Unshelved; its cause is there and nobody has acknowledged it."""
    UNSHELVE_SEEN = "unshelve (acknowledged)"
    UNSHELVE_RETURNED = "unshelve (returned)"
    UNSHELVE_OVER = "unshelve (over)"


_N, _U, _A = State.NORMAL, State.UNACKNOWLEDGED, State.ACKNOWLEDGED
_R, _S = State.RETURNED, State.SHELVED

CONDITION: Final[dict[tuple[State, Move], State]] = {
    (_N, Move.RISE): _U,
    (_U, Move.RISE): _U,
    (_U, Move.WORSEN): _U,
    (_U, Move.RETURN): _R,
    (_U, Move.ACKNOWLEDGE): _A,
    (_U, Move.SHELVE): _S,
    (_A, Move.RISE): _A,
    (_A, Move.WORSEN): _U,
    (_A, Move.RETURN): _N,
    (_A, Move.SHELVE): _S,
    (_R, Move.RISE): _U,
    (_R, Move.WORSEN): _U,
    (_R, Move.ACKNOWLEDGE): _N,
    (_R, Move.SHELVE): _S,
    (_S, Move.RISE): _S,
    (_S, Move.WORSEN): _U,
    (_S, Move.RETURN): _S,
    (_S, Move.ACKNOWLEDGE): _S,
    (_S, Move.SHELVE): _S,
    (_S, Move.UNSHELVE_NEW): _U,
    (_S, Move.UNSHELVE_SEEN): _A,
    (_S, Move.UNSHELVE_RETURNED): _R,
    (_S, Move.UNSHELVE_OVER): _N,
}
"""Alarms that last while their cause does: limits, leaks, silence. What is missing is refused."""

LATCHING: Final[dict[tuple[State, Move], State]] = {
    (_N, Move.RISE): _U,
    (_U, Move.RISE): _U,
    (_U, Move.WORSEN): _U,
    (_U, Move.ACKNOWLEDGE): _N,
    (_U, Move.SHELVE): _S,
    (_S, Move.RISE): _S,
    (_S, Move.WORSEN): _U,
    (_S, Move.ACKNOWLEDGE): _N,
    (_S, Move.SHELVE): _S,
    (_S, Move.UNSHELVE_NEW): _U,
}
"""Alarms of what has happened: impacts, breaches, findings. They stay until acknowledged."""
