"""The demo scenario through units, delivery and ground, in virtual time: does it tell its story?"""

import math
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ground.archive.archive import Archive
from ground.fleet import Fleet
from ground.rebuild import stored_fleet
from ground.station import Station
from ground.summary import summary
from ground.verdict.assessor import Assessor
from tools.scenario.load import load
from tools.sim.simulate import simulate

Report = dict[str, Any]
START = load("shenzhou20").epoch


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("shenzhou20")


@pytest.fixture(scope="module")
def story(out: Path) -> Report:
    return simulate(load("shenzhou20"), "cpython", out, lambda *_: None)


def seconds(iso: str) -> float:
    """Seconds since the scenario's start."""
    return (datetime.fromisoformat(iso) - START) / timedelta(seconds=1)


def vehicle(story: Report, name: str) -> Report:
    return next(v for v in story["vehicles"] if v["id"] == name)


def impact(story: Report, name: str) -> Report:
    return next(i for i in story["impacts"] if i["vehicle"] == name)


def within(impact: Report, x_mm: float, y_mm: float) -> bool:
    """True when the point lies in the 95 % ellipse."""
    major, minor, angle = impact["ellipse_mm"]
    dx, dy = x_mm - impact["x_mm"], y_mm - impact["y_mm"]
    cos, sin = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    return ((dx * cos + dy * sin) / major) ** 2 + ((dy * cos - dx * sin) / minor) ** 2 <= 1


def test_first_strike_is_placed_and_timed(story: Report) -> None:
    assert len(story["impacts"]) == 2
    first = impact(story, "sz20")
    assert within(first, 95.0, -62.0)
    assert first["ellipse_mm"][0] < 15
    assert first["pane"] == "outer"
    assert seconds(first["time"]) == pytest.approx(15.0, abs=0.001)
    assert first["saturated"]
    assert not first["late"]
    low, high = first["diameter_mm"]
    assert low <= 0.25
    assert high is None


def test_inspection_turns_amber_into_red(story: Report) -> None:
    sz20 = vehicle(story, "sz20")
    assert [change["status"] for change in sz20["history"]] == ["AMBER", "RED"]
    assert [seconds(change["time"]) for change in sz20["history"]] == pytest.approx([15, 60], abs=1)
    assert sz20["status"] == "RED"
    assert {"edge", "saturated", "through_crack"} <= {rule["rule"] for rule in sz20["rules"]}
    assert not [leak for leak in story["leaks"] if leak["vehicle"] == "sz20"]


def test_gap_leak_is_measured(story: Report) -> None:
    (leak,) = story["leaks"]
    assert (leak["vehicle"], leak["volume"]) == ("tiangong", "gap2")
    assert leak["hole_mm"] == pytest.approx(0.1, rel=0.05)
    assert leak["tau_s"] == pytest.approx(754, rel=0.05)
    assert leak["rate_pa_s"] == pytest.approx(134, rel=0.05)
    assert seconds(leak["time"]) == pytest.approx(90, abs=5)
    low, middle, high = leak["half_s"]
    assert low < middle < high
    assert middle == pytest.approx(754 * math.log(2), rel=0.05)
    assert leak["reserve_s"] is None
    assert vehicle(story, "tiangong")["status"] is None


def test_strike_during_the_loss_is_late_and_silence_is_lifted(story: Report) -> None:
    late = impact(story, "sz21")
    assert late["late"]
    assert within(late, -35.0, 40.0)
    assert seconds(late["time"]) == pytest.approx(137.0, abs=0.001)
    silence = next(a for a in story["alarms"] if a["vehicle"] == "sz21" and "silent" in a["what"])
    assert seconds(silence["time"]) == pytest.approx(119, abs=1.5)
    assert silence["state"] == "returned"
    raised = next(a for a in story["alarms"] if a["vehicle"] == "sz21" and a["late"])
    assert "LATE" in raised["what"]
    sz21 = vehicle(story, "sz21")
    assert sz21["status"] == "AMBER"
    assert [change["status"] for change in sz21["history"]] == ["AMBER"]


def test_findings(story: Report) -> None:
    verdicts = {(f["vehicle"], f["verdict"]) for f in story["findings"]}
    assert verdicts == {("sz20", "strike"), ("sz21", "strike"), ("tiangong", "leak")}
    assert all(f["evidence"] for f in story["findings"])


def test_archive_and_report_of_it_agree(story: Report, out: Path) -> None:
    archive = Archive(out / "archive.sqlite", write=False)
    again = summary(Station(archive, stored_fleet(archive), Assessor))
    archive.close()
    assert again == story


def test_same_digest_twice(story: Report, tmp_path: Path, out: Path) -> None:
    again = simulate(load("shenzhou20"), "cpython", tmp_path, lambda *_: None)
    assert again["sha256"] == story["sha256"]
    assert again == story
    assert (tmp_path / "telemetry.bin").read_bytes() == (out / "telemetry.bin").read_bytes()


def test_no_assessment_input_but_packets_and_inspections(story: Report, out: Path) -> None:
    """A ground that was told no scenario, only vehicles, comes to the same from the raw bytes."""
    archive = Archive(out / "archive.sqlite", write=False)
    fleet = Fleet.from_dict(load("shenzhou20").fleet.to_dict())
    station = Station(Archive(), fleet, Assessor)
    rows = [row for row in archive.journal() if row.kind == "inspection"]
    for chunk in archive.raw():
        while rows and rows[0].time_us <= chunk.received_us:
            station.advance(rows[0].time_us)
            station.act("inspection", rows[0].author, rows.pop(0).data)
        station.receive(chunk)
    archive.close()
    station.commit()
    again = summary(station)
    for part in ("impacts", "leaks", "findings", "sha256"):
        assert again[part] == story[part]
    assert [v["status"] for v in again["vehicles"]] == ["RED", "AMBER", None]


@pytest.mark.parametrize("name", ["quiet", "thermal"])
def test_nothing_is_made_of_nothing(name: str) -> None:
    made = simulate(load(name), "cpython", None, lambda *_: None)
    assert made["packets"] > 300
    for part in ("impacts", "leaks", "alarms"):
        assert made[part] == []
    assert {v["status"] for v in made["vehicles"]} <= {"GREEN", None}


def test_strike_and_leak_are_a_breach() -> None:
    made = simulate(load("leak"), "cpython", None, lambda *_: None)
    assert [f["verdict"] for f in made["findings"]] == ["breach"]
    assert made["leaks"][0]["hole_mm"] == pytest.approx(0.2, rel=0.05)
    assert made["vehicles"][0]["status"] == "RED"


def test_every_kind_of_event_plays() -> None:
    made = simulate(load("everything"), "cpython", None, lambda *_: None)
    verdicts = {(f["vehicle"], f["verdict"]) for f in made["findings"]}
    assert ("sz20", "breach") in verdicts
    assert ("sz21", "sensor_fault") in verdicts
    assert ("tiangong", "strike") in verdicts
    assert [leak["volume"] for leak in made["leaks"]] == ["cabin"]
    assert made["leaks"][0]["reserve_s"]
