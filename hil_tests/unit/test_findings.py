"""What the evidence amounts to, from packets to findings and alarms."""

import math
from collections.abc import Callable

import pytest

from ground.fleet import Fleet
from ground.model import Finding, Impact, Leak, PacketId, UnitKey
from ground.verdict.assessor import Assessor
from ground.verdict.findings import Findings
from hil_tests.unit.orbit import T0_US, housekeeping
from hil_tests.unit.telemetry import Sender
from protocol.schema.severity import Severity
from protocol.wire.events import SENSOR_FAULT, SENSOR_RECOVERED, STORE_FAILED

UNIT = UnitKey("sz20", "w1")
FLEET = Fleet.from_dict(
    {"vehicle": [{"id": "sz20", "role": "return", "window": [{"id": "w1"}, {"id": "w2"}]}]}
)
S = 1_000_000


def impact(time_us: int, record: int = 1, unit: UnitKey = UNIT, late: bool = False) -> Impact:
    return Impact(
        unit, "outer", time_us, True, 0.0, 0.0, (2.0, 2.0, 0.0), False, late, (0.1, 0.4), 120.0, 6,
        time_us, PacketId(*unit, 1, record),
    )  # fmt: skip


def leak(time_us: int, record: int = 9) -> Leak:
    return Leak(
        UNIT, "gap2", time_us, 134.0, 0.8, 0.1, 754.0, (500.0, 520.0, 540.0), None, True,
        (PacketId(*UNIT, 1, record),),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("after_s", "verdict"),
    [(-10, "breach"), (-11, "leak"), (0, "breach"), (600, "breach"), (601, "leak")],
)
def test_the_window_of_a_breach(after_s, verdict) -> None:
    findings = Findings()
    findings.impact(impact(1000 * S), 0)
    assert findings.leak(leak((1000 + after_s) * S), 0.0, 5).verdict == verdict


def test_an_uncertain_onset_widens_it() -> None:
    findings = Findings()
    findings.impact(impact(1000 * S), 0)
    assert findings.leak(leak(980 * S), 6.0, 5).verdict == "breach"


def test_a_strike_becomes_a_breach_with_both_evidences_and_its_history() -> None:
    findings = Findings()
    findings.impact(impact(1000 * S, record=3), 7)
    findings.leak(leak(1001 * S, record=9), 0.5, 8)
    assert findings.all() == (
        Finding(
            UNIT, "breach", 1000 * S, (PacketId(*UNIT, 1, 3), PacketId(*UNIT, 1, 9)), False,
            ((8, "strike"),),
        ),
    )  # fmt: skip


def test_a_late_impact_makes_a_known_leak_a_breach() -> None:
    findings = Findings()
    findings.leak(leak(1001 * S), 0.5, 8)
    made = findings.impact(impact(1000 * S, late=True), 9)
    assert (made.verdict, made.late, made.history) == ("breach", True, ((9, "leak"),))
    assert len(findings.all()) == 1


def test_another_window_has_nothing_to_do_with_it() -> None:
    findings = Findings()
    findings.impact(impact(1000 * S, unit=UnitKey("sz20", "w2")), 0)
    findings.leak(leak(1001 * S), 0.5, 8)
    assert [f.verdict for f in findings.all()] == ["strike", "leak"]


def test_the_nearest_impact_is_the_cause() -> None:
    findings = Findings()
    findings.impact(impact(700 * S, record=1), 0)
    findings.impact(impact(1000 * S, record=2), 0)
    findings.leak(leak(1001 * S), 0.5, 8)
    assert [f.verdict for f in findings.all()] == ["strike", "breach"]


def test_what_goes_on_is_one_finding() -> None:
    findings = Findings()
    assert findings.other(UNIT, "thermal", "gap2", 0, ())
    assert findings.other(UNIT, "thermal", "gap2", 500 * S, ()) is None
    assert findings.other(UNIT, "thermal", "gap2", 1000 * S, ()) is None
    assert findings.other(UNIT, "thermal", "cabin", 1000 * S, ())
    assert findings.other(UNIT, "thermal", "gap2", 1601 * S, ())


def run(
    seconds: int,
    change: Callable[[int, dict[str, float]], dict[str, int]] = lambda *_: {},
    assessor: Assessor | None = None,
    **world,
) -> Assessor:
    assessor, sender = assessor or Assessor(FLEET), Sender()
    for i, (time_us, slow) in enumerate(housekeeping(seconds, **world)):
        more = change(i, slow)
        assessor.packet(sender.housekeeping(time_us, slow, **more))
    return assessor


def verdicts(assessor: Assessor) -> list[str]:
    return [f.verdict for f in assessor.findings]


def open_alarms(assessor: Assessor) -> dict[str, Severity]:
    return {a.key: a.severity for a in assessor.alarms if a.state != "normal"}


def test_nominal_hours_say_nothing() -> None:
    assessor = run(7200, lag_s=45.0)
    assert (assessor.findings, assessor.alarms, assessor.leaks) == ((), (), ())


def test_impact_then_decay_is_a_breach() -> None:
    assessor = Assessor(FLEET)
    sender = Sender()
    tau = lambda t: 754 if t > 100 else math.inf  # noqa: E731
    for i, (time_us, slow) in enumerate(housekeeping(130, tau_s=tau)):
        if i == 100:
            assessor.packet(sender.hit(time_us, (20, 30), 0.5))
            assert verdicts(assessor) == ["strike"]
        assessor.packet(sender.housekeeping(time_us, slow))
    (finding,) = assessor.findings
    assert finding.verdict == "breach"
    assert finding.history[0][1] == "strike"
    assert finding.evidence[0].record == 100
    assert max(p.record for p in finding.evidence) < 116
    severities = open_alarms(assessor)
    assert Severity.SEVERE in severities.values()
    assert severities[f"leak:{UNIT}:gap2"] is Severity.CRITICAL
    assert {"findings", "leaks", "alarms", "status"} <= assessor.changed


def test_a_leak_alarm_returns_when_the_leak_ends() -> None:
    tau = lambda t: 754 if 100 < t <= 150 else math.inf  # noqa: E731
    assessor = run(300, tau_s=tau)
    (alarm,) = [a for a in assessor.alarms if a.key == f"leak:{UNIT}:gap2"]
    assert (alarm.state, alarm.active) == ("returned", False)
    assert verdicts(assessor) == ["leak"]


def test_heat_is_thermal_and_no_alarm() -> None:
    def heat(t: float) -> tuple[float, float, float]:
        ramp = 5 * min(1.0, max(0.0, (t - 200) / 60))
        return 0.0, ramp, ramp

    assessor = run(400, heat_k=heat)
    assert set(verdicts(assessor)) == {"thermal"}
    assert assessor.alarms == ()


def test_a_stuck_gauge() -> None:
    frozen: list[float] = []

    def stick(i: int, slow: dict[str, float]) -> dict[str, int]:
        if i >= 100:
            frozen.append(slow["p_gap2"])
            slow["p_gap2"] = frozen[0]
        return {}

    assessor = run(160, stick)
    assert verdicts(assessor) == ["sensor_fault"]
    assert open_alarms(assessor) == {f"sensor:{UNIT}:p_gap2": Severity.WARNING}
    assert "same value" in assessor.alarms[0].what


def test_a_dead_gauge_is_no_leak_and_no_limit() -> None:
    def die(i: int, slow: dict[str, float]) -> dict[str, int]:
        slow["p_gap2"] = 0.0 if i >= 100 else slow["p_gap2"]
        return {"sensor_health": 0b111101} if i >= 103 else {}

    assessor = run(140, die)
    assert verdicts(assessor) == ["sensor_fault"]
    assert assessor.leaks == ()
    assert f"sensor:{UNIT}:p_gap2" in open_alarms(assessor)


def test_a_sensor_that_the_unit_reports_and_that_recovers() -> None:
    def fail(i: int, _: dict[str, float]) -> dict[str, int]:
        return {"ae_health": 0b111011} if 10 <= i < 20 else {}

    assessor = run(30, fail)
    assert verdicts(assessor) == ["sensor_fault"]
    assert assessor.alarms[0].state == "returned"
    assert "ae3" in assessor.alarms[0].what


def test_two_cabin_gauges_that_disagree() -> None:
    """P/T falls on one gauge only."""
    assessor, senders = Assessor(FLEET), (Sender(), Sender(UnitKey("sz20", "w2")))
    worlds = zip(housekeeping(300, seed=1), housekeeping(300, seed=2), strict=True)
    for i, pair in enumerate(worlds):
        for k, (time_us, slow) in enumerate(pair):
            if k == 0:
                slow["p_cabin"] -= 5.0 * max(0, i - 100)
            assessor.packet(senders[k].housekeeping(time_us, slow))
    assert verdicts(assessor) == ["sensor_fault"]
    assert assessor.leaks == ()
    assert "p_cabin" in assessor.alarms[0].what


def test_two_cabin_gauges_that_agree_are_a_leak() -> None:
    assessor, senders = Assessor(FLEET), (Sender(), Sender(UnitKey("sz20", "w2")))
    tau = lambda t: 1800 if t > 100 else math.inf  # noqa: E731
    worlds = [housekeeping(200, seed=s, cabin_tau_s=tau) for s in (1, 2)]
    for pair in zip(*worlds, strict=True):
        for sender, (time_us, slow) in zip(senders, pair, strict=True):
            assessor.packet(sender.housekeeping(time_us, slow))
    assert verdicts(assessor) == ["leak", "leak"]
    assert all(k.reserve_s for k in assessor.leaks)


def test_a_step_is_undetermined() -> None:
    def jump(i: int, slow: dict[str, float]) -> dict[str, int]:
        slow["p_gap2"] -= 3000 if i >= 100 else 0
        return {}

    assessor = run(200, jump)
    assert verdicts(assessor) == ["undetermined"]
    assert open_alarms(assessor) == {f"finding:{UNIT}:gap2": Severity.DISTRESS}


def test_limits_raise_and_return() -> None:
    def cold(i: int, slow: dict[str, float]) -> dict[str, int]:
        slow["t_outer"] = -70.0 - 1e-3 * (i % 7) if 10 <= i < 20 else slow["t_outer"]
        return {}

    assessor = run(40, cold)
    (alarm,) = [a for a in assessor.alarms if a.key == f"limit:{UNIT}:t_outer"]
    assert (alarm.severity, alarm.state, alarm.limit) == (Severity.WARNING, "returned", "< -60")
    assert alarm.what == "t_outer went below -60 °C (-70 °C)"


def test_late_housekeeping_touches_nothing_current() -> None:
    assessor = run(20)
    before = dict(assessor.latest[UNIT])
    sender = Sender(boot=7)
    for i, (time_us, slow) in enumerate(housekeeping(20)):
        slow["p_gap2"] = 1000.0 + i
        assessor.packet(sender.housekeeping(time_us - 50 * S, slow, late=True))
    assert assessor.latest[UNIT] == before
    assert assessor.alarms == ()
    assert [(u, c.parameter, c.late) for u, c in assessor.limit_history] == [(UNIT, "p_gap2", True)]


def test_a_late_impact_is_alarmed_with_both_times() -> None:
    assessor = run(60)
    hit = Sender(boot=2).hit(
        T0_US + 20 * S,
        (10, 10),
        0.3,
    )
    late = type(hit)(hit.unit, hit.decoded, hit.link, T0_US + 70 * S, hit.onboard_us, late=True)
    assessor.packet(late)
    (alarm,) = assessor.alarms
    assert alarm.late
    assert "LATE: happened 00:00:20 UTC, received 00:01:10 UTC" in alarm.what
    assert assessor.findings[0].late
    assert assessor.impacts[0].late


def test_events_of_medium_and_high_severity_alarm() -> None:
    assessor, sender = Assessor(FLEET), Sender()
    assessor.packet(sender.packet("event_low", T0_US, event_id=5, a=3))
    assert assessor.alarms == ()
    assessor.packet(sender.packet("event_high", T0_US, event_id=STORE_FAILED, text=b"ENOSPC"))
    (alarm,) = assessor.alarms
    assert alarm.severity is Severity.CRITICAL
    assert alarm.what == "the recorder could not write (ENOSPC)"
    assessor.packet(sender.packet("event_high", T0_US, event_id=STORE_FAILED, text=b"ENOSPC"))
    assert [a.count for a in assessor.alarms] == [2]


def test_a_sensor_event_is_the_alarm_of_that_sensor() -> None:
    assessor, sender = Assessor(FLEET), Sender()
    assessor.packet(
        sender.packet("event_medium", T0_US, event_id=SENSOR_FAULT, a=9, text=b"silent")
    )
    assert open_alarms(assessor) == {f"sensor:{UNIT}:ae2": Severity.WARNING}
    assessor.packet(sender.packet("event_info", T0_US + S, event_id=SENSOR_RECOVERED, a=9))
    assert assessor.alarms[0].state == "returned"
