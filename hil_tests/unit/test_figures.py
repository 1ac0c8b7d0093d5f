"""Figures as people read them."""

import math
import re

import pytest

from ground.model import UnitKey
from ground.verdict.assessor import Assessor
from ground.verdict.figures import number, place, quantity, size
from ground.verdict.inputs import inputs_words
from hil_tests.unit.orbit import housekeeping
from hil_tests.unit.telemetry import Sender
from hil_tests.unit.test_return_status import FLEET, vehicle


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (4563.2, "4560"), (0.1152, "0.115"), (-0.0, "0"), (-0.00001, "-0.00001"), (18.46, "18.5"),
        (100.0, "100"), (1e6, "1000000"), (math.inf, "open"),
    ],
)  # fmt: skip
def test_a_number_is_written_out(value, words) -> None:
    assert number(value) == words


def test_nothing_is_minus_zero() -> None:
    assert place(-0.04, 0.04) == "(0.0, 0.0) mm"
    assert place(-34.44, 39.6) == "(-34.4, 39.6) mm"
    assert quantity(-0.0, "Pa") == "0 Pa"


def test_a_size_has_both_ends_in_words() -> None:
    assert size((0.0963, 0.447)) == "0.096 to 0.45 mm"
    assert size([0.1152, None]) == "0.12 mm or larger"
    assert size((0.0, None)) == "of any size"


def test_times_among_inputs_are_read_as_times() -> None:
    inputs = {"tau_s": 18230.0, "reserve_s": (4563.0, 4876.0, math.inf), "seconds": 1072.0}
    assert inputs_words(inputs) == (
        "τ 5 h 3 min · reserve 1 h 21 min (1 h 16 min to open) · in all 17 min 52 s"
    )


def test_a_leak_says_when_its_alarm_was_told_and_the_card_has_no_third_figure() -> None:
    """The fit goes on: the alarm's figures are those of a time, and it says of which."""
    assessor, sender = Assessor(FLEET), Sender()
    tau = lambda t: 1800 if t > 100 else math.inf  # noqa: E731
    for time_us, slow in housekeeping(200, cabin_tau_s=tau):
        assessor.packet(sender.housekeeping(time_us, slow))
    leak, red = (a for a in assessor.alarms if a.key.split(":")[0] in ("leak", "status"))
    assert re.search(r" as known at 00:01:[45]\d UTC$", leak.what)
    assert leak.unit == UnitKey("sz20", "w1")
    assert red.what == "Shenzhou-20 must carry no crew: confirmed leak of cabin"
    (rule,) = vehicle(assessor).rules
    for words in (leak.what, rule.words, inputs_words(rule.inputs)):
        assert not re.search(r"\de[+-]\d|-0\.0\b|open", words)
