"""What `run` and `ground` say of alarms, a line each."""

from dataclasses import replace

import pytest

from ground.model import Alarm, UnitKey
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


def test_a_link_is_told_by_itself_and_not_as_an_alarm_again(told):
    assert told(replace(ALARM, id=70, key="link:/dev/ttyACM0")) == []


def test_what_the_archive_brings_along_is_no_news(told):
    old = replace(ALARM, id=70), replace(ALARM, id=71, state="normal")
    assert told(*old, at=told.know) == ["1 of 2 earlier alarms are open"]
    assert told(*old) == []
    assert told(*old, replace(ALARM, id=72)) == ["warning   clock was set"]
