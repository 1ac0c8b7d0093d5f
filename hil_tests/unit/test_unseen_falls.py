"""A leak that began and ended while nobody saw the pressure is known by what it left."""

import math

import pytest

from ground.monitor.across import BREAK_S
from ground.verdict.assessor import Assessor
from hil_tests.unit.orbit import T0_US, housekeeping
from hil_tests.unit.telemetry import Sender
from hil_tests.unit.test_return_status import FLEET, UNIT, look, rules, vehicle

S = 1_000_000


def story(seconds: int, gone: range, *, reboot=False, bad=None, step_s=1, **world) -> Assessor:
    """Housekeeping does not come (or, of `bad` health, is not believed) in that range."""
    assessor, sender = Assessor(FLEET), Sender()
    for i, (time_us, slow) in enumerate(housekeeping(seconds, **world)):
        if i % step_s:
            continue
        if reboot and i == gone.stop:
            sender = Sender(boot=2)
        if i not in gone or bad:
            health = {"sensor_health": bad} if i in gone and bad else {}
            assessor.packet(sender.housekeeping(time_us, slow, **health))
    return assessor


def leaks_in(start_s: int, end_s: int, tau_s: float = 700):
    return lambda t: tau_s if start_s <= t < end_s else math.inf


@pytest.mark.parametrize(
    ("gone", "more"),
    [
        (range(120, 420), {}),  # 150 s of a leak in an outage of 300 s
        (range(120, 2900), {"reboot": True}),
        (range(100, 420), {"bad": 0b111101}),  # the gauge was reported unhealthy meanwhile
    ],
)
def test_a_leak_within_an_outage_is_undetermined_until_someone_looks(gone, more) -> None:
    end_s = gone.stop + 70
    assessor = story(end_s, gone, tau_s=leaks_in(200, 350), **more)
    assert assessor.leaks == ()
    assert rules(assessor) == [("AMBER", "undetermined")]
    (rule,) = vehicle(assessor).rules
    assert rule.inputs["volume"] == "gap2"
    (finding,) = [f for f in assessor.findings if f.verdict == "undetermined"]
    before, after = finding.evidence
    assert (before.vehicle, before.unit) == UNIT and before != after
    (alarm,) = [a for a in assessor.alarms if a.key == f"finding:{UNIT}:gap2"]
    assert "gap2 fell from 10" in alarm.what and alarm.evidence == finding.evidence
    assessor.inspection(look(gone.start))
    assert vehicle(assessor).status == "AMBER"
    assessor.inspection(look(end_s + 1))
    assert vehicle(assessor).status == "GREEN"


def test_one_that_goes_on_is_a_leak_and_nothing_else() -> None:
    assessor = story(520, range(120, 420), tau_s=leaks_in(200, 600))
    assert [leak.volume for leak in assessor.leaks] == ["gap2"]
    assert [f.verdict for f in assessor.findings] == ["leak"]
    assert rules(assessor) == [("RED", "leak")]


@pytest.mark.parametrize("gone_s", [BREAK_S, 60, 250, 350, 1400, 2760])
@pytest.mark.parametrize(("phase", "lag_s"), [(0.0, 30.0), (1.6, 120.0), (3.2, 30.0)])
def test_an_outage_without_a_leak_is_none(gone_s: float, phase: float, lag_s: float) -> None:
    gone = range(200, 200 + int(gone_s))
    assessor = story(gone.stop + 70, gone, phase=phase, lag_s=lag_s)
    assert [f.verdict for f in assessor.findings] == []
    assert vehicle(assessor).status == "GREEN"


@pytest.mark.parametrize("at_s", [210, 350])
def test_glass_that_cools_quickly_in_an_outage_is_none(at_s: int) -> None:
    def cools(t: float) -> tuple[float, float, float]:
        k = -5.0 * min(max(t - at_s, 0), 10) / 10
        return (k, k, k)

    assessor = story(570, range(200, 500), heat_k=cools, lag_s=120.0)
    assert [f for f in assessor.findings if f.verdict == "undetermined"] == []
    assert vehicle(assessor).status == "GREEN"


def test_short_breaks_one_after_the_other_do_not_hide_it() -> None:
    assessor, sender = Assessor(FLEET), Sender()
    for i, (time_us, slow) in enumerate(housekeeping(900, tau_s=leaks_in(200, 350))):
        if i < 120 or (i >= 420 and i % 40 < 12):
            assessor.packet(sender.housekeeping(time_us, slow))
    assert ("AMBER", "undetermined") in rules(assessor)
    assert vehicle(assessor).history[-1][0] <= T0_US + 420 * S
