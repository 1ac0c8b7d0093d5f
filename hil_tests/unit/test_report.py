"""The report's form, as design and docs promise it."""

import json
import math
import re

from ground.fleet import Fleet
from ground.model import Inspection, UnitKey
from ground.report import report
from ground.verdict.assessor import Assessor
from hil_tests.unit.orbit import T0_US, housekeeping
from hil_tests.unit.telemetry import Sender
from protocol.wire.tables import SCHEMA_HASH
from tools.cli.text_report import ALARMS, as_text

FLEET = Fleet.from_dict(
    {
        "vehicle": [
            {"id": "sz20", "role": "return", "window": [{"id": "w1"}]},
            {"id": "tiangong", "role": "station", "window": [{"id": "w1"}]},
        ]
    }
)


def story() -> dict:
    assessor, unit = Assessor(FLEET), UnitKey("sz20", "w1")
    ship, station = Sender(unit), Sender(UnitKey("tiangong", "w1"))
    tau = lambda t: 754 if t > 90 else math.inf  # noqa: E731
    pairs = zip(housekeeping(150), housekeeping(150, seed=2, tau_s=tau), strict=True)
    for i, ((time_us, quiet), (_, leaking)) in enumerate(pairs):
        assessor.packet(ship.housekeeping(time_us, quiet))
        assessor.packet(station.housekeeping(time_us, leaking))
        if i == 15:
            assessor.packet(ship.hit(time_us, (95, -62), 0.25))
        if i == 60:
            assessor.inspection(Inspection(unit, time_us, "ana", "outer", "crack", 10.0))
    return report(assessor, scenario="story", packets=301, sha256="ab")


def test_form() -> None:
    made = json.loads(json.dumps(story(), allow_nan=False))
    assert made["scenario"] == "story"
    assert (made["schema"], made["packets"], made["sha256"]) == (f"{SCHEMA_HASH:08x}", 301, "ab")
    (impact,) = made["impacts"]
    assert impact["time"].startswith("2025-11-04T00:00:15.0")
    assert impact["time"].endswith("Z")
    assert (impact["localised"], impact["saturated"], impact["late"]) == (True, True, False)
    assert impact["diameter_mm"][1] is None
    assert len(impact["ellipse_mm"]) == 3
    (leak,) = made["leaks"]
    assert (leak["vehicle"], leak["window"], leak["volume"]) == ("tiangong", "w1", "gap2")
    assert math.isclose(leak["rate_pa_s"], 134, rel_tol=0.03)
    assert leak["half_s"][0] < leak["half_s"][1] < leak["half_s"][2]
    assert leak["reserve_s"] is None
    assert [f["verdict"] for f in made["findings"]] == ["strike", "leak"]
    assert made["findings"][0]["evidence"] == [["sz20", "w1", 1, 16]]
    assert [a["id"] for a in made["alarms"]] == [1, 2, 3, 4]
    assert "impact" in made["alarms"][0]["what"]
    assert "must carry no crew" in made["alarms"][1]["what"]
    assert re.match(
        r"gap2 leaks 13\d Pa/s at onset · halves every 8 min \d+ s \(.* to .*\) · hole 0\.",
        made["alarms"][2]["what"],
    )
    assert made["alarms"][3]["what"] == "p_gap2 went below 95 kPa (94.7 kPa)"
    assert made["alarms"][0]["severity"] == "critical"
    ship, station = made["vehicles"]
    assert (ship["status"], station["status"]) == ("RED", None)
    assert ship["rules"][0]["rule"] == "through_crack"
    assert set(ship["rules"][0]) == {"rule", "inputs", "uncertainty"}
    assert [h["status"] for h in ship["history"]] == ["AMBER", "RED"]


def test_keys_are_those_of_the_design() -> None:
    made = story()
    assert list(made) == [
        "scenario", "schema", "packets", "sha256", "impacts", "leaks", "findings", "alarms",
        "vehicles",
    ]  # fmt: skip
    assert set(made["impacts"][0]) == {
        "vehicle", "window", "pane", "time", "x_mm", "y_mm", "ellipse_mm", "localised",
        "saturated", "late", "diameter_mm",
    }  # fmt: skip
    assert {"vehicle", "window", "verdict", "time", "evidence"} == set(made["findings"][0])
    assert set(made["alarms"][0]) == {
        "id", "vehicle", "window", "severity", "what", "time", "state", "late",
    }  # fmt: skip


def test_as_people_read_it() -> None:
    made = story()
    lines = [line.strip() for line in as_text(made).splitlines()]
    assert lines[0] == f"story: 301 packets, schema {SCHEMA_HASH:08x}"
    assert lines[1] == "2025-11-04, times in UTC"
    alarms = lines[lines.index(ALARMS) + 1 :]
    assert all(re.match(r"\d  00:0\d:\d\d\.\d{3} ", line) for line in alarms)
    assert ["sz20/w1: " in line for line in alarms] == [True, True, False, False]
    assert ["tiangong/w1: " in line for line in alarms] == [False, False, True, True]
    assert any(line.endswith("strike (shown by 1 packet)") for line in lines)
    made["alarms"][0]["time"] = "2025-11-06T01:02:03.456789Z"
    made["packets"] = 1
    lines = as_text(made).splitlines()
    assert lines[0].startswith("story: 1 packet, ")
    assert lines[1] == "2025-11-04 to 2025-11-06, times in UTC"
    assert "  1  2025-11-06 01:02:03.456 critical sz20/w1: impact" in "\n".join(lines)


def test_alarms_have_the_number_of_evidence_and_come_by_time() -> None:
    made = story()
    made["alarms"][3]["id"] = 12
    made["alarms"][1]["time"] = "2025-11-04T00:00:01.000000Z"  # told late
    lines = as_text(made).splitlines()
    alarms = lines[lines.index(ALARMS) + 1 :]
    assert [int(line[:4]) for line in alarms] == [2, 1, 3, 12]
    times = [line[6:18] for line in alarms]
    assert times == sorted(times)


def test_silence_is_never_printed_as_safe() -> None:
    """GREEN with UNKNOWN SINCE beside it, also where every record that is known is here."""
    assessor, unit = Assessor(FLEET), UnitKey("sz20", "w1")
    ship = Sender(unit)
    for time_us, values in housekeeping(30):
        assessor.packet(ship.housekeeping(time_us, values))
    assessor.tick(T0_US + 34_000_000)
    assessor.silence(unit, T0_US + 29_000_000)
    made = report(assessor, scenario=None, packets=30, sha256="")
    counts = {"expected": 30, "received": 30, "not_fetched": 0, "given_up": 0, "lost": 0}
    made["units"] = [
        {"vehicle": "sz20", "window": "w1", "clock": None, "records": counts, "hours": []}
    ]
    lines = as_text(made).splitlines()
    assert "  sz20       GREEN, UNKNOWN SINCE 00:00:29.000" in lines
    assert "2025-11-04, times in UTC" in lines
    telemetry = lines[lines.index("Telemetry: records that are known to exist") :]
    assert "100.0 %  30 of 30 records" in telemetry[1]
    assert "sz20 is unknown since 00:00:29.000" in telemetry[2]
    # a station that was never heard has no status, and is not known either
    assert any(re.match(r"  tiangong   –, UNKNOWN SINCE 00:00:00\.\d", line) for line in lines)


def test_a_report_of_nothing() -> None:
    made = report(Assessor(FLEET), scenario=None, packets=0, sha256="")
    assert [v["status"] for v in made["vehicles"]] == ["GREEN", None]
    assert as_text(made).startswith("telemetry: 0 packets, ")
    assert "times in" not in as_text(made)
    assert made["impacts"] == made["leaks"] == made["findings"] == made["alarms"] == []
