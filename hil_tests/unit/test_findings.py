"""What the evidence amounts to, from packets to findings and alarms."""

import math
from collections.abc import Callable
from dataclasses import replace
from itertools import permutations

import pytest

from ground.fleet import Fleet
from ground.model import Finding, Impact, Leak, Packet, PacketId, UnitKey
from ground.monitor import volume
from ground.verdict.assessor import Assessor
from ground.verdict.findings import Findings
from hil_tests.unit.orbit import T0_US, housekeeping
from hil_tests.unit.telemetry import Sender
from protocol.schema.severity import Severity
from protocol.wire.events import (
    LEAK_SUSPECTED,
    MONITOR_VIOLATED,
    SELF_TEST_FAILED,
    SENSOR_FAULT,
    SENSOR_RECOVERED,
    STORE_FAILED,
)

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
            ((8, "strike"),), 1001 * S,
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


@pytest.mark.parametrize("order", list(permutations(["far", "near", "leak"])))
def test_the_order_in_which_evidence_comes_does_not_matter(order) -> None:
    findings = Findings()
    for now, what in enumerate(order):
        match what:
            case "far":
                findings.impact(impact(700 * S, record=1), now)
            case "near":
                findings.impact(impact(1000 * S, record=2, late=True), now)
            case "leak":
                findings.leak(leak(1001 * S, record=9), 0.5, now)
    made = {f.verdict: f for f in findings.all()}
    assert len(findings.all()) == 2
    assert {p.record for p in made["strike"].evidence} == {1}
    assert {p.record for p in made["breach"].evidence} == {2, 9}
    assert (made["breach"].time_us, made["breach"].late) == (1000 * S, True)
    assert (made["strike"].time_us, made["strike"].late) == (700 * S, False)


def test_a_nearer_impact_that_comes_late_leaves_the_history_of_both() -> None:
    findings = Findings()
    findings.leak(leak(1001 * S), 0.5, 5)
    findings.impact(impact(700 * S, record=1), 6)
    findings.impact(impact(1000 * S, record=2, late=True), 7)
    breach, strike = findings.all()
    assert breach.history == ((6, "leak"), (7, "breach"))
    assert strike.history == ((7, "breach"),)
    assert findings.impact(impact(1040 * S, record=3), 8).verdict == "strike"  # is farther


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


SICK = {"t_middle": 0b101111, "t_inner": 0b011111}


@pytest.mark.parametrize("name", SICK)
@pytest.mark.parametrize("dead_c", [0.0, -273.15])
@pytest.mark.parametrize("told_after", [0, 3, None])
def test_a_dead_thermometer_is_no_heat(name, dead_c, told_after) -> None:
    """Whether the unit tells it at once, some samples later, or never and the ground finds out."""

    def die(i: int, slow: dict[str, float]) -> dict[str, int]:
        slow[name] = dead_c if i >= 100 else slow[name]
        told = told_after is not None and i >= 100 + told_after
        return {"sensor_health": SICK[name]} if told else {}

    assessor = run(300, die)
    assert verdicts(assessor) == ["sensor_fault"]
    assert assessor.leaks == ()


def test_a_thermometer_that_recovers_is_no_heat() -> None:
    def die(i: int, slow: dict[str, float]) -> dict[str, int]:
        slow["t_middle"] = 0.0 if 100 <= i < 300 else slow["t_middle"]
        return {"sensor_health": SICK["t_middle"]} if 100 <= i < 300 else {}

    assessor = run(600, die)
    assert verdicts(assessor) == ["sensor_fault"]
    assert assessor.leaks == ()


def test_heat_of_the_glass_that_is_left_is_thermal() -> None:
    """A dead thermometer hides nothing that another one shows."""

    def die(i: int, slow: dict[str, float]) -> dict[str, int]:
        slow["t_middle"] = 0.0
        return {"sensor_health": SICK["t_middle"]}

    def heat(t: float) -> tuple[float, float, float]:
        return 0.0, 0.0, 5 * min(1.0, max(0.0, (t - 200) / 60))

    assessor = run(400, die, heat_k=heat)
    assert set(verdicts(assessor)) == {"sensor_fault", "thermal"}


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
    assert verdicts(assessor) == ["leak"]  # of the vehicle: it has one cabin
    (leak,) = assessor.leaks
    assert leak.reserve_s
    assert leak.active
    assert [a.key for a in assessor.alarms if a.key.startswith("leak:")] == [
        f"leak:{leak.unit}:cabin"
    ]
    (status,) = assessor.vehicles
    assert [r.name for r in status.rules] == ["leak"]


OTHER = UnitKey("sz20", "w2")


def cabin_story(seconds: int, tau_s, changes=lambda *_: None) -> Assessor:
    """Two windows of one vehicle at one cabin; `changes` may act on each sample."""
    assessor, senders = Assessor(FLEET), {UNIT: Sender(), OTHER: Sender(OTHER)}
    worlds = [housekeeping(seconds, seed=s, cabin_tau_s=tau_s) for s in (1, 2)]
    for i, pair in enumerate(zip(*worlds, strict=True)):
        for (unit, sender), (time_us, slow) in zip(senders.items(), pair, strict=True):
            changes(i, unit, slow, sender, assessor)
            assessor.packet(sender.housekeeping(time_us, slow))
    return assessor


def cabin_alarms(assessor: Assessor) -> list[tuple[str, str]]:
    return [(a.key, a.state) for a in assessor.alarms if a.key.startswith("leak:")]


def test_a_leak_of_the_cabin_goes_on_while_one_of_its_gauges_shows_it() -> None:
    """The hole is shut at 200 s; one gauge goes on falling for 60 s by itself."""
    tau = lambda t: 1800 if 100 < t <= 200 else math.inf  # noqa: E731

    def drift(still: UnitKey):
        def change(i: int, unit: UnitKey, slow: dict[str, float], *_) -> None:
            if unit == still:
                slow["p_cabin"] -= 55.0 * min(60, max(0, i - 200))

        return change

    for still in (UNIT, OTHER):
        at_250 = cabin_story(250, tau, drift(still))
        assert cabin_alarms(at_250) == [(f"leak:{UNIT}:cabin", "unacknowledged")]
        assert [k.active for k in at_250.leaks] == [True]
        assert at_250.vehicles[0].rules[0].inputs["active"]
        at_360 = cabin_story(360, tau, drift(still))
        assert cabin_alarms(at_360) == [(f"leak:{UNIT}:cabin", "returned")]
        assert [k.active for k in at_360.leaks] == [False]
        assert not at_360.vehicles[0].rules[0].inputs["active"]


@pytest.mark.parametrize("struck", [UNIT, OTHER])
@pytest.mark.parametrize("received_s", [98, 180])
def test_a_hit_on_any_window_makes_a_leak_of_the_cabin_a_breach(struck, received_s) -> None:
    tau = lambda t: 1800 if t > 100 else math.inf  # noqa: E731

    def hit(i: int, unit: UnitKey, slow: dict[str, float], sender: Sender, assessor) -> None:
        if i == received_s and unit == struck:
            happened_us = T0_US + 98 * S
            late = received_s > 98
            assessor.packet(
                sender.hit(happened_us, (20, 30), 0.05)
                if not late
                else replace(sender.hit(happened_us, (20, 30), 0.05), late=True)
            )

    assessor = cabin_story(200, tau, hit)
    (finding,) = assessor.findings
    assert (finding.verdict, finding.unit) == ("breach", struck)
    assert {a.unit for a in assessor.alarms if a.key.startswith("breach:")} == {struck}


def test_a_gap_of_another_window_is_another_leak() -> None:
    assessor, senders = Assessor(FLEET), (Sender(), Sender(OTHER))
    tau = lambda t: 754 if t > 100 else math.inf  # noqa: E731
    worlds = [housekeeping(160, seed=s, tau_s=tau) for s in (1, 2)]
    for pair in zip(*worlds, strict=True):
        for sender, (time_us, slow) in zip(senders, pair, strict=True):
            assessor.packet(sender.housekeeping(time_us, slow))
    assert verdicts(assessor) == ["leak", "leak"]
    assert len(cabin_alarms(assessor)) == 2


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


def late(packet: Packet, received_us: int) -> Packet:
    return replace(packet, received_us=received_us, late=True)


def test_a_refill_that_brings_the_impact_of_a_known_leak(monkeypatch) -> None:
    """The link was lost at the impact: the leak is known before what made it. Then all comes."""
    assessor, sender = Assessor(FLEET), Sender()
    tau = lambda t: 754 if t > 100 else math.inf  # noqa: E731
    kept: list[Packet] = []
    for i, (time_us, slow) in enumerate(housekeeping(160, tau_s=tau)):
        if i == 100:
            kept.append(sender.hit(time_us, (20, 30), 0.5))
        packet = sender.housekeeping(time_us, slow)
        if 90 <= i < 120:
            kept.append(packet)
        else:
            assessor.packet(packet)
    assert verdicts(assessor) == ["leak"]
    leak_alarm = open_alarms(assessor)
    assert leak_alarm[f"leak:{UNIT}:gap2"] is Severity.CRITICAL
    now_us = T0_US + 170 * S
    for packet in reversed(kept):  # the newest first
        assessor.packet(late(packet, now_us))
    (finding,) = assessor.findings
    assert (finding.verdict, finding.late) == ("breach", True)
    assert finding.time_us == pytest.approx(T0_US + 100 * S, abs=S)
    assert finding.history == ((now_us, "leak"),)
    hit = next(p for p in kept if p.decoded.name == "hit")
    assert hit.id in finding.evidence
    (breach,) = [a for a in assessor.alarms if a.key.startswith("breach:")]
    assert (breach.severity, breach.late) == (Severity.SEVERE, True)
    assert "LATE: happened 00:01:40 UTC, received 00:02:50 UTC" in breach.what
    assert len(assessor.leaks) == 1  # what came late is no other leak


def test_a_leak_needs_four_samples_running(monkeypatch) -> None:
    def confirmed_after() -> int:
        assessor, sender = Assessor(FLEET), Sender()
        tau = lambda t: 754 if t > 100 else math.inf  # noqa: E731
        for i, (time_us, slow) in enumerate(housekeeping(140, tau_s=tau)):
            assessor.packet(sender.housekeeping(time_us, slow))
            if assessor.leaks:
                return i
        raise AssertionError("never")

    four = confirmed_after()
    monkeypatch.setattr(volume, "CONFIRM_SAMPLES", 1)
    assert confirmed_after() == four - 3


def test_a_spike_of_the_gauge_is_no_finding() -> None:
    def spike(i: int, slow: dict[str, float]) -> dict[str, int]:
        slow["p_gap2"] -= 400 if i in (100, 101) else 0
        return {}

    assessor = run(200, spike)
    assert verdicts(assessor) == []


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


@pytest.mark.parametrize(
    ("event_id", "a", "b", "words"),
    [
        (SELF_TEST_FAILED, 1 << 2 | 1 << 10, 0, "sensors failed the self-test: p_cabin, ae3"),
        (SENSOR_FAULT, 2, 1, "sensor p_cabin failed: drifting"),
        (LEAK_SUSPECTED, 1, -3123, "P/T of gap2 falls (312 Pa so far)"),
        (MONITOR_VIOLATED, 3, 799_120, "p_gap2 went below its onboard limit 80 kPa (79.9 kPa)"),
        (MONITOR_VIOLATED, 3, 799_121, "p_gap2 left its onboard limits (79.9 kPa)"),
        (MONITOR_VIOLATED, 9, 5, "a monitored parameter left its limits (onboard monitor 9)"),
    ],
)
def test_an_event_names_what_it_is_about(event_id, a, b, words) -> None:
    """A monitor's event by the transition report that the unit makes just before it."""
    assessor, sender = Assessor(FLEET), Sender()
    below = {"before": 2, "after": 3}
    for monitor, parameter, found, limit in ((1, 8, -3123, -3000), (3, 2, 799_120, 800_000)):
        assessor.packet(
            sender.packet(
                "monitor_transition",
                T0_US,
                monitor=monitor,
                parameter=parameter,
                found=found,
                limit=limit,
                **below,
            )
        )
    assessor.packet(sender.packet("event_medium", T0_US, event_id=event_id, a=a, b=b))
    (alarm,) = assessor.alarms
    assert alarm.what == words


def test_a_sensor_event_is_the_alarm_of_that_sensor() -> None:
    assessor, sender = Assessor(FLEET), Sender()
    assessor.packet(
        sender.packet("event_medium", T0_US, event_id=SENSOR_FAULT, a=9, text=b"silent")
    )
    assert open_alarms(assessor) == {f"sensor:{UNIT}:ae2": Severity.WARNING}
    assessor.packet(sender.packet("event_info", T0_US + S, event_id=SENSOR_RECOVERED, a=9))
    assert assessor.alarms[0].state == "returned"
