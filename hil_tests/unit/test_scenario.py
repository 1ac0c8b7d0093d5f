"""Scenario files are read strictly, and compile to the same integers every time."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ground.model import UnitKey
from protocol.schema.timescale import utc_to_tai_us
from tools.scenario.compile import event_table, write_config
from tools.scenario.error import ScenarioError
from tools.scenario.find import LIBRARY, find, names
from tools.scenario.kinds import KINDS
from tools.scenario.load import load, parse

IMPACT = {
    "t_s": 15.0, "vehicle": "sz20", "window": "w1", "kind": "impact", "pane": "outer",
    "x_mm": 95.0, "y_mm": -62.0, "diameter_mm": 0.25, "speed_km_s": 10.0, "density_g_cm3": 2.7,
}  # fmt: skip


def scenario(**changes: Any) -> dict[str, Any]:
    whole = {
        "name": "example",
        "seed": 7,
        "duration_s": 100,
        "epoch": "2025-11-04T00:00:00Z",
        "vehicle": [{"id": "sz20", "role": "return", "window": [{"id": "w1"}, {"id": "w2"}]}],
        "event": [IMPACT],
    }
    whole |= changes
    return {key: value for key, value in whole.items() if value is not None}


def event(**changes: Any) -> dict[str, Any]:
    return scenario(event=[{k: v for k, v in (IMPACT | changes).items() if v is not None}])


def at_sz20(kind: str, **keys: Any) -> dict[str, Any]:
    return scenario(event=[{"t_s": 1, "vehicle": "sz20", "window": "w1", "kind": kind, **keys}])


BAD = [
    (event(diametre_mm=1), "event 1 (impact)", 'unknown key "diametre_mm"; did you mean "diamet'),
    (event(kind="impakt"), "event 1 (impakt)", 'unknown kind "impakt"; did you mean "impact"?'),
    (event(kind=None), "event 1", 'missing key "kind"'),
    (event(kind=3), "event 1", "must be text"),
    (event(pane=None), "event 1 (impact)", 'missing key "pane"'),
    (event(pane="outter"), "event 1 (impact)", 'pane: "outter" is not one of outer, middle, inner'),
    (event(x_mm="95"), "event 1 (impact)", "x_mm: must be a number, not text"),
    (event(x_mm=float("nan")), "event 1 (impact)", "x_mm: must be finite"),
    (event(y_mm=100.0), "event 1 (impact)", "137.9 mm from the centre, outside the pane of rad"),
    (event(diameter_mm=0), "event 1 (impact)", "diameter_mm: must be at least 0.001"),
    (event(angle_deg=90), "event 1 (impact)", "angle_deg: must be at most 89"),
    (event(t_s=-1), "event 1 (impact)", "t_s: must be at least 0"),
    (event(t_s=100.1), "event 1 (impact)", "is after the end (duration_s 100)"),
    (event(vehicle="sz2"), "event 1 (impact)", 'unknown vehicle "sz2"; did you mean "sz20"?'),
    (event(window="w3"), "event 1 (impact)", 'unknown window "w3"'),
    (at_sz20("link_loss", for_s=-3), "event 1 (link_loss)", "for_s: must be at least"),
    (at_sz20("sensor_fault", sensor="ae7", fault="dead"), "event 1 (sensor_fault)", "ae7"),
    (at_sz20("leak", volume="gap1", hole_mm=1), "event 1 (leak)", "gap2, cabin"),
    (at_sz20("inspection", pane="outer", result="crack"), "event 1 (inspection)", "length_mm"),
    (at_sz20("dock"), "event 1 (dock)", 'unknown key "window"'),
    (scenario(duration_s=-5), "scenario", "duration_s: must be greater than 0"),
    (scenario(duration_s=True), "scenario", "duration_s: must be a number"),
    (scenario(durations=5), "scenario", 'unknown key "durations"; did you mean "duration_s"?'),
    (scenario(seed=1.5), "scenario", "seed: must be a whole number"),
    (scenario(epoch="2025-11-04T00:00:00"), "scenario", "epoch: must have a time zone"),
    (scenario(epoch="soon"), "scenario", 'epoch: "soon" is no ISO-8601 time'),
    (scenario(epoch="1999-01-01T00:00:00Z"), "scenario", "epoch: must lie in 2020 to 2099"),
    (scenario(epoch=None), "scenario", 'missing key "epoch"'),
    (scenario(event=3), "scenario", "event: must be an array of tables"),
    (scenario(vehicle=[]), "scenario", "no vehicle has a window"),
    (scenario(vehicle=[{"id": "a", "role": "tug"}]), "vehicle 1", "return, station, rescue"),
    (scenario(vehicle=[{"id": "Ä", "role": "return"}]), "vehicle 1", "a-z 0-9"),
]


@pytest.mark.parametrize(("data", "place", "words"), BAD, ids=[words for *_, words in BAD])
def test_what_is_not_understood_is_named_with_its_place(
    data: dict[str, Any], place: str, words: str
) -> None:
    with pytest.raises(ScenarioError) as caught:
        parse(data, "x.toml")
    assert (caught.value.file, caught.value.place) == ("x.toml", place)
    assert words in caught.value.reason


def test_every_event_is_checked_and_counted_from_one() -> None:
    with pytest.raises(ScenarioError, match=r"event 3 \(impact\)"):
        parse(scenario(event=[IMPACT, IMPACT, IMPACT | {"speed": 1}]), "x.toml")


def test_malformed_toml_names_the_line(tmp_path: Path) -> None:
    path = tmp_path / "bad.toml"
    path.write_text('name = "x"\nseed = = 3\n')
    with pytest.raises(ScenarioError, match="line 2"):
        load(str(path))
    path.write_bytes(b"name = '\xff'")
    with pytest.raises(ScenarioError, match="byte 8: no UTF-8"):
        load(str(path))


def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path: Path) -> None:
    path = tmp_path / "my.toml"
    path.write_text(find("quiet").read_text(encoding="utf-8"), encoding="utf-8-sig")
    assert load(str(path)) == load("quiet")


def test_a_name_finds_the_library_and_a_path_itself(tmp_path: Path) -> None:
    path = tmp_path / "quiet.toml"
    path.write_text(find("quiet").read_text())
    assert find(str(path)) == path
    assert find("quiet").parent == LIBRARY
    for missing, words in (
        ("shenzho20", 'did you mean "shenzhou20"'),
        ("no/such.toml", "no such file"),
        (f"{tmp_path}", "is a folder"),
    ):
        with pytest.raises(ScenarioError, match=words) as caught:
            find(missing)
        assert "everything, impact, leak, quiet, shenzhou20, thermal" in str(caught.value)


@pytest.mark.parametrize("name", names())
def test_library(name: str) -> None:
    loaded = load(name)
    assert loaded.name == name
    tables = [event_table(loaded, unit) for unit in loaded.units]
    assert tables == [event_table(load(name), unit) for unit in loaded.units]
    assert len({table["seed"] for table in tables}) == len(tables)


def test_everything_has_every_kind_that_is_simulated() -> None:
    simulated = {name for name, kind in KINDS.items() if kind.at_window}
    assert {e.kind for e in load("everything").events} == simulated


def test_table_is_that_of_the_architecture() -> None:
    loaded = load("shenzhou20")
    table = event_table(loaded, UnitKey("sz20", "w1"))
    assert table["events"] == [[15000000, "impact", 0, 95000, -62000, 250, 10000000, 2700, 0]]
    assert table["window"] == {
        "radius_um": 130000, "ring_um": 120000, "thickness_um": [14000, 12000, 12000],
        "gap_mm3": [1000000, 1000000], "vented": [1, 0], "cabin_mm3": 6000000000,
        "velocity_mm_s": 3690000,
    }  # fmt: skip
    assert table["epoch_us"] == utc_to_tai_us(loaded.epoch)
    assert table["duration_us"] == 900_000_000


def _whole_numbers(value: Any) -> bool:
    if isinstance(value, dict | list):
        items = value.values() if isinstance(value, dict) else value
        return all(_whole_numbers(item) for item in items)
    return isinstance(value, int | str) and not isinstance(value, bool)


@given(
    t_s=st.floats(0, 100),
    x_mm=st.floats(-90, 90),
    y_mm=st.floats(-90, 90),
    diameter_mm=st.floats(0.001, 5),
)
def test_tables_hold_integers_only(**keys: float) -> None:
    loaded = parse(event(**keys), "x.toml")
    table = event_table(loaded, UnitKey("sz20", "w1"))
    assert _whole_numbers(table)
    assert event_table(loaded, UnitKey("sz20", "w2"))["events"] == []


def test_a_leak_of_the_cabin_is_at_every_window_of_its_vehicle() -> None:
    windows = [{"id": "w1"}, {"id": "w2"}]
    vehicles = [{"id": v, "role": "return", "window": windows} for v in ("sz20", "sz21")]
    leak = {"t_s": 1.0, "kind": "leak", "vehicle": "sz20", "hole_mm": 2.0}
    happens = [
        leak | {"window": "w1", "volume": "gap2"},
        leak | {"window": "w2", "volume": "cabin"},
    ]
    loaded = parse(scenario(vehicle=vehicles, event=happens), "x.toml")
    tables = {str(u): event_table(loaded, u)["events"] for u in loaded.units}
    gap, cabin = [1_000_000, "leak", 1, 2000], [1_000_000, "leak", 2, 2000]
    assert tables == {"sz20/w1": [gap, cabin], "sz20/w2": [cabin], "sz21/w1": [], "sz21/w2": []}


def test_events_come_in_order_of_time() -> None:
    later, earlier = IMPACT | {"t_s": 9.0}, IMPACT | {"t_s": 3.0}
    loaded = parse(scenario(event=[later, earlier]), "x.toml")
    assert [e.t_us for e in loaded.events] == [3_000_000, 9_000_000]


def test_config_is_what_the_firmware_reads(tmp_path: Path) -> None:
    loaded = load("shenzhou20")
    unit = UnitKey("tiangong", "w1")
    path = write_config(loaded, unit, tmp_path / "units", "fd:3", tmp_path / "k.key", 2.5)
    config = json.loads(path.read_text())
    assert (config["vehicle"], config["unit"], config["apid"]) == ("tiangong", "w1", 3)
    assert config["speed_milli"] == 2500
    assert json.loads(Path(config["table"]).read_text()) == event_table(loaded, unit)


def test_unknown_unit_has_no_table() -> None:
    compilers: list[Callable[[], object]] = [
        lambda: event_table(load("quiet"), UnitKey("sz20", "w9")),
        lambda: event_table(load("quiet"), UnitKey("mir", "w1")),
    ]
    for compiler in compilers:
        with pytest.raises(KeyError, match="is not in scenario quiet"):
            compiler()


def test_the_example_of_the_documentation_plays(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "scenarios.md").read_text(encoding="utf-8")
    (tmp_path / "example.toml").write_text(page.split("```toml\n")[1].split("```")[0])
    assert [event.kind for event in load(str(tmp_path / "example.toml")).events] == ["impact"]
