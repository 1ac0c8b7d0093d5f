"""Several alarms acknowledged in one action, on the real station: nothing graver goes unseen."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ground.api.app import create_app
from ground.api.server import serve
from ground.client import Client, ClientError
from hil_tests.sim.command_bench import CommandBench
from protocol.schema.severity import Severity


@pytest.fixture
def bench(tmp_path: Path) -> CommandBench:
    made = CommandBench(tmp_path)
    for k in range(3):
        made.station.notice(f"n{k}", f"notice {k}")
    return made


@pytest.fixture
async def address(bench: CommandBench) -> AsyncIterator[str]:
    async with serve(create_app(bench.ground, "t")) as url:
        yield url


async def ask(address: str, call):
    return await asyncio.to_thread(call, Client(address, "t"))


async def waiting(address: str) -> list[dict]:
    alarms = await ask(address, lambda c: c.alarms())
    return [a for a in alarms if a["what"].startswith("notice")]


async def test_each_has_its_journal_entry_and_survives_a_restart(address, bench):
    shown = await waiting(address)
    done = await ask(address, lambda c: c.acknowledge_seen(shown, "Li", "all one cause"))
    assert sorted(done["acknowledged"]) == sorted(a["id"] for a in shown)
    assert done["left"] == []
    rows = [r for r in bench.station.archive.journal(20) if r.kind == "acknowledge"]
    assert {(r.author, r.data["comment"]) for r in rows} == {("Li", "all one cause")}
    assert {r.data["alarm"] for r in rows} == {a["id"] for a in shown}
    bench.kill()
    bench.open()
    states = {a.id: a.state for a in bench.station.assessor.alarms}
    assert {states[a["id"]] for a in shown} == {"acknowledged"}


async def test_what_grew_worse_or_was_dealt_with_meanwhile_is_left(address, bench):
    shown = await waiting(address)
    data = {"key": "n2", "severity": int(Severity.CRITICAL), "words": "notice 2, far worse"}
    bench.station.act("notice", "ground", data | {"active": True, "unit": None})
    (worse,) = [a for a in shown if a["what"] == "notice 2"]
    shelved, seen = [a for a in shown if a is not worse]
    bench.station.shelve(shelved["id"], "Bo", "known", bench.now_us + 60_000_000)
    done = await ask(address, lambda c: c.acknowledge_seen(shown, "Li"))
    assert done["acknowledged"] == [seen["id"]]
    left = {one["alarm"]: one["reason"] for one in done["left"]}
    assert left == {
        worse["id"]: "is critical now, and was warning when it was shown",
        shelved["id"]: "is shelved",
    }
    states = {a.id: a.state for a in bench.station.assessor.alarms}
    assert (states[worse["id"]], states[shelved["id"]]) == ("unacknowledged", "shelved")
    again = await ask(address, lambda c: c.acknowledge_seen([seen], "Bo"))
    assert again["left"] == [{"alarm": seen["id"], "reason": "is acknowledged by Li"}]


@pytest.mark.parametrize(
    ("alarms", "words"),
    [
        ([], "alarms"),
        ([{"id": 1, "severity": "normal"}], "severity"),
        ([{"id": 1, "severity": "watch"}] * 2, "Name each alarm once."),
        ([{"id": k, "severity": "watch"} for k in range(1, 502)], "alarms"),
    ],
    ids=["none", "no severity", "twice", "too many"],
)
async def test_what_cannot_be_is_refused(address, bench, alarms, words):
    with pytest.raises(ClientError, match=words) as refused:
        await ask(address, lambda c: c.acknowledge_seen(alarms, "Li"))
    assert refused.value.status == 422
    assert all(r.kind != "acknowledge" for r in bench.station.archive.journal(20))


async def test_one_that_is_not_there_is_told(address):
    told = await ask(address, lambda c: c.acknowledge_seen([{"id": 99, "severity": "watch"}], "Li"))
    assert told == {
        "acknowledged": [], "left": [{"alarm": 99, "reason": "there is no such alarm"}],
    }  # fmt: skip
