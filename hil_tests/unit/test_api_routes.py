"""Every route's shape, and errors that are one sentence."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from dataclasses import replace

import httpx
import pytest

from ground.api.app import create_app
from ground.model import Inspection
from ground.stream.boot import HOUR_US
from hil_tests.e2e.demo_ground import SZ20, SZ21, DemoGround
from protocol.schema import dictionary
from protocol.schema.timescale import iso

PORT = 8420
HEAD = {"X-Panewatch-Token": "right"}


@pytest.fixture
def ground() -> DemoGround:
    return DemoGround(seconds=100)


@pytest.fixture
async def client(ground: DemoGround) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(ground, "right", PORT)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=f"http://127.0.0.1:{PORT}") as c:
        yield c


async def get(client: httpx.AsyncClient, path: str):
    answer = await client.get(f"/api/{path}")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_health(client, ground):
    body = await get(client, "health")
    assert body["ok"] is True
    assert body["schema"] == dictionary.as_json()["schema"]
    assert body["uptime_s"] == 100
    assert body["first_packet_s"] == 1
    assert [link["name"] for link in body["links"]] == ["mqtt", "pty sz21/w1"]
    assert {"version", "packets", "archive"} <= set(body)


async def test_dictionary_is_that_of_the_command_line(client):
    assert await get(client, "dictionary") == json.loads(json.dumps(dictionary.as_json()))


async def test_fleet_has_the_sensors_in_their_places(client):
    craft = (await get(client, "fleet"))["vehicles"][0]
    assert {k: craft[k] for k in ("id", "name", "role", "docked", "seats", "crew")} == {
        "id": "sz20",
        "name": "Shenzhou-20",
        "role": "return",
        "docked": "tiangong",
        "seats": 3,
        "crew": 3,
    }
    station = (await get(client, "fleet"))["vehicles"][-1]
    assert station["crew"] is None  # not given
    window = craft["windows"][0]
    assert (window["id"], window["radius_mm"], window["vented"]) == ("w1", 130.0, [True, False])
    assert [s["name"] for s in window["sensors"]] == ["ae1", "ae2", "ae3", "ae4", "ae5", "ae6"]
    assert window["sensors"][3]["x_mm"] == pytest.approx(-120)


async def test_what_is_unknown_is_never_called_nominal(client, ground):
    ground.silence(SZ21)
    status = {v["id"]: v for v in await get(client, "status")}
    assert status["sz20"]["meaning"] == "nominal"
    assert (status["sz21"]["status"], status["tiangong"]["meaning"]) == ("GREEN", "")
    assert re.fullmatch(
        r"nothing known against it before \d\d:\d\d:\d\d UTC, since then unknown",
        status["sz21"]["meaning"],
    )


async def test_units_tell_silence(client, ground):
    ground.silence(SZ21)
    ground.second()
    units = {u["vehicle"]: u for u in await get(client, "units")}
    assert units["sz20"]["state"] == "live"
    assert units["sz21"]["state"] == "silent"
    assert units["sz21"]["missing"] == 1
    assert units["sz20"]["correlation"] == {
        "offset_s": 0.0, "accuracy_s": 0.002, "drift_ppm": 12.5, "drift_accuracy_ppm": 3.0,
    }  # fmt: skip
    assert (units["sz20"]["given_up"], units["sz20"]["lost"]) == (0, 0)
    assert units["sz20"]["last_received"].endswith("Z")


async def points(client: httpx.AsyncClient, path: str):
    """Of a history of which nothing was dropped."""
    body = await get(client, path)
    assert body.keys() == {"points", "dropped_by_retention"}
    assert body["dropped_by_retention"] == []
    return body["points"]


async def test_a_history_says_what_retention_has_dropped(client, ground):
    ground.dropped_us = [(0, ground.started_us + 30_000_000)]
    body = await get(client, "history/sz20/w1/p_gap2?start=0&end=9e15&strategy=latest&size=1")
    (part,) = body["dropped_by_retention"]
    assert part == {"from": "1970-01-01T00:00:00.000000Z", "to": iso(ground.dropped_us[0][1])}
    start = (ground.started_us + 31_000_000) / 1000
    assert await points(client, f"history/sz20/w1/p_gap2?start={start}&end=9e15&size=1000")


async def test_latest_and_history_agree(client, ground):
    latest = (await get(client, "latest/sz20/w1"))["p_gap2"]
    path = f"history/sz20/w1/p_gap2?start=0&end={latest['utc']}&strategy=latest&size=1"
    assert await points(client, path) == [{"utc": latest["utc"], "value": latest["value"]}]
    assert latest["stale"] is False
    assert latest["limit"] is None


async def test_history_is_decimated_and_keeps_the_extremes(client):
    everything = await points(client, "history/sz20/w1/p_gap2?start=0&end=9e15&size=1000")
    assert len(everything) == 100
    few = await points(client, "history/sz20/w1/p_gap2?start=0&end=9e15&size=10")
    assert len(few) <= 10
    values = [p["value"] for p in everything]
    assert {min(values), max(values)} <= {p["value"] for p in few}
    assert few == sorted(few, key=lambda p: p["utc"])
    assert all(p in everything for p in few)


async def test_history_keeps_to_its_bounds(client):
    everything = await points(client, "history/sz20/w1/p_gap2?start=0&end=9e15&size=1000")
    start, end = everything[10]["utc"], everything[20]["utc"]
    part = await points(client, f"history/sz20/w1/p_gap2?start={start}&end={end}&size=1000")
    assert part == everything[10:21]


async def test_completeness_is_that_of_the_newest_month_unless_asked(client, ground):
    newest_us = next(u for u in ground.units() if u.unit == SZ20).last_onboard_us
    hour = newest_us // HOUR_US * HOUR_US
    row = {"boot": 1, "received": 100, "not_fetched": 0, "given_up": 0, "lost": 0}
    body = await get(client, "completeness/sz20/w1")
    assert body["hours"] == [{"utc": hour / 1000, "expected": 100, **row}]
    del row["boot"]
    assert body["total"] == {"expected": 100, **row}
    before = await get(client, f"completeness/sz20/w1?end={hour / 1000}")
    assert before == {"hours": [], "total": dict.fromkeys(row | {"expected": 0}, 0)}
    for query, words in (
        ("start=2&end=1", "after end"), ("start=0&end=1e12", "366 days"), ("end=1e300", "1970"),
    ):  # fmt: skip
        refused = await client.get(f"/api/completeness/sz20/w1?{query}")
        assert refused.status_code == 422
        assert words in refused.json()["error"]
    assert (await client.get("/api/completeness/sz20/w9")).status_code == 404


async def test_the_story_in_status_impacts_leaks_findings_alarms(client, ground):
    ground.strike()
    ground.leak()
    hit = (await get(client, "impacts"))[0]
    assert (hit["vehicle"], hit["window"], hit["pane"]) == ("sz20", "w1", "outer")
    assert hit["ellipse_mm"] == [5.5, 2.6, 40.0]
    assert hit["diameter_mm"] == [0.1, None]
    leak = (await get(client, "leaks"))[0]
    assert (leak["volume"], leak["half_s"], leak["reserve_s"]) == ("gap2", [500, 520, 540], None)
    assert leak["words"] == "134 Pa/s at onset · halves every 8 min 40 s"
    assert leak["range_words"] == "8 min 20 s to 9 min 0 s"
    finding = (await get(client, "findings"))[0]
    assert finding["verdict"] == "strike"
    assert finding["evidence"] == [["sz20", "w1", 1, 34]]
    status = {v["id"]: v for v in await get(client, "status")}
    assert status["sz20"]["status"] == "AMBER"
    edge = status["sz20"]["rules"][0]
    assert edge["inputs"] == {
        "window": "w1", "x_mm": 94.6, "y_mm": -61.7, "edge_mm": 17.06, "limit_mm": 30.0,
    }  # fmt: skip
    assert edge["inputs_words"].endswith("from the edge 17.1 mm · limit 30 mm")
    assert status["sz20"]["tasks"][0]["x_mm"] == 94.6
    assert status["sz20"]["history"][0]["status"] == "AMBER"
    assert status["tiangong"]["status"] is None
    assert status["tiangong"]["leaks"] == [leak]
    alarm = (await get(client, "alarms"))[0]
    assert (alarm["severity"], alarm["openmct_severity"]) == ("critical", "CRITICAL")
    assert (alarm["unit"], alarm["state"], alarm["late"]) == ("w1", "unacknowledged", False)


async def test_infinity_becomes_null(client):
    assert (await get(client, "report"))["tau_s"] is None


async def test_acknowledge_names_its_author(client, ground):
    ground.strike()
    answer = await client.post(
        "/api/alarms/1/acknowledge", json={"author": " Li ", "comment": "seen"}, headers=HEAD
    )
    assert answer.status_code == 200
    assert answer.json()["acknowledged_by"] == "Li"
    entry = (await get(client, "journal?limit=1"))[0]
    assert (entry["kind"], entry["author"]) == ("acknowledge", "Li")
    assert entry["data"] == {"alarm": 1, "comment": "seen"}
    again = await client.post("/api/alarms/1/acknowledge", json={"author": "Li"}, headers=HEAD)
    assert again.status_code == 409
    assert again.json() == {"error": "Alarm 1 is acknowledged already."}


async def test_a_note_stays_with_its_alarm(client, ground):
    ground.strike()
    post = {"author": "Li", "note": "photo asked for"}
    done = (await client.post("/api/alarms/1/note", json=post, headers=HEAD)).json()
    assert [(n["author"], n["note"]) for n in done["notes"]] == [("Li", "photo asked for")]
    empty = await client.post("/api/alarms/1/note", json={**post, "note": " "}, headers=HEAD)
    assert empty.status_code == 422


async def test_shelve_needs_a_reason_and_ends(client, ground):
    ground.strike()
    post = {"author": "Li", "for_s": 600}
    refused = await client.post("/api/alarms/1/shelve", json=post, headers=HEAD)
    assert refused.status_code == 422
    assert refused.json()["error"] == "Shelving needs a reason."
    done = await client.post("/api/alarms/1/shelve", json={**post, "reason": "test"}, headers=HEAD)
    assert done.json()["state"] == "shelved"
    assert done.json()["shelved_until"] is not None
    back = await client.post(
        "/api/alarms/1/shelve", json={"author": "Li", "for_s": 0}, headers=HEAD
    )
    assert back.json()["shelved_until"] is None


SEEN = {
    "author": "Chen",
    "vehicle": "sz20",
    "unit": "w1",
    "pane": "outer",
    "result": "crack",
    "length_mm": 10.0,
    "through": True,
    "note": "by eye",
}


async def test_inspection_reaches_the_ground(client, ground):
    answer = await client.post("/api/inspections", json=SEEN, headers=HEAD)
    assert answer.status_code == 201
    assert ground.inspections() == [
        Inspection(SZ20, ground.now_us, "Chen", "outer", "crack", 10.0, True, "by eye")
    ]
    assert await get(client, "inspections") == [{"time": answer.json()["time"], **SEEN}]
    assert (await get(client, "status"))[0]["status"] == "RED"


BAD_BODIES = [
    ({**SEEN, "author": "  "}, "author"),
    ({**SEEN, "pane": "left"}, "pane"),
    ({**SEEN, "length_mm": 0}, "length_mm"),
    ({**SEEN, "result": "clear"}, "length_mm"),
    ({**SEEN, "length_mm": -1}, "length_mm"),
    ({**SEEN, "size": 3}, "size"),
    ({}, "author"),
    ([], "body"),
]


@pytest.mark.parametrize(("body", "named"), BAD_BODIES)
async def test_a_bad_inspection_changes_nothing(client, ground, body, named):
    answer = await client.post("/api/inspections", json=body, headers=HEAD)
    assert answer.status_code == 422
    assert named in answer.json()["error"] or named in answer.json()["fields"]
    assert "\n" not in answer.json()["error"]
    assert ground.inspections() == []


TOO_FAR = "start and end must lie within 9e+15 ms of 1970."
BAD_PATHS = [
    ("nothing", 404, "There is no /api/nothing."),
    ("latest/sz99/w1", 404, "There is no unit sz99/w1."),
    ("history/sz20/w1/p_gap9?start=0&end=1", 404, "Housekeeping has no p_gap9."),
    ("history/sz20/w1/p_gap2?start=2&end=1", 422, "start must not be after end."),
    ("history/sz20/w1/p_gap2?start=nan&end=1", 422, "start must not be after end."),
    ("history/sz20/w1/p_gap2?start=0&end=inf", 422, TOO_FAR),
    ("history/sz20/w1/p_gap2?start=0&end=1e16", 422, TOO_FAR),
    ("history/sz20/w1/p_gap2?start=-1e308&end=1", 422, TOO_FAR),
]


@pytest.mark.parametrize(("path", "status", "sentence"), BAD_PATHS)
async def test_bad_paths_are_one_sentence(client, path, status, sentence):
    answer = await client.get(f"/api/{path}")
    assert (answer.status_code, answer.json()["error"]) == (status, sentence)


async def test_wrong_query_names_the_field(client):
    answer = await client.get("/api/history/sz20/w1/p_gap2?start=x&end=1&size=0")
    assert answer.status_code == 422
    assert answer.json()["fields"] == ["start", "size"]


async def test_wrong_method(client):
    answer = await client.post("/api/health", headers=HEAD)
    assert answer.status_code == 405
    assert answer.json() == {"error": "Method Not Allowed."}


async def test_unknown_alarm(client):
    answer = await client.post("/api/alarms/9/acknowledge", json={"author": "Li"}, headers=HEAD)
    assert answer.status_code == 404
    assert answer.json() == {"error": "There is no alarm 9."}


LONG = 4000


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        (f"/api/commands/{'7' * LONG}", 404, f"There is no command {'7' * 40}… (4001 characters)"),
        (f"/api/{'x' * LONG}", 404, f"There is no /api/{'x' * 35}… (4006 characters)"),
        (f"/api/latest/sz20/{'u' * LONG}", 404, "There is no unit sz20/uuu"),
        (f"/api/history/sz20/w1/{'p' * LONG}?start=0&end=1", 404, "Housekeeping has no ppp"),
        (f"/api/commands?limit={'9' * LONG}", 422, "limit"),
    ],
)
async def test_foreign_text_of_any_length_is_answered_in_short(client, path, status, words):
    answer = await client.get(path)
    assert answer.status_code == status
    assert len(answer.content) < 700
    assert words in answer.json()["error"]


async def test_so_are_a_long_name_and_many_faults_of_a_body(client):
    body = {"author": "Li", "comment": "", "x" * LONG: 1} | {f"wrong{k}": k for k in range(1000)}
    answer = await client.post("/api/alarms/1/acknowledge", json=body, headers=HEAD)
    assert answer.status_code == 422
    assert len(answer.json()["fields"]) == 10
    assert "and 991 more" in answer.json()["error"]
    assert len(answer.content) < 1500


async def test_a_failure_of_ours_shows_no_traceback(client, ground, monkeypatch):
    monkeypatch.setattr(ground, "alarms", lambda: 1 / 0)
    answer = await client.get("/api/alarms")
    assert answer.status_code == 500
    assert "Traceback" not in answer.text
    assert answer.json()["error"].startswith("The ground station failed")


async def test_words_that_are_no_unicode_are_refused(client, ground):
    seen = {"author": "Li", "unit": "w1", "pane": "outer", "result": "clear"}
    for name in ("vehicle", "unit", "author", "note", "\ud800"):
        body = json.dumps({"vehicle": "sz20"} | seen | {name: "\ud800"})
        answer = await client.post("/api/inspections", content=body, headers=HEAD)
        assert answer.status_code == 422, name
        assert answer.json()["error"]
    assert not ground.inspections()


async def test_a_mistake_of_ours_is_one_sentence_and_one_line(client, ground, monkeypatch, caplog):
    monkeypatch.setattr(ground, "findings", lambda: {}["x"])
    answer = await client.get("/api/findings")
    assert answer.status_code == 500
    assert "failed at this request" in answer.json()["error"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    (record,) = caplog.records
    assert record.exc_info is None
    assert re.fullmatch(
        r"/api/findings failed: KeyError: 'x' \(test_api_routes.py:\d+\)", record.getMessage()
    )


async def test_of_alarms_that_are_over_the_newest(client, ground):
    for k in range(250):
        ground.strike()
        if k:
            ground._alarms[k] = replace(ground._alarms[k], state="normal")
    listed = [a["id"] for a in await get(client, "alarms")]
    assert listed == [1, *range(250, 50, -1)]
    every = await get(client, "alarms?all=1")
    assert [a["id"] for a in every] == list(range(1, 251))
