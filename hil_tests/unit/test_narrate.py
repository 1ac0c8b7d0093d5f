"""What `run` and `ground` say of alarms, a line each."""

from dataclasses import replace

import pytest

from ground.model import Alarm, UnitKey
from hil_tests.e2e.demo_ground import DemoGround
from protocol.schema.severity import Severity
from tools.run.narrate import Narrator

ALARM = Alarm(
    7, "link:x", None, "", Severity.WARNING, "mqtt://x: no broker", 0, 0, "unacknowledged", True,
    False,
)  # fmt: skip


@pytest.mark.parametrize(
    ("alarm", "line"),
    [
        (ALARM, "warning   mqtt://x: no broker"),
        (replace(ALARM, vehicle="sz20"), "warning   sz20: mqtt://x: no broker"),
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
