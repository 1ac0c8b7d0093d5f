"""Silence never means safe: its alarm tells the last good packet and what is missing."""

from __future__ import annotations

from collections.abc import Callable

from ground.alarms.book import Transition
from ground.api import alarm_views
from ground.model import Alarm, Hole, SilenceFacts, UnitKey
from ground.verdict.assessor import Assessor
from hil_tests.unit.orbit import T0_US, housekeeping
from hil_tests.unit.telemetry import Sender
from hil_tests.unit.test_return_status import FLEET, vehicle
from protocol.schema.severity import Severity

S = 1_000_000
UNIT = UnitKey("sz20", "w1")
LAST_US = T0_US + 2 * S


def hole(first: int, last: int, *, lost: bool = False, until_s: int = 40) -> Hole:
    return Hole(UNIT, 1, first, last, LAST_US, T0_US + until_s * S, lost)


def silent(*before: Hole, journal: Callable[[Transition], None] = lambda _: None) -> Assessor:
    """Heard for three seconds, then no more."""
    assessor, sender = Assessor(FLEET, journal), Sender()
    for time_us, slow in housekeeping(3):
        assessor.packet(sender.housekeeping(time_us, slow))
    if before:
        assessor.holes(UNIT, before)
    assessor.tick(T0_US + 7 * S)
    assessor.silence(UNIT, LAST_US)
    return assessor


def alarm(assessor: Assessor) -> Alarm:
    (found,) = [a for a in assessor.alarms if a.key == f"silence:{UNIT}"]
    return found


def test_it_tells_the_last_good_packet_and_what_was_missing_then() -> None:
    told = alarm(silent(hole(1, 1), hole(5, 7, lost=True)))
    assert told.severity is Severity.DISTRESS
    assert told.time_us == LAST_US
    assert told.what == (
        "silent: last good packet 00:00:02 UTC, boot 1, record 2; "
        "1 packet missing until then, 3 lost for good, since then nobody knows"
    )
    assert told.silence == SilenceFacts(LAST_US, None, missing=1, lost=3)
    assert alarm_views.alarm(told)["silence"] == {
        "last_good": "2025-11-04T00:00:02.000000Z", "until": None, "missing": 1, "lost": 3,
    }  # fmt: skip


def test_without_a_hole_it_does_not_say_that_nothing_is_missing() -> None:
    told = alarm(silent())
    assert told.what.endswith("no packets missing until then, since then nobody knows")


def test_afterwards_it_tells_how_long_it_was_and_follows_the_refill() -> None:
    told_on: list[Transition] = []
    assessor = silent(journal=told_on.append)
    assessor.tick(T0_US + 50 * S)
    assessor.holes(UNIT, (hole(3, 45),))
    assessor.silence(UNIT, None)
    told = alarm(assessor)
    assert told.state == "returned"
    assert told.what == "silent from 00:00:02 UTC to 00:00:50 UTC; 43 packets missing now"
    assert told.silence == SilenceFacts(LAST_US, T0_US + 50 * S, 43, 0)
    assert vehicle(assessor).unknown_since_us == LAST_US  # heard again is not known again
    assessor.changed.clear()
    for first in range(4, 44):
        assessor.holes(UNIT, (hole(first, 45),))
    assert alarm(assessor) is told  # not anew for every packet of the refill
    assert "alarms" not in assessor.changed
    assessor.tick(T0_US + 51 * S)
    assert alarm(assessor).silence == SilenceFacts(LAST_US, T0_US + 50 * S, 3, 0)
    assert "alarms" in assessor.changed
    assessor.holes(UNIT, (hole(43, 44, lost=True),))
    assessor.tick(T0_US + 52 * S)
    assert alarm(assessor).what == (
        "silent from 00:00:02 UTC to 00:00:50 UTC; no packets missing now, 2 lost for good"
    )
    assert vehicle(assessor).status == "AMBER"
    # each change stands in the journal, so that a fold comes by it
    assert [(t.move, (t.time_us - T0_US) // S) for t in told_on if t.key == told.key] == [
        ("rise", 7), ("tell", 50), ("return", 50), ("tell", 51), ("tell", 52),
    ]  # fmt: skip


def test_one_that_is_over_is_not_told_on() -> None:
    assessor = silent()
    assessor.acknowledge(1, "ana", "", T0_US + 8 * S)
    assessor.holes(UNIT, (hole(3, 45),))
    assessor.silence(UNIT, None)
    over = alarm(assessor)
    assert over.state == "normal"
    assessor.holes(UNIT, (hole(3, 5),))
    assessor.tick(T0_US + 60 * S)
    assert alarm(assessor) is over


def test_silent_again_is_the_same_alarm_with_the_newer_facts() -> None:
    assessor = silent()
    assessor.silence(UNIT, None)
    assessor.tick(T0_US + 60 * S)
    assessor.silence(UNIT, T0_US + 55 * S)
    again = alarm(assessor)
    assert (again.state, again.count) == ("unacknowledged", 2)
    assert again.time_us == T0_US + 55 * S  # a new rise with a time of its own
    assert (again.raised_us, again.newest_rise_us) == (T0_US + 7 * S, T0_US + 60 * S)
    assert alarm_views.alarm(again)["raised"] == "2025-11-04T00:01:00.000000Z"
    assert "00:00:02 UTC" in again.what  # the last good packet
    assert again.silence is not None
    assert again.silence.until_us is None


def test_a_unit_that_was_never_heard_has_no_last_good_packet() -> None:
    assessor = Assessor(FLEET)
    assessor.tick(T0_US)
    assessor.silence(UNIT, T0_US)
    assert alarm(assessor).silence == SilenceFacts(None, None, 0, 0)
    assert "never heard" in alarm(assessor).what
