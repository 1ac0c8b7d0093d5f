"""Limits changed while the ground runs, and tried on what it has recorded."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from ground.api.app import create_app
from ground.archive.archive import Archive
from ground.fleet import Fleet
from ground.operations import Operations
from ground.service import Service
from ground.station import Station
from ground.verdict.assessor import Assessor
from hil_tests.sim.fake_unit import FakeUnit
from hil_tests.sim.ground_bench import T0, Bench
from tools.cli.main import main

FLEET = Fleet.from_dict({"vehicle": [{"id": "sz20", "role": "return", "window": [{"id": "w1"}]}]})
TIGHTER = {"p_gap2": {"free_flight": {"low": {"warning": 100_900.0}}}}


class RealBench(Bench):
    def open(self) -> None:
        self.station = Station(Archive(self.path), FLEET, Assessor, self.keys)
        self.station.start(T0 + self.now)
        self.commit()

    def limit_alarms(self) -> list[tuple[str, str]]:
        alarms = self.station.assessor.alarms
        return [(a.what, a.state) for a in alarms if a.key.startswith("limit:")]


@pytest.fixture
def bench(tmp_path: Path):
    unit = FakeUnit()
    made = RealBench(tmp_path, [unit])
    unit_housekeeping = unit.housekeeping
    unit.housekeeping = lambda: unit_housekeeping(100_500.0)
    made.seconds(5)
    yield made
    made.kill()


@pytest.fixture
async def client(bench: RealBench):
    service = Service(bench.station, [], lambda: T0 + bench.now)
    transport = httpx.ASGITransport(create_app(Operations(service), "t", 8420))
    head = {"X-Panewatch-Token": "t"}
    async with httpx.AsyncClient(
        transport=transport, base_url="http://localhost:8420", headers=head
    ) as c:
        yield c


async def test_a_change_holds_is_audited_and_outlives_a_restart(bench, client) -> None:
    before = (await client.get("/api/limits")).json()
    assert before["contexts"] == {"sz20": "free_flight"}
    body = {"author": "ana", "reason": "before undocking", "limits": TIGHTER}
    after = (await client.post("/api/limits", json=body)).json()
    assert after["version"] != before["version"]
    assert after["within"]["sz20"]["p_gap2"]["low"] == {"warning": 100_900.0}
    bench.seconds(4)
    assert [state for _, state in bench.limit_alarms()] == ["unacknowledged"]
    entry = next(j for j in (await client.get("/api/journal")).json() if j["kind"] == "limits")
    assert (entry["author"], entry["data"]["reason"]) == ("ana", "before undocking")
    assert entry["data"]["version"] == after["version"]
    alarms = bench.limit_alarms()
    bench.kill()
    bench.open()
    assert bench.station.assessor.limits.version == after["version"]
    assert bench.limit_alarms() == alarms


async def test_another_context_has_other_limits(bench, client) -> None:
    body = {"author": "ana", "reason": "free flight", "limits": TIGHTER}
    await client.post("/api/limits", json=body)
    bench.seconds(4)
    told = await client.post(
        "/api/contexts", json={"author": "ana", "vehicle": "sz20", "context": "docked"}
    )
    assert "p_gap2" not in told.json()["within"]["sz20"]
    bench.seconds(2)
    assert [state for _, state in bench.limit_alarms()] == ["returned"]


@pytest.mark.parametrize(
    ("path", "body", "words"),
    [
        ("limits", {"reason": "x", "limits": {"p_gap9": {}}}, "did you mean"),
        ("limits", {"reason": " ", "limits": {}}, "reason"),
        ("contexts", {"vehicle": "sz99", "context": "docked"}, "no vehicle sz99"),
        ("contexts", {"vehicle": "sz20", "context": "landed"}, "context"),
    ],
)
async def test_what_cannot_hold_changes_nothing(bench, client, path, body, words) -> None:
    version = bench.station.assessor.limits.version
    answer = await client.post(f"/api/{path}", json={"author": "ana", **body})
    assert answer.status_code in (404, 422)
    assert words in answer.text
    assert bench.station.assessor.limits.version == version


def test_what_would_have_come_and_gone(bench, tmp_path, capsys) -> None:
    bench.seconds(5)
    bench.station.stop(T0 + bench.now)
    bench.kill()
    proposed = tmp_path / "limits.toml"
    proposed.write_text("[p_gap2.any]\nlow = { watch = 100600.0 }\npersistence = 2\n")
    tried = ["limits", "try", str(proposed), "--archive", str(bench.path)]
    assert main([*tried, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["go"], told["stay"]) == ([], [])
    assert [alarm["unit"] for alarm in told["come"]] == ["sz20/w1"]
    assert told["come"][0]["what"] == "p_gap2 went below 101 kPa (100 kPa)"
    setting = ["--archive", str(bench.path), "--author", "ana", "--reason", "tried"]
    assert main(["limits", "set", str(proposed), *setting]) == 0
    assert "p_gap2     any          < 100600 watch, for 2 samples" in capsys.readouterr().out
    with closing(Archive(bench.path, write=False)) as archive:
        *_, entry = archive.journal()
    assert (entry.kind, entry.author, entry.time_us) == ("limits", "ana", T0 + bench.now)
    assert entry.data["set_utc"] > "2026", "when it was really done"
    assert main(tried) == 0
    assert "come: 1" in capsys.readouterr().out, "what was recorded had other limits"
    assert main(["limits", "show", "--archive", str(bench.path)]) == 0
    assert "< 100600 watch" in capsys.readouterr().out
    bench.open()


def test_an_alarm_that_would_reach_another_level_is_told(tmp_path, capsys) -> None:
    """p_gap2 falls through 95, 80 and 50 kPa; other limits have one level only, at 95 kPa."""
    unit = FakeUnit()
    made, falling = unit.housekeeping, iter(range(100_000, 30_000, -5_000))
    unit.housekeeping = lambda: made(float(next(falling, 40_000)))
    bench = RealBench(tmp_path, [unit])
    bench.seconds(25)
    bench.station.stop(T0 + bench.now)
    bench.kill()
    for level in ("watch", "severe"):
        proposed = tmp_path / f"{level}.toml"
        proposed.write_text(f"[p_gap2.any]\nlow = {{ {level} = 95000.0 }}\n")
        tried = ["limits", "try", str(proposed), "--archive", str(bench.path)]
        assert main([*tried, "--json"]) == 0
        told = json.loads(capsys.readouterr().out)
        assert [len(told[name]) for name in ("come", "go", "stay")] == [0, 0, 0]
        assert [(a["level"], a["was"]) for a in told["change"]] == [(level, "critical")]
        assert main(tried) == 0
        out, err = capsys.readouterr()
        assert f"would be {level.upper()} instead of CRITICAL" in out
        assert err == ""
    assert main(["limits", "try", str(same(tmp_path)), "--archive", str(bench.path)]) == 0
    out, err = capsys.readouterr()
    assert "stay: 1" in out
    assert ", at most CRITICAL" in out
    assert "no alarm would come or go or reach another level" in err


def same(folder: Path) -> Path:
    """The dictionary's own limits."""
    path = folder / "same.toml"
    path.write_text(
        "[p_gap2.any]\nlow = { watch = 95000.0, warning = 80000.0, critical = 50000.0 }\n"
    )
    return path


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("[p_gap2.any\n", "no valid TOML"),
        ("[p_gap2.any]\nlow = 3\n", "limits.p_gap2.any.low"),
        (None, "No such file"),
    ],
)
def test_a_file_that_cannot_hold_is_one_line(bench, tmp_path, capsys, content, words) -> None:
    bench.commit()
    proposed = tmp_path / "limits.toml"
    if content is not None:
        proposed.write_text(content)
    assert main(["limits", "try", str(proposed), "--archive", str(bench.path)]) == 2
    told = capsys.readouterr().err
    assert words in told
    assert told.startswith(f"panewatch: {proposed}: "), "the archive is good"
    assert told.count("\n") == 1


def test_a_running_station_is_not_written_behind_its_back(bench, tmp_path, capsys) -> None:
    proposed = tmp_path / "limits.toml"
    proposed.write_text("")
    setting = ["--archive", str(bench.path), "--author", "ana", "--reason", "x"]
    assert main(["limits", "set", str(proposed), *setting]) == 2
    assert "POST /api/limits" in capsys.readouterr().err
