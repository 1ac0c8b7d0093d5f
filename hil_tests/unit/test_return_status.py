"""Return status: what makes it AMBER, RED and GREEN again."""

import ast
import inspect
import math
from dataclasses import fields, replace
from pathlib import Path

import pytest

import ground
from ground.fleet import Fleet, Vehicle, Window
from ground.model import Hole, Inspection, UnitKey, VehicleStatus
from ground.verdict.assessor import Assessor
from ground.verdict.figures import range_words, span
from ground.verdict.inputs import NAMES, inputs_words
from hil_tests.unit.orbit import T0_US, housekeeping
from hil_tests.unit.telemetry import Sender
from tools.board.syntax import parse

S = 1_000_000
UNIT = UnitKey("sz20", "w1")
TABLES = {
    "vehicle": [
        {"id": "sz20", "name": "Shenzhou-20", "role": "return", "window": [{"id": "w1"}]},
        {"id": "tiangong", "role": "station", "cabin_volume_m3": 110, "window": [{"id": "w1"}]},
    ]
}
FLEET = Fleet.from_dict(TABLES)


def started(fleet: Fleet = FLEET) -> tuple[Assessor, Sender]:
    assessor, sender = Assessor(fleet), Sender()
    for time_us, slow in housekeeping(3):
        assessor.packet(sender.housekeeping(time_us, slow))
    assessor.tick(T0_US + 4 * S)
    return assessor, sender


def vehicle(assessor: Assessor, name: str = "sz20") -> VehicleStatus:
    return next(v for v in assessor.vehicles if v.id == name)


def rules(assessor: Assessor) -> list[tuple[str, str]]:
    return [(r.status, r.name) for r in vehicle(assessor).rules]


def look(time_s: float, result: str = "clear", **more) -> Inspection:
    return Inspection(
        UNIT, T0_US + round(time_s * S), "ana", more.pop("pane", "outer"), result, **more
    )


def test_a_unit_without_peaks_says_so_and_is_placed_wider() -> None:
    """Comparator edges: the boot packet tells, a hit has arrivals and nothing else."""
    widths = []
    for capability in (3, 1):
        assessor, sender = started()
        values = {"capability": capability, "sample_rate_hz": 62_500_000}
        assessor.packet(sender.packet("boot", T0_US + 4 * S, **values))
        peaks = {} if capability == 3 else {f"ae{k}_peak": 0 for k in range(1, 7)}
        assessor.packet(sender.hit(T0_US + 5 * S, (20, 30), 0.02, **peaks))
        (impact,) = assessor.impacts
        assert math.dist((20, 30), (impact.x_mm, impact.y_mm)) < impact.ellipse_mm[1]
        widths.append(impact.ellipse_mm[0])
    assert widths[1] > 5 * widths[0]
    assert impact.diameter_mm == (0.0, None)
    assert not impact.saturated
    (alarm,) = [a for a in assessor.alarms if a.key.startswith("impact:")]
    assert "of any size: the unit measures no peaks" in alarm.what
    assert rules(assessor) == [("AMBER", "unsized"), ("AMBER", "uninspected")]
    assessor.inspection(look(6))
    assert ("AMBER", "unsized") not in rules(assessor)


def test_worked_example() -> None:
    """0.25 mm at 10 km/s, 16.6 mm from the edge: AMBER; a 10 mm crack: RED; the cavity nominal."""
    assessor, sender = Assessor(FLEET), Sender()
    for i, (time_us, slow) in enumerate(housekeeping(120)):
        if i == 15:
            assessor.packet(sender.hit(time_us, (95, -62), 0.25))
        if i == 60:
            assert vehicle(assessor).status == "AMBER"
            assert {n for _, n in rules(assessor)} == {"edge", "saturated", "uninspected"}
            assessor.inspection(look(60, "crack", length_mm=10.0))
        assessor.packet(sender.housekeeping(time_us, slow))
    (impact,) = assessor.impacts
    assert math.dist((impact.x_mm, impact.y_mm), (95, -62)) < 0.5
    assert impact.time_us == pytest.approx(T0_US + 15 * S, abs=2)
    assert (impact.pane, impact.saturated, impact.diameter_mm[1]) == ("outer", True, None)
    assert impact.diameter_mm[0] == pytest.approx(0.11, abs=0.01)
    status = vehicle(assessor)
    assert status.status == "RED"
    assert [r.name for r in status.rules if r.status == "RED"] == ["through_crack", "fracture"]
    fracture = status.rules[1]
    assert fracture.inputs["reentry_delta_k"] == 300
    assert 1.4 * fracture.inputs["k_max_mpa_m05"] > fracture.inputs["k_ic_mpa_m05"] == 0.75
    assert "factor 2" in fracture.uncertainty
    assert [(t - T0_US) // S for t, _, _ in status.history] == [15, 60]
    assert [(s, r) for _, s, r in status.history] == [("AMBER", "edge"), ("RED", "through_crack")]
    assert "K_max 2.87 MPa√m × 1.4 ≥ K_IC 0.75, ΔT 300 K" in fracture.words
    assert "K_max 2.87 MPa√m · safety factor 1.4" in inputs_words(fracture.inputs)
    saturated = next(r for r in status.rules if r.name == "saturated")
    assert "particle 0.11 mm or larger" in inputs_words(saturated.inputs)
    assert assessor.leaks == ()
    assert assessor.latest[UNIT]["p_gap2"].limit == 0
    assert [f.verdict for f in assessor.findings] == ["strike"]


def test_one_hit_has_one_size_in_all_words() -> None:
    """One channel clips, five tell the size: alarm, rules and their inputs say the same."""
    assessor, sender = started()
    assessor.packet(sender.hit(T0_US + 5 * S, (-34, 40), 0.2, ae1_peak=15_000))
    (alarm,) = [a for a in assessor.alarms if a.key.startswith("impact:")]
    low, high = assessor.impacts[0].diameter_mm
    size = f"{low:.2g} to {high:.2g} mm"
    assert f"particle {size}, 1 of 6 channels clipped" in alarm.what
    fired = {r.name: r for r in vehicle(assessor).rules}
    assert fired.keys() == {"saturated", "uninspected"}
    for rule in fired.values():
        assert f" {size}" in rule.words
        assert f"particle {size}" in inputs_words(rule.inputs)
        assert "larger" not in rule.words
    assert "1 of 6 channels clipped" in fired["saturated"].words


def test_the_photo_task_tells_the_place() -> None:
    assessor, sender = started()
    assessor.packet(sender.hit(T0_US + 15 * S, (95, -62), 0.25))
    (task,) = vehicle(assessor).tasks
    assert task.pane == "outer"
    assert "at 4 o'clock" in task.words
    assert "113 mm from the centre" in task.words
    assert "16.7 mm from the edge" in task.words
    assert task.radius_mm is not None
    assert 10 <= task.radius_mm < 60
    assessor.inspection(look(60, "crack", length_mm=10.0))
    assert vehicle(assessor).tasks == ()


@pytest.mark.parametrize(
    ("place", "words"),
    [((0, 80), "12 o'clock"), ((80, 0), "3 o'clock"), ((0, -80), "6 o'clock"),
     ((-80, 0), "9 o'clock"), ((2, 1), "at the centre")],
)  # fmt: skip
def test_clock_positions(place, words) -> None:
    assessor, sender = started()
    assessor.packet(sender.hit(T0_US + 15 * S, place, 0.25))
    assert words in vehicle(assessor).tasks[0].words


@pytest.mark.parametrize(
    ("place", "diameter", "channels", "expected"),
    [
        ((20, 30), 0.02, 6, set()),
        ((20, 30), 0.02, 3, {"unlocalised"}),
        ((100, 30), 0.02, 6, {"edge"}),
        ((20, 30), 0.15, 6, {"uninspected"}),
        ((20, 30), 0.5, 6, {"saturated", "uninspected"}),
    ],
)
def test_amber_rules_of_a_hit(place, diameter, channels, expected) -> None:
    assessor, sender = started()
    assessor.packet(sender.hit(T0_US + 15 * S, place, diameter, channels=range(channels)))
    assert {n for _, n in rules(assessor)} == expected
    assert vehicle(assessor).status == ("AMBER" if expected else "GREEN")
    assessor.inspection(look(30))
    assert (vehicle(assessor).status, rules(assessor)) == ("GREEN", [])


def test_a_thin_pane_and_the_upper_bound() -> None:
    tables = {
        "vehicle": [TABLES["vehicle"][0] | {"window": [{"id": "w1", "thickness_mm": [5, 12, 12]}]}]
    }
    assessor, sender = started(Fleet.from_dict(tables))
    assessor.packet(sender.hit(T0_US + 15 * S, (20, 30), 0.15))
    assert ("AMBER", "crack_upper") in rules(assessor)
    assert not [r for r in rules(assessor) if r[0] == "RED"]


def test_red_at_the_lower_bound() -> None:
    tables = {
        "vehicle": [TABLES["vehicle"][0] | {"window": [{"id": "w1", "thickness_mm": [1, 12, 12]}]}]
    }
    assessor, sender = started(Fleet.from_dict(tables))
    assessor.packet(sender.hit(T0_US + 15 * S, (20, 30), 0.25))
    assert rules(assessor)[0] == ("RED", "spall_lower")


@pytest.mark.parametrize(
    ("length_mm", "through", "delta_k", "expected"),
    [
        (10, True, 300, {"through_crack", "fracture"}),
        (10, True, 10, {"through_crack"}),
        (10, False, 300, {"fracture"}),
        (0.5, False, 300, set()),
    ],
)
def test_inspected_flaws(length_mm, through, delta_k, expected) -> None:
    tables = {"vehicle": [TABLES["vehicle"][0] | {"reentry_delta_k": delta_k}]}
    assessor, _ = started(Fleet.from_dict(tables))
    assessor.inspection(look(60, "crack", length_mm=length_mm, through=through))
    assert {n for _, n in rules(assessor)} == expected


def test_red_is_an_alarm_until_the_vehicle_is_no_longer_red() -> None:
    assessor, _ = started()
    assessor.inspection(look(5, "crack", length_mm=10.0))
    (alarm,) = assessor.alarms
    assert (alarm.severity.label, alarm.active, alarm.unit) == ("severe", True, UNIT)
    assert alarm.what.startswith("Shenzhou-20 must carry no crew: through-crack of 10 mm")
    assessor.inspection(look(6, "clear"))
    assert not assessor.alarms[0].active


def test_a_crack_in_a_tempered_pane_is_amber() -> None:
    assessor, _ = started()
    assessor.inspection(look(60, "crack", length_mm=3.0, pane="inner"))
    assert rules(assessor) == [("AMBER", "tempered_crack")]


def test_only_a_later_inspection_of_that_pane_clears() -> None:
    assessor, sender = started()
    assessor.packet(sender.hit(T0_US + 15 * S, (20, 30), 0.25))
    assessor.inspection(look(10))
    assessor.inspection(look(20, pane="inner"))
    assert vehicle(assessor).status == "AMBER"
    assessor.inspection(look(16))
    assert vehicle(assessor).status == "GREEN"
    assert [s for _, s, _ in vehicle(assessor).history] == ["AMBER", "GREEN"]
    assessor.packet(sender.hit(T0_US + 40 * S, (20, 30), 0.25))
    assert vehicle(assessor).status == "AMBER"


def test_a_later_look_overrules_a_crack() -> None:
    assessor, sender = started()
    assessor.packet(sender.hit(T0_US + 15 * S, (20, 30), 0.25))
    assessor.inspection(look(60, "crack", length_mm=10.0))
    assessor.inspection(look(90))
    assert vehicle(assessor).status == "GREEN"
    assert [s for _, s, _ in vehicle(assessor).history] == ["AMBER", "RED", "GREEN"]


def test_a_confirmed_leak_is_red_until_it_has_ended_and_someone_has_looked_since() -> None:
    assessor, sender = Assessor(FLEET), Sender()
    tau = lambda t: 754 if 60 < t <= 100 else math.inf  # noqa: E731
    for i, (time_us, slow) in enumerate(housekeeping(260, tau_s=tau)):
        if i == 90:
            assert rules(assessor) == [("RED", "leak")]
            assessor.inspection(look(90))
            assert vehicle(assessor).status == "RED"
        assessor.packet(sender.housekeeping(time_us, slow))
    assert not assessor.leaks[0].active
    assert vehicle(assessor).status == "RED"  # it went on after the look
    assessor.inspection(look(261))
    assert vehicle(assessor).status == "GREEN"


def test_few_sensors_are_amber_until_an_inspection() -> None:
    assessor, sender = Assessor(FLEET), Sender()
    for i, (time_us, slow) in enumerate(housekeeping(20)):
        bad = {"ae_health": 0b000111} if 5 <= i < 10 else {}
        assessor.packet(sender.housekeeping(time_us, slow, **bad))
    assert rules(assessor) == [("AMBER", "few_sensors")]
    assessor.inspection(look(7))
    assert vehicle(assessor).status == "AMBER"
    assessor.inspection(look(30))
    assert vehicle(assessor).status == "GREEN"


def hole(start_s: float, end_s: float, *, lost: bool = False) -> Hole:
    return Hole(UNIT, 1, 10, 20, T0_US + round(start_s * S), T0_US + round(end_s * S), lost)


def test_silence_overlays_and_changes_no_colour() -> None:
    assessor, sender = started()
    assert vehicle(assessor).unknown_since_us is None
    assessor.silence(UNIT, T0_US + 2 * S)
    assert vehicle(assessor).unknown_since_us == T0_US + 2 * S
    assert vehicle(assessor).status == "GREEN"
    assert [a.key for a in assessor.alarms if a.active] == [f"silence:{UNIT}"]
    assert "record 2" in assessor.alarms[0].what
    assessor.holes(UNIT, (hole(2, 40),))
    assessor.silence(UNIT, None)
    assessor.tick(T0_US + 41 * S)
    assert vehicle(assessor).unknown_since_us == T0_US + 2 * S
    assert assessor.alarms[0].state == "returned"
    assessor.packet(sender.hit(T0_US + 20 * S, (20, 30), 0.25, ae1_rise=1))
    assessor.holes(UNIT, ())
    assert vehicle(assessor).unknown_since_us is None
    assert vehicle(assessor).status == "AMBER"  # by what the refill told


def test_a_complete_refill_without_a_hit_lifts_it() -> None:
    assessor, _ = started()
    assessor.silence(UNIT, T0_US + 2 * S)
    assessor.silence(UNIT, None)
    assessor.tick(T0_US + 50 * S)
    assert (vehicle(assessor).status, vehicle(assessor).unknown_since_us) == ("GREEN", None)


def test_a_hole_that_cannot_be_refilled_is_amber_until_inspection() -> None:
    assessor, _ = started()
    assessor.silence(UNIT, T0_US + 2 * S)
    assessor.silence(UNIT, None)
    assessor.holes(UNIT, (hole(2, 40, lost=True),))
    assert vehicle(assessor).unknown_since_us is None
    assert rules(assessor) == [("AMBER", "unmonitored")]
    assert "unmonitored for 38 s" in vehicle(assessor).rules[0].words
    assessor.holes(UNIT, ())  # whoever forgets it: it stays lost
    assessor.holes(UNIT, (hole(30, 52, lost=True),))
    assert "unmonitored for 50 s" in vehicle(assessor).rules[0].words
    assessor.inspection(look(60))
    assert vehicle(assessor).status == "GREEN"


def test_a_vehicle_that_was_never_heard_is_not_plainly_green() -> None:
    assessor, _ = Assessor(FLEET), None
    assessor.tick(T0_US)
    assert vehicle(assessor).unknown_since_us == T0_US


def test_a_station_has_no_return_status_but_its_leak() -> None:
    assessor, sender = Assessor(FLEET), Sender(UnitKey("tiangong", "w1"))
    tau = lambda t: 1800 if t > 60 else math.inf  # noqa: E731
    for time_us, slow in housekeeping(120, cabin_tau_s=tau):
        assessor.packet(sender.housekeeping(time_us, slow))
    assert vehicle(assessor, "tiangong").status is None
    assert vehicle(assessor, "tiangong").rules == ()
    assert assessor.leaks[0].reserve_s is not None


def test_a_unit_that_nobody_configured_is_watched() -> None:
    assessor, _ = started()
    stray = Sender(UnitKey("bench", "w9"))
    assessor.packet(stray.hit(T0_US + 15 * S, (20, 30), 0.25))
    assert vehicle(assessor, "bench").status is None
    assert len(assessor.impacts) == 1


def test_the_same_calls_give_the_same_state() -> None:
    def fold() -> Assessor:
        assessor, sender = started()
        assessor.packet(sender.hit(T0_US + 15 * S, (95, -62), 0.25))
        assessor.acknowledge(1, "ana", "", T0_US + 20 * S)
        assessor.inspection(look(60, "crack", length_mm=10.0))
        return assessor

    one, two = fold(), fold()
    assert one.vehicles == two.vehicles
    assert one.alarms == two.alarms
    assert one.findings == two.findings


def test_no_assessment_input_comes_from_the_scenario() -> None:
    """No scenario is imported, a fleet holds no events, the door takes no other evidence."""
    root = Path(inspect.getfile(ground)).parent if ground.__file__ else Path(ground.__path__[0])
    for room in ("verdict", "monitor", "alarms", "physics"):
        for path in (root / room).glob("*.py"):
            for node in ast.walk(parse(path.read_text(encoding="utf-8"))):
                names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
                names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
                for name in names:
                    assert name.split(".")[0] not in ("tools", "firmware", "tomllib"), path
                    assert "scenario" not in name, path
    assert {f.name for f in fields(Vehicle)} == {
        "id", "name", "role", "seats", "crew", "docked", "cabin_volume_m3", "reentry_delta_k",
        "windows",
    }  # fmt: skip
    assert {f.name for f in fields(Window)} == {
        "id", "apid", "radius_mm", "ring_mm", "thickness_mm", "gap_l", "vented", "velocity_m_s",
    }  # fmt: skip
    doors = {n for n, _ in inspect.getmembers(Assessor, inspect.isfunction) if n[0] != "_"}
    assert doors == {
        "packet", "look", "take",  # look and take: packets that came together
        "doubt",  # what the station found out of the packets
        "go_on_from",  # what an assessor of before knew (ground/retention)
        "inspection", "silence", "holes", "tick", "acknowledge", "shelve", "alarm_event",
        "note", "limit", "context", "enter",  # limits and contexts: what people set, by the journal
    }  # fmt: skip


def test_without_the_inspection_a_crack_stays_unseen() -> None:
    """The same packets without the inspection entry: AMBER, whatever a scenario knows."""
    assessor, sender = started()
    hit = sender.hit(T0_US + 15 * S, (95, -62), 0.25)
    assessor.packet(hit)
    other, _ = started()
    other.packet(replace(hit, link="elsewhere"))
    other.inspection(look(60, "crack", length_mm=10.0))
    assert (vehicle(assessor).status, vehicle(other).status) == ("AMBER", "RED")


def test_times_left_are_told_as_people_say_them() -> None:
    assert span((498.2, 526.0, 3661)) == "8 min 46 s (8 min 18 s to 1 h 1 min)"
    assert range_words((498.2, 526.0, 3661)) == "8 min 18 s to 1 h 1 min"
    assert span((59.4, 90_000, math.inf)) == "1 d 1 h (59 s to open)"


def test_every_input_of_a_rule_has_a_name_for_people() -> None:
    source = Path(ground.__path__[0]) / "verdict" / "rules.py"
    calls = [n for n in ast.walk(parse(source.read_text())) if isinstance(n, ast.Call)]
    named = [c for c in calls if isinstance(c.func, ast.Name) and c.func.id == "_rule"]
    given = {k.arg for c in named for k in c.keywords if k.arg} | {
        "window", "half_s", "reserve_s", "more",
    }  # fmt: skip
    assert given == set(NAMES)
