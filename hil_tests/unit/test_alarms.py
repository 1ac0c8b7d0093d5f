"""The alarm book against ISA-18.2: every state with every move, and what people may not do."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ground.alarms.book import AlarmBook, AlarmRefusedError, Transition
from ground.alarms.state import CONDITION, LATCHING, Move, State
from ground.model import Alarm, PacketId, UnitKey
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


CONDITIONS = """
                        rise  worsen return ack    shelve unshelve ends  note
normal                  new   new    -      no     no     no       -     -
unacknowledged          -     -      R      A      S      no       -     -
acknowledged            -     U      N      no     Sa     no       -     -
returned                U     U      -      N      Sr     no       -     -
shelved                 -     U      Sr     Sa     -      U        U     -
shelved_acknowledged    -     U      So     no     -      A        A     -
shelved_returned        S     U      -      So     -      R        R     -
shelved_over            S     U      -      no     -      N        N     -
"""
"""What lasts while its cause does. `-` nothing changes, `no` it is refused, `new` another alarm."""

HAPPENED = """
                        rise  worsen return ack    shelve unshelve ends  note
normal                  new   new    -      no     no     no       -     -
unacknowledged          -     -      -      N      S      no       -     -
shelved                 -     U      -      N      -      U        U     -
"""
"""What has happened, and stays until acknowledged."""

SHORT = {
    "N": "normal", "U": "unacknowledged", "A": "acknowledged", "R": "returned", "S": "shelved",
    "Sa": "shelved_acknowledged", "Sr": "shelved_returned", "So": "shelved_over",
}  # fmt: skip
PEOPLES = ("ack", "shelve", "unshelve")
NOW_US = 9


def cells(table: str, latching: bool) -> list[tuple[str, str, str, bool]]:
    """(state, event, what follows, latching)."""
    head, *rows = [line.split() for line in table.strip().splitlines()]
    return [
        (row[0], e, cell, latching) for row in rows for e, cell in zip(head, row[1:], strict=True)
    ]


def in_state(state: str, journal: list[Transition], latching: bool) -> AlarmBook:
    """A book whose alarm 1 is there; shelved ones until just now."""
    book = AlarmBook(journal.append)
    rise(book, latching=latching)
    if state.startswith("shelved"):
        shelve(book, until_us=NOW_US)
    if state.endswith(("acknowledged", "over", "normal")) and state != "unacknowledged":
        book.acknowledge(1, "ana", "", 6)
    if state.endswith(("returned", "over", "normal")):
        book.clear("k", 7)
    assert seen_state(book) == state
    journal.clear()
    return book


def seen_state(book: AlarmBook) -> str:
    """The state, and of a shelved one what it will come back as."""
    alarm = book.alarms[0]
    if alarm.state != "shelved":
        return alarm.state
    seen = alarm.acknowledged_us is not None
    behind = {(True, False): "", (True, True): "_acknowledged", (False, False): "_returned"}
    return "shelved" + behind.get((alarm.active, seen), "_over")


def happen(book: AlarmBook, event: str) -> None:
    match event:
        case "rise":
            rise(book, now_us=NOW_US)
        case "worsen":
            rise(book, severity=Severity.SEVERE, now_us=NOW_US)
        case "return":
            book.clear("k", NOW_US)
        case "ack":
            book.acknowledge(1, "bo", "seen", NOW_US)
        case "shelve":
            shelve(book, now_us=NOW_US - 1)
        case "unshelve":
            book.shelve(1, "bo", "", None, NOW_US)
        case "ends":
            book.advance(NOW_US)
        case "note":
            book.note(1, "bo", "look", NOW_US)


EVERY = [*cells(CONDITIONS, latching=False), *cells(HAPPENED, latching=True)]


@pytest.mark.parametrize(("state", "event", "follows", "latching"), EVERY)
def test_transition_table(state, event, follows, latching) -> None:
    """Every state with every event: what follows, and who did it when in the journal."""
    journal: list[Transition] = []
    book = in_state(state, journal, latching)
    before = book.alarms
    if follows == "no":
        with pytest.raises(AlarmRefusedError):
            happen(book, event)
        assert (book.alarms, journal) == (before, [])
        return
    happen(book, event)
    if follows == "new":
        assert [a.state for a in book.alarms] == ["normal", "unacknowledged"]
        assert (journal[-1].alarm_id, journal[-1].before) == (2, "normal")
        return
    after = SHORT.get(follows, state)
    assert seen_state(book) == after
    assert len(book.alarms) == 1
    changed = after.partition("_")[0] != state.partition("_")[0]
    assert len(journal) == (changed or event in PEOPLES)
    for moved in journal:
        assert (moved.before, moved.after) == (state.partition("_")[0], after.partition("_")[0])
        assert moved.author == {"ack": "bo", "unshelve": "bo", "shelve": "ana"}.get(event, "ground")
        assert moved.time_us == (NOW_US - 1 if event == "shelve" else NOW_US)


@pytest.mark.parametrize(("table", "kinds"), [(CONDITION, CONDITIONS), (LATCHING, HAPPENED)])
def test_the_table_has_no_state_that_is_not_tested(table, kinds) -> None:
    rows = {line.split()[0].partition("_")[0] for line in kinds.strip().splitlines()[1:]}
    reached = {state.value for state, _ in table} | {state.value for state in table.values()}
    assert reached == rows
    assert {move for _, move in table} <= set(Move)
    assert {move for _, move in CONDITION} == set(Move)


def test_ids_are_in_order_of_raising_and_a_key_is_open_once() -> None:
    book = AlarmBook()
    assert [rise(book, k).id for k in ("a", "b", "a", "c")] == [1, 2, 1, 3]
    assert [a.count for a in book.alarms] == [1, 1, 1]


def test_a_condition_that_comes_back_counts_and_asks_again() -> None:
    book = brought_to(State.RETURNED)
    assert rise(book).count == 2
    assert book.alarms[0].state == "unacknowledged"


def test_a_returned_alarm_that_rises_again_has_the_time_and_evidence_of_that() -> None:
    book = AlarmBook()
    packets = tuple(PacketId("sz20", "w1", 1, k) for k in range(2))
    for number, packet in enumerate(packets):
        book.rise(
            "k", Severity.WARNING, "w", vehicle="sz20", unit=None, time_us=10 * number,
            now_us=10 * number + 1, evidence=(packet,),
        )  # fmt: skip
        (alarm,) = book.alarms
        assert (alarm.time_us, alarm.newest_rise_us) == (10 * number, 10 * number + 1)
        assert alarm.evidence == (packet,)
        rise(book, time_us=99)  # while it is active, that is no news
        assert book.alarms[0].time_us == alarm.time_us
        book.clear("k", 10 * number + 2)
    assert book.alarms[0].raised_us == 1


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


def test_what_people_say_stays_with_the_alarm() -> None:
    book = AlarmBook()
    rise(book)
    book.note(1, "ana", "asked the crew for a photo", 3)
    shelve(book, now_us=5)
    book.shelve(1, "bo", "", None, 6)
    book.acknowledge(1, "bo", "photo shows nothing", 7)
    book.clear("k", 8)
    book.note(1, "ana", "closed", 9)
    assert [(n.time_us, n.author, n.words) for n in book.alarms[0].notes] == [
        (3, "ana", "asked the crew for a photo"),
        (5, "ana", "maintenance"),
        (7, "bo", "photo shows nothing"),
        (9, "ana", "closed"),
    ]
    for author, words in (("", "x"), ("ana", " ")):
        with pytest.raises(AlarmRefusedError, match="needs words"):
            book.note(1, author, words, 9)


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
