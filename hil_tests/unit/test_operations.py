"""The real station behind the API: what the units sent is what the routes and the feed tell."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from websockets.asyncio.client import connect

from ground.alarms.book import AlarmBook
from ground.api.app import create_app
from ground.api.server import serve
from ground.archive.archive import Archive
from ground.fleet import Fleet
from ground.model import UnitKey
from ground.operations import Operations
from ground.service import Service
from ground.station import Station
from ground.stream.keys import KeyStore
from ground.verdict.assessor import Assessor
from hil_tests.sim.fake_unit import FakeUnit
from hil_tests.sim.ground_bench import T0, Bench, S
from protocol.schema.severity import Severity

HEAD = {"X-Panewatch-Token": "t"}
SZ20 = UnitKey("sz20", "w1")


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    made = Bench(tmp_path, [FakeUnit()])
    made.seconds(20)
    return made


@pytest.fixture
def service(bench: Bench) -> Service:
    return Service(bench.station, [], lambda: T0 + bench.now)


@pytest.fixture
async def client(service: Service) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(create_app(Operations(service), "t", 8420))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost:8420") as c:
        yield c


async def test_a_unit_that_was_never_heard_has_no_values(tmp_path):
    fleet = Fleet.from_dict(
        {"vehicle": [{"id": "sz20", "role": "return", "window": [{"id": "w1"}]}]}
    )
    station = Station(Archive(tmp_path / "a.sqlite"), fleet, Assessor, KeyStore(tmp_path))
    operations = Operations(Service(station, [], lambda: T0))
    assert [u.state for u in operations.units()] == ["never"]
    assert operations.latest(SZ20) == {}


async def test_units_fleet_and_history(client, bench):
    (unit,) = (await client.get("/api/units")).json()
    assert (unit["vehicle"], unit["unit"], unit["state"]) == ("sz20", "w1", "live")
    assert unit["packets"] == len(bench.units[0].made)
    assert (unit["missing"], unit["lost"]) == (0, 0)
    fleet = (await client.get("/api/fleet")).json()["vehicles"]
    assert [(v["id"], v["role"]) for v in fleet] == [("sz20", "unknown")]  # nobody configured it
    path = "/api/history/sz20/w1/p_gap2?start=0&end=9e15"
    answer = (await client.get(path)).json()
    assert [p["value"] for p in answer["points"]] == [101_000.0] * 20
    assert answer["dropped_by_retention"] == []
    health = (await client.get("/api/health")).json()
    assert health["ok"] is True
    assert health["packets"] == unit["packets"]


async def test_live_samples_equal_history_field_for_field(service, bench):
    operations = Operations(service)
    samples = []
    operations.subscribe(lambda new, _: samples.extend(new))
    bench.units[0].now = bench.now
    bench.deliver(bench.units[0], [bench.units[0].housekeeping(99_999.9)])
    service.commit()
    (sample,) = samples
    history = operations.newest(SZ20, "p_gap2", sample.utc_us, sample.utc_us, 10)
    assert history == [(sample.utc_us, sample.values["p_gap2"])]
    temperature = operations.newest(SZ20, "t_outer", sample.utc_us, sample.utc_us, 10)
    assert temperature == [(sample.utc_us, sample.values["t_outer"])]


async def test_the_feed_tells_a_silence_of_the_real_station(service, bench):
    async with (
        serve(create_app(Operations(service), "t")) as url,
        connect(f"{url.replace('http', 'ws')}/api/live") as socket,
        asyncio.timeout(5),
    ):
        bench.now += 10 * S
        bench.station.tick(T0 + bench.now)
        service.commit()
        message = {"stale": False}
        while not message.get("stale"):
            message = json.loads(await socket.recv())
    assert message["unit"] == "sz20/w1"


async def test_an_inspection_is_on_disk_before_the_answer(client, bench):
    body = {"author": "Chen", "vehicle": "sz20", "unit": "w1", "pane": "outer"}
    body |= {"result": "crack", "length_mm": 10.0}
    answer = await client.post("/api/inspections", json=body, headers=HEAD)
    assert answer.status_code == 201
    bench.kill()
    bench.open()
    (seen,) = bench.station.inspections
    assert (seen.author, seen.pane, seen.length_mm) == ("Chen", "outer", 10.0)


async def test_alarms_of_the_real_book(client, service, bench, monkeypatch):
    book = AlarmBook()
    alarm = book.rise(
        "strike", Severity.CRITICAL, "Impact", vehicle="sz20", unit=SZ20,
        time_us=T0, now_us=T0, latching=True,
    )  # fmt: skip
    assessor = bench.assessor
    monkeypatch.setattr(type(assessor), "alarms", property(lambda _: book.alarms), raising=False)
    monkeypatch.setattr(assessor, "acknowledge", book.acknowledge)
    monkeypatch.setattr(assessor, "shelve", book.shelve)
    url = f"/api/alarms/{alarm.id}"
    body = {"author": "Li", "reason": "known", "for_s": 60}
    shelved = (await client.post(f"{url}/shelve", json=body, headers=HEAD)).json()
    assert (shelved["state"], shelved["shelve_reason"]) == ("shelved", "known")
    back = await client.post(f"{url}/shelve", json={**body, "for_s": 0}, headers=HEAD)
    assert back.json()["state"] == "unacknowledged"
    done = await client.post(f"{url}/acknowledge", json={"author": "Li"}, headers=HEAD)
    assert done.json()["acknowledged_by"] == "Li"
    again = await client.post(f"{url}/acknowledge", json={"author": "Li"}, headers=HEAD)
    assert (again.status_code, again.json()) == (409, {"error": "Alarm 1: is over."})
    rows = [(r.kind, r.author) for r in bench.station.archive.journal(10) if r.author == "Li"]
    assert rows == [("acknowledge", "Li"), ("shelve", "Li"), ("shelve", "Li")]
