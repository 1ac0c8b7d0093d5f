"""What is replayed is never mistaken for what happens: a space of its own, marked everywhere."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from math import inf
from pathlib import Path

import httpx
import pytest

from ground.api.app import create_app
from ground.api.source import Refused
from ground.archive.archive import Archive
from ground.operations import Operations
from ground.playback import Playback
from ground.rebuild import fold
from ground.service import Service
from ground.station import Station
from ground.verdict.assessor import Assessor
from hil_tests.sim.evidence_bench import FLEET, SZ20, S, Story
from hil_tests.unit.orbit import T0_US
from tools.cli.main import main

NAME = "records/archive.sqlite"


def asking(service: Service) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(create_app(Operations(service), "t", 8420))
    head = {"X-Panewatch-Token": "t"}
    return httpx.AsyncClient(transport=transport, base_url="http://localhost:8420", headers=head)


@asynccontextmanager
async def replayed(archive: Archive) -> AsyncIterator[Playback]:
    """The recording played to its end as fast as it goes."""
    station = Station(Archive(), FLEET, Assessor)
    ended = asyncio.Event()
    playback = Playback(station, NAME, fold(station, archive), inf)
    playback.subscribe(lambda _: ended.set() if playback.ended else None)
    task = asyncio.create_task(playback.run())
    await asyncio.wait_for(ended.wait(), 60)
    yield playback
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
def story(tmp_path: Path):
    made = Story(tmp_path / "archive.sqlite")
    made.seconds(5)
    made.hear(made.strike())
    made.seconds(2)
    yield made
    made.close()


async def test_a_replay_beside_the_live_station_of_its_archive(story: Story) -> None:
    live = Service(story.station, [], lambda: T0_US + story.now * S)
    before = list(story.station.assessor.alarms)
    archive = Archive(story.path, write=False)
    held = list(archive.entries())
    async with replayed(archive) as playback, asking(playback) as replay, asking(live) as ours:
        theirs = (await replay.get("/api/alarms?all=1")).json()
        assert [a["what"] for a in theirs] == [a.what for a in before]
        assert {a["replay"] for a in theirs} == {NAME}
        seen = (await replay.post(f"/api/alarms/{theirs[0]['id']}/acknowledge",
            json={"author": "ana", "comment": "in the replay"})).json()  # fmt: skip
        assert (seen["acknowledged_by"], seen["replay"]) == ("ana", NAME)
        assert {a["replay"] for a in (await ours.get("/api/alarms?all=1")).json()} == {None}
    assert list(story.station.assessor.alarms) == before, "nobody has seen the live one"
    assert list(archive.entries()) == held
    archive.close()


async def test_it_is_marked_wherever_it_is_read(story: Story) -> None:
    archive = Archive(story.path, write=False)
    async with replayed(archive) as playback, asking(playback) as client:
        assert (await client.get("/api/health")).json()["replay"] == NAME
        assert (await client.get("/api/report")).json()["replay"] == NAME
        assert "panewatch_replay 1\n" in (await client.get("/api/metrics")).text
        ((name, state, _),) = playback.links_told()
        assert (name, state) == (NAME, "ended")
    archive.close()
    live = Service(story.station, [], lambda: T0_US + story.now * S)
    async with asking(live) as client:
        assert (await client.get("/api/health")).json()["replay"] is None
        assert "replay" not in (await client.get("/api/report")).json()
        assert "panewatch_replay 0\n" in (await client.get("/api/metrics")).text


async def test_nothing_is_commanded_and_no_evidence_taken_from_it(story: Story) -> None:
    archive = Archive(story.path, write=False)
    async with replayed(archive) as playback:
        ground = Operations(playback)
        with pytest.raises(Refused, match=f"replay of {NAME}"):
            ground.order(SZ20, "alive", {}, "ana", 60.0)
        with pytest.raises(Refused, match="the recording itself"):
            await ground.evidence(1, "now")
        assert playback.station.archive.path is None
    archive.close()


@pytest.mark.parametrize("speed", ["0", "1001", "maximal", "inf", "nan"])
def test_a_pace_is_a_number_or_max(speed: str, tmp_path: Path, capsys) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["replay", str(tmp_path / "x"), "--speed", speed])
    assert ended.value.code == 2
    assert "is no speed" in capsys.readouterr().err
