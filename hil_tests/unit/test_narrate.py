"""What `run` and `ground` say of alarms, a line each."""

from dataclasses import replace

import pytest

from ground.model import Alarm, Rule, UnitKey, VehicleStatus
from hil_tests.e2e.demo_ground import DemoGround
from protocol.schema.severity import Severity
from tools.run.narrate import Narrator

ALARM = Alarm(
    7, "clock", None, "", Severity.WARNING, "clock was set", 0, 0, "unacknowledged", True,
    False,
)  # fmt: skip


@pytest.mark.parametrize(
    ("alarm", "line"),
    [
        (ALARM, "warning   clock was set"),
        (replace(ALARM, vehicle="sz20"), "warning   sz20: clock was set"),
        (
            replace(ALARM, vehicle="sz20", unit=UnitKey("sz20", "w1"), late=True, what="strike"),
            "warning   LATE  sz20/w1: strike",
        ),
    ],
)
def test_an_alarm_is_told_once_and_with_what_it_is_about(monkeypatch, alarm, line):
    ground = DemoGround(seconds=1)
    monkeypatch.setattr(ground, "alarms", lambda: [alarm])
    lines = []
    narrator = Narrator(lines.append)
    narrator.look(ground)
    narrator.look(ground)
    assert [text[8:].strip() for text in lines if "warning" in text] == [line]


@pytest.fixture
def told(monkeypatch):
    """What a narrator says at each look at the given alarms."""
    ground, lines = DemoGround(seconds=1), []
    narrator = Narrator(lines.append)
    narrator.look(ground)

    def look(*alarms, at=narrator.look):
        monkeypatch.setattr(ground, "alarms", lambda: alarms)
        lines.clear()
        at(ground)
        return [text[8:].strip() for text in lines]

    look.know = narrator.know
    return look


def test_an_alarm_that_grows_worse_is_told_again(told):
    watch = replace(ALARM, id=70, severity=Severity.WATCH)
    worse = replace(watch, severity=Severity.WARNING, what="far below")
    assert told(watch) == ["watch     clock was set"]
    assert told(worse) == ["warning   far below"]
    assert told(watch) == []
    assert told(worse) == ["warning   far below"]


def test_an_alarm_that_rises_again_is_told_again(told):
    silent = replace(ALARM, id=70, severity=Severity.DISTRESS, what="silent", raised_us=5)
    assert told(silent) == ["distress  silent"]
    assert told(replace(silent, active=False, state="returned")) == []
    again = replace(silent, risen_us=60, what="silent anew")
    assert told(again) == ["distress  silent anew"]
    assert told(again) == []


def test_a_link_is_told_by_itself_and_not_as_an_alarm_again(told):
    assert told(replace(ALARM, id=70, key="link:/dev/ttyACM0")) == []


def test_what_the_archive_brings_along_is_no_news(told):
    old = replace(ALARM, id=70), replace(ALARM, id=71, state="normal")
    assert told(*old, at=told.know) == ["1 of 2 earlier alarms are open"]
    assert told(*old) == []
    assert told(*old, replace(ALARM, id=72)) == ["warning   clock was set"]


@pytest.fixture
def statuses(monkeypatch):
    """What a narrator says at each look at one vehicle in the given states."""
    ground, lines = DemoGround(seconds=1), []
    narrator = Narrator(lines.append)
    monkeypatch.setattr(ground, "alarms", list)

    def look(status, since_us=None, at=narrator.look):
        fired = (
            [Rule("edge", status, "sz20/w1: near the edge", {}, "")] if status != "GREEN" else []
        )
        state = VehicleStatus("sz20", "Ship", "return", status, since_us, tuple(fired), ())
        monkeypatch.setattr(ground, "statuses", lambda: [state])
        lines.clear()
        at(ground)
        return [text[8:].strip() for text in lines if "Ship" in text]

    look.know, look.conclude = narrator.know, narrator.conclude
    return look


SINCE_US = 1_762_214_429_000_000  # 00:00:29 UTC


def test_a_colour_that_is_there_at_the_first_look_is_told(statuses):
    """A replay at full speed has one look."""
    assert statuses("GREEN", 0) == []  # not heard yet
    assert statuses("AMBER") == ["Ship is AMBER: sz20/w1: near the edge"]
    assert statuses("AMBER") == []
    assert statuses("AMBER", SINCE_US) == ["Ship UNKNOWN SINCE 00:00:29 UTC"]
    assert statuses("GREEN") == ["Ship is GREEN"]


def test_a_colour_and_an_unknown_time_that_come_together_are_both_told(statuses):
    words = "Ship is AMBER, UNKNOWN SINCE 00:00:29 UTC: sz20/w1: near the edge"
    assert statuses("AMBER", SINCE_US) == [words]


def test_the_colour_that_an_archive_brings_along_is_no_news(statuses):
    statuses("AMBER", SINCE_US, at=statuses.know)
    assert statuses("AMBER", SINCE_US) == []
    assert statuses("AMBER") == []
    assert statuses("GREEN") == ["Ship is GREEN"]


def test_at_the_end_each_vehicle_is_told_as_it_stands(statuses):
    statuses("AMBER")
    words = "Ship at the end: AMBER, UNKNOWN SINCE 00:00:29 UTC: sz20/w1: near the edge"
    assert statuses("AMBER", SINCE_US, at=statuses.conclude) == [words]
    assert statuses("GREEN", at=statuses.conclude) == ["Ship at the end: GREEN"]


class Flood:
    """Alarms at a narrator whose clock stands still unless told."""

    def __init__(self, monkeypatch):
        self.now_s, self.lines = 0.0, []
        self.alarms = []
        ground = DemoGround(seconds=1)
        monkeypatch.setattr(ground, "alarms", lambda: list(self.alarms))
        self.narrator = Narrator(self.lines.append, lambda: self.now_s)
        self.narrator.look(ground)
        self.lines.clear()
        self.ground = ground

    def rise(self, count, severity=Severity.WATCH, words="limit {} crossed"):
        for _ in range(count):
            number = 100 + len(self.alarms)
            what = words.format(number)
            self.alarms.append(replace(ALARM, id=number, severity=severity, what=what))

    def look(self, after_s=0.0):
        """What is said at this look."""
        self.now_s += after_s
        self.lines.clear()
        self.narrator.look(self.ground)
        return [text[8:].strip() for text in self.lines]


@pytest.fixture
def flood(monkeypatch):
    return Flood(monkeypatch)


def test_a_flood_of_alike_alarms_is_a_few_lines_and_a_count(flood):
    flood.rise(243)
    assert flood.look() == [f"watch     limit {n} crossed" for n in (100, 101, 102)]
    flood.rise(7)
    assert flood.look(after_s=5) == []
    told = "watch     and 247 more alarms within 10 s (247 watch); the console lists them"
    assert flood.look(after_s=5) == [told]
    assert flood.look(after_s=60) == []
    flood.rise(1)  # in a window of its own
    assert flood.look() == ["watch     limit 350 crossed"]


def test_what_is_graver_than_all_before_is_told_however_many_there_are(flood):
    for k in range(30):  # words that differ: no line is a repeat of another
        flood.rise(1, words=f"{'abcdefghijklmnopqrstuvwxyzäöüß'[k]} crossed")
    assert len(flood.look()) == 20
    for severity in (Severity.WARNING, Severity.DISTRESS, Severity.CRITICAL, Severity.SEVERE):
        flood.rise(50, Severity.WATCH)
        flood.rise(1, severity, "graver")
        flood.rise(50, Severity.WATCH)
        assert flood.look(after_s=1) == [f"{severity.label:8}  graver"]
    flood.rise(1, Severity.CRITICAL, "gap2 leaks")  # another one, below what was told
    assert flood.look(after_s=1) == ["critical  gap2 leaks"]
    flood.rise(9, Severity.CRITICAL, "gap2 leaks")
    assert flood.look(after_s=1) == []
    (rest,) = flood.look(after_s=9)
    assert rest.startswith("critical  and 419 more alarms within 15 s (9 critical, 410 watch)")


def test_of_one_moment_the_gravest_comes_first_in_line(flood):
    flood.rise(100)
    flood.rise(1, Severity.SEVERE, "no crew")
    assert flood.look()[-1] == "severe    no crew"


def test_an_alarm_that_grows_worse_in_a_flood_is_told(flood):
    flood.rise(50)
    flood.look()
    flood.alarms[40] = replace(flood.alarms[40], severity=Severity.SEVERE)
    assert flood.look(after_s=1) == ["severe    limit 140 crossed"]


def test_the_end_leaves_nothing_unsaid(flood):
    flood.rise(5)
    flood.look(after_s=2)
    flood.lines.clear()
    flood.narrator.end()
    (line,) = flood.lines
    assert "and 2 more alarms within 1 s (2 watch); the console lists them" in line
    flood.lines.clear()
    flood.narrator.end()
    assert flood.lines == []
