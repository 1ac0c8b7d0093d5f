"""The alarm book against ISA-18.2: every state with every move, and what people may not do."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ground.alarms.book import AlarmBook, AlarmRefusedError, Transition
from ground.alarms.state import CONDITION, LATCHING, Move, State
from ground.model import Alarm, UnitKey
from protocol.schema.severity import Severity

UNIT = UnitKey("sz20", "w1")
HOUR_US = 3_600_000_000


def rise(book: AlarmBook, key: str = "k", severity: Severity = Severity.WARNING, **more) -> Alarm:
    times = {"time_us": 1, "now_us": 2} | more
    return book.rise(key, severity, "words", vehicle="sz20", unit=UNIT, **times)


def shelve(book: AlarmBook, alarm_id: int = 1, until_us: int = HOUR_US, now_us: int = 5) -> None:
    book.shelve(alarm_id, "ana", "maintenance", until_us, now_us)


def brought_to(state: State, *, latching: bool = False) -> AlarmBook:
    book = AlarmBook()
    rise(book, latching=latching)
    if state in (State.ACKNOWLEDGED, State.NORMAL):
        book.acknowledge(1, "ana", "", 3)
    if state in (State.RETURNED, State.NORMAL):
        book.clear("k", 4)
    if state is State.SHELVED:
        shelve(book)
    assert book.alarms[0].state == state.value
    return book


def make(book: AlarmBook, move: Move) -> None:
    match move:
        case Move.RISE:
            rise(book, latching=True)
        case Move.WORSEN:
            rise(book, severity=Severity.SEVERE, latching=True)
        case Move.RETURN:
            book.clear("k", 9)
        case Move.ACKNOWLEDGE:
            book.acknowledge(1, "bo", "seen", 9)
        case Move.SHELVE:
            shelve(book, now_us=9)
        case _:
            book.shelve(1, "bo", "", None, 9)


@pytest.mark.parametrize("latching", [False, True])
@pytest.mark.parametrize("state", [s for s in State if s is not State.NORMAL])
@pytest.mark.parametrize("move", [Move.RISE, Move.WORSEN, Move.RETURN, Move.ACKNOWLEDGE,
                                  Move.SHELVE, Move.UNSHELVE_NEW])  # fmt: skip
def test_transition_table(state, move, latching) -> None:
    if latching and state in (State.ACKNOWLEDGED, State.RETURNED):
        return  # no such state
    book = brought_to(state, latching=latching)
    expected = (LATCHING if latching else CONDITION).get((state, move))
    if expected is None and move not in (Move.RETURN, Move.RISE):
        with pytest.raises(AlarmRefusedError):
            make(book, move)
        expected = state
    else:
        make(book, move)
        expected = expected or state
    assert book.alarms[0].state == expected.value


def test_ids_are_in_order_of_raising_and_a_key_is_open_once() -> None:
    book = AlarmBook()
    assert [rise(book, k).id for k in ("a", "b", "a", "c")] == [1, 2, 1, 3]
    assert [a.count for a in book.alarms] == [1, 1, 1]


def test_a_condition_that_comes_back_counts_and_asks_again() -> None:
    book = brought_to(State.RETURNED)
    assert rise(book).count == 2
    assert book.alarms[0].state == "unacknowledged"


def test_after_normal_the_same_key_is_a_new_alarm() -> None:
    book = brought_to(State.NORMAL)
    assert rise(book).id == 2
    assert book.alarms[0].state == "normal"


def test_what_has_happened_stays_until_acknowledged() -> None:
    book = AlarmBook()
    rise(book, latching=True)
    assert not book.clear("k", 3)
    assert book.alarms[0].active
    rise(book, latching=True)
    assert book.alarms[0].count == 2
    book.acknowledge(1, "ana", "", 4)
    assert (book.alarms[0].state, book.alarms[0].active) == ("normal", False)
    assert book.alarms[0].acknowledged_by == "ana"


def test_worse_needs_a_new_acknowledgement() -> None:
    book = brought_to(State.ACKNOWLEDGED)
    worse = rise(book, severity=Severity.CRITICAL, time_us=8)
    assert (worse.state, worse.acknowledged_us, worse.time_us) == ("unacknowledged", None, 8)
    book.acknowledge(1, "bo", "", 9)
    assert rise(book, severity=Severity.WATCH).state == "acknowledged"


def test_shelving_ends_in_time() -> None:
    journal: list[Transition] = []
    book = AlarmBook(journal.append)
    rise(book)
    shelve(book)
    assert book.alarms[0].shelve_reason == "maintenance"
    assert not book.advance(HOUR_US - 1)
    assert book.advance(HOUR_US + 500)
    assert book.alarms[0].state == "unacknowledged"
    assert book.alarms[0].shelved_until_us is None
    assert journal[-1].time_us == HOUR_US  # when it was due, whoever looked when


@pytest.mark.parametrize(
    ("gone", "seen", "state"),
    [
        (False, False, "unacknowledged"),
        (True, False, "returned"),
        (False, True, "acknowledged"),
        (True, True, "normal"),
    ],
)
def test_what_comes_off_the_shelf(gone, seen, state) -> None:
    book = brought_to(State.SHELVED)
    if gone:
        book.clear("k", 6)
    if seen:
        book.acknowledge(1, "ana", "", 7)
    assert book.alarms[0].state == "shelved"
    book.shelve(1, "ana", "", None, 8)
    assert book.alarms[0].state == state


def test_a_shelf_hides_nothing_worse() -> None:
    book = AlarmBook()
    rise(book, severity=Severity.CRITICAL)
    shelve(book)
    assert rise(book, severity=Severity.WARNING).state == "shelved"
    assert rise(book, severity=Severity.CRITICAL).state == "shelved"
    assert rise(book, severity=Severity.SEVERE).state == "unacknowledged"


@pytest.mark.parametrize(
    ("act", "words"),
    [
        (lambda b: b.acknowledge(7, "ana", "", 9), "no such alarm"),
        (lambda b: b.acknowledge(0, "ana", "", 9), "no such alarm"),
        (lambda b: b.acknowledge(1, " ", "", 9), "say who"),
        (lambda b: b.shelve(1, "ana", " ", 10, 9), "needs a reason"),
        (lambda b: b.shelve(1, "ana", "why", 9, 9), "still to come"),
        (lambda b: b.shelve(1, "", "why", 10, 9), "say who"),
        (lambda b: b.shelve(1, "ana", "why", None, 9), "is not shelved"),
    ],
)
def test_refusals_say_why_and_change_nothing(act, words) -> None:
    book = AlarmBook()
    rise(book)
    before = book.alarms
    with pytest.raises(AlarmRefusedError, match=words):
        act(book)
    assert book.alarms == before


def test_twice_acknowledged_is_refused() -> None:
    book = brought_to(State.ACKNOWLEDGED)
    with pytest.raises(AlarmRefusedError, match="acknowledged by ana"):
        book.acknowledge(1, "bo", "", 9)


def test_every_transition_can_be_journaled() -> None:
    journal: list[Transition] = []
    book = AlarmBook(journal.append)
    rise(book)
    book.acknowledge(1, "ana", "on it", 3)
    book.clear("k", 4)
    assert [(t.move, t.before, t.after, t.author, t.words) for t in journal] == [
        ("rise", "normal", "unacknowledged", "ground", "words"),
        ("acknowledge", "unacknowledged", "acknowledged", "ana", "on it"),
        ("return", "acknowledged", "normal", "ground", ""),
    ]


ACTS = st.sampled_from(["rise", "worse", "clear", "acknowledge", "shelve", "unshelve", "advance"])


@given(st.lists(st.tuples(ACTS, st.sampled_from("ab"), st.booleans()), max_size=40))
def test_any_history_is_consistent(acts) -> None:
    """One open alarm a key; transitions chain; refusals change nothing."""
    seen: list[Transition] = []
    book = AlarmBook(seen.append)
    for now_us, (act, key, latching) in enumerate(acts, 10):
        ids = [a.id for a in book.alarms if a.key == key]
        alarm_id = ids[-1] if ids else 99
        try:
            match act:
                case "rise" | "worse":
                    level = Severity.WARNING if act == "rise" else Severity.SEVERE
                    rise(book, key, level, now_us=now_us, latching=latching)
                case "clear":
                    book.clear(key, now_us)
                case "acknowledge":
                    book.acknowledge(alarm_id, "ana", "", now_us)
                case "shelve":
                    book.shelve(alarm_id, "ana", "why", now_us + 5, now_us)
                case "unshelve":
                    book.shelve(alarm_id, "ana", "", None, now_us)
                case "advance":
                    book.advance(now_us)
        except AlarmRefusedError:
            assert act in ("acknowledge", "shelve", "unshelve")
        opened = [a.key for a in book.alarms if a.state != "normal"]
        assert len(opened) == len(set(opened))
        for alarm in book.alarms:
            chain = [t for t in seen if t.alarm_id == alarm.id]
            assert chain[-1].after == alarm.state
            assert all(a.after == b.before for a, b in pairwise(chain))
            assert (alarm.state == "shelved") == (alarm.shelved_until_us is not None)
