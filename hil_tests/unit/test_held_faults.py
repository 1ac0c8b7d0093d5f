"""A known fault of a sensor holds over a restart of its unit, and masks no leak for longer."""

import math

import pytest

from ground.model import UnitKey
from ground.monitor.sensors import TRIAL_US
from ground.verdict.assessor import Assessor
from hil_tests.unit.orbit import T0_US, housekeeping
from hil_tests.unit.telemetry import Sender
from hil_tests.unit.test_return_status import FLEET, vehicle

UNIT = UnitKey("sz20", "w1")
S = 1_000_000
P_CABIN = 0b000100
REBOOT_S = 150
SELF_TEST_S = REBOOT_S + 60
ALARM = f"sensor:{UNIT}:p_cabin"


class Story:
    """The unit reports p_cabin unhealthy from 60 s on, and starts again, knowing nothing of it."""

    def __init__(self) -> None:
        self.assessor = Assessor(FLEET)
        self.leaks_after_s: list[int] = []
        self.returned_s: list[int] = []

    def run(
        self,
        seconds: int,
        *,
        drift_pa_s: float = 0.0,
        test: tuple[int, int] | None = None,
        fault: str = "sensor_health",
        **world,
    ) -> Assessor:
        """`test`: (tested, failed) of the self-test a minute after the restart, if there is one."""
        bits = {"sensor_health": 0b111011, "ae_health": 0b111011}[fault]
        sender, failed = Sender(), False
        for i, (time_us, slow) in enumerate(housekeeping(seconds, **world)):
            if i == REBOOT_S:
                sender = Sender(boot=2)
            if i == SELF_TEST_S and test is not None:
                tested, failing = test
                self.assessor.packet(
                    sender.packet("self_test", time_us, tested=tested, failed=failing)
                )
                failed = bool(failing & P_CABIN)
            slow["p_cabin"] -= drift_pa_s * max(0, i - 20)
            known = 60 <= i < REBOOT_S or failed
            self.assessor.packet(
                sender.housekeeping(time_us, slow, **({fault: bits} if known else {}))
            )
            if len(self.assessor.leaks) > len(self.leaks_after_s):
                self.leaks_after_s.append(i)
            if any(a.key == ALARM and a.state == "returned" for a in self.assessor.alarms):
                self.returned_s.append(i)
        return self.assessor


def leaks_from(start_s: int):
    return lambda t: 1800 if t >= start_s else math.inf


def test_a_drifting_gauge_is_no_leak_after_a_restart() -> None:
    story = Story()
    assessor = story.run(420, drift_pa_s=5.0, test=(0x3F3F, P_CABIN))
    assert assessor.leaks == ()
    assert [(r.status, r.name) for r in vehicle(assessor).rules] == [("AMBER", "no_gauge")]
    assert [f.verdict for f in assessor.findings] == ["sensor_fault"]
    assert story.returned_s == []  # nor is its alarm over meanwhile


@pytest.mark.parametrize("start_s", [REBOOT_S + 1, REBOOT_S + 30])
def test_a_leak_behind_it_is_known_as_soon_as_the_gauge_passes_its_self_test(start_s) -> None:
    story = Story()
    assessor = story.run(SELF_TEST_S + 10, cabin_tau_s=leaks_from(start_s), test=(0x3F3F, 0))
    (found_s,) = story.leaks_after_s
    assert found_s - SELF_TEST_S < 6
    (leak,) = assessor.leaks
    assert (leak.time_us - T0_US) / S == pytest.approx(start_s, abs=3)
    assert vehicle(assessor).status == "RED"
    assert story.returned_s[0] == SELF_TEST_S


@pytest.mark.parametrize("test", [None, (0x3F00, 0)])
def test_without_a_self_test_of_it_the_gauge_is_believed_after_its_time(test) -> None:
    story = Story()
    story.run(REBOOT_S + 100, cabin_tau_s=leaks_from(REBOOT_S + 30), test=test)
    (found_s,) = story.leaks_after_s
    assert 0 <= found_s - REBOOT_S - TRIAL_US // S < 6


def test_a_healthy_gauge_is_believed_at_once_whatever_else_is_held() -> None:
    story = Story()
    start_s = REBOOT_S + 10
    assessor = story.run(start_s + 30, cabin_tau_s=leaks_from(start_s), fault="ae_health")
    (found_s,) = story.leaks_after_s
    assert found_s - start_s <= 15
    assert vehicle(assessor).status == "RED"


def test_a_second_restart_holds_it_on() -> None:
    sender, assessor = Sender(), Assessor(FLEET)
    for i, (time_us, slow) in enumerate(housekeeping(200)):
        if i in (20, 100):
            sender = Sender(boot=sender.boot + 1)
        health = {"sensor_health": 0b111011} if i < 20 else {}
        assessor.packet(sender.housekeeping(time_us, slow, **health))
        (alarm,) = assessor.alarms
        until_s = 100 + TRIAL_US // S
        assert (i, alarm.active) == (i, i < until_s)
