"""The states of a request: the transition table against every state and event there is."""

from __future__ import annotations

import pytest

from ground.commanding.request import OPEN, REPORTS, TRANSITIONS, Request, State
from ground.model import UnitKey

EVENTS = ("confirm", "cancel", "expire", "send", *REPORTS, "time out")
TABLE = """
             confirm    cancel     expire     send       accepted   refused    started    completed  failed     time out
unconfirmed  queued     cancelled  expired    -          -          -          -          -          -          -
queued       -          cancelled  expired    sent       -          -          -          -          -          -
sent         -          -          -          -          accepted   refused    started    completed  failed     timed_out
accepted     -          -          -          -          -          -          started    completed  failed     timed_out
started      -          -          -          -          -          -          -          completed  failed     timed_out
completed    -          -          -          -          -          -          -          -          -          -
refused      -          -          -          -          -          -          -          -          -          -
failed       -          -          -          -          -          -          -          -          -          -
timed_out    -          -          -          -          -          refused    -          completed  failed     -
expired      -          -          -          -          -          -          -          -          -          -
cancelled    -          -          -          -          -          -          -          -          -          -
"""  # noqa: E501
ROWS = {row.split()[0]: row.split()[1:] for row in TABLE.strip().splitlines()[1:]}


def request(state: State) -> Request:
    return Request(1, UnitKey("sz20", "w1"), "alive", {}, {}, "ann", 0, 600, state=state)


def test_the_table_has_every_state():
    assert list(ROWS) == [state.name.lower() for state in State]
    assert sum(cell != "-" for row in ROWS.values() for cell in row) == len(TRANSITIONS)


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("event", EVENTS)
def test_each_state_and_event(state, event):
    after = ROWS[state.name.lower()][EVENTS.index(event)]
    made = request(state)
    assert made.move(event, 5) is (after != "-")
    assert made.state.name.lower() == (state.name.lower() if after == "-" else after)
    told = after != "-" or event in REPORTS
    assert made.stages == ([(event, 5)] if told else [])


def test_a_stage_is_noted_once():
    made = request(State.SENT)
    for when in range(3):
        made.move("accepted", when)
    assert made.stages == [("accepted", 0)]


def test_what_is_over_stays_over():
    over = set(State) - set(OPEN) - {State.TIMED_OUT}
    assert not over & {state for state, _ in TRANSITIONS}
