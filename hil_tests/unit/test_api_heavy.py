"""Long answers hold up neither the event loop nor each other without end."""

from __future__ import annotations

import asyncio
import json
import threading

import httpx
import pytest

from ground.api.app import create_app
from ground.api.errors import ApiError
from ground.api.heavy import WAITING_MAX, Heavy
from hil_tests.e2e.demo_ground import DemoGround

PORT = 8420


class Work:
    """Makes answers that wait until they may be finished; notes where and how many at a time."""

    def __init__(self) -> None:
        self.taken = 0
        self.at_once = self.most = 0
        self.threads: set[int] = set()
        self.go = threading.Event()

    def take(self):
        self.taken += 1
        number = self.taken

        def make() -> list[int]:
            self.threads.add(threading.get_ident())
            self.at_once += 1
            self.most = max(self.most, self.at_once)
            self.go.wait(20)
            self.at_once -= 1
            return [number]

        return make


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_one_at_a_time_beside_the_loop_and_shared_by_who_waits():
    heavy, work = Heavy(), Work()
    first = asyncio.create_task(heavy.answer(("a", 0), work.take))
    await settle()
    others = [asyncio.create_task(heavy.answer(("a", 0), work.take)) for _ in range(10)]
    await settle()  # the loop goes on while the first is being made
    assert work.taken == 1
    work.go.set()
    assert json.loads((await first).body) == [1]
    assert {(await one).body for one in others} == {b"[2]"}  # begun after they had asked
    assert (work.taken, work.most) == (2, 1)
    assert threading.get_ident() not in work.threads


async def test_who_leaves_takes_the_answer_from_nobody():
    heavy, work = Heavy(), Work()
    tasks = [asyncio.create_task(heavy.answer(("a", 0), work.take)) for _ in range(2)]
    await settle()
    tasks[0].cancel()
    work.go.set()
    assert (await tasks[1]).body in (b"[1]", b"[2]")


async def test_so_many_different_ones_may_wait():
    heavy, work = Heavy(), Work()
    tasks = [asyncio.create_task(heavy.answer(("a", 0), work.take))]
    await settle()
    tasks += [asyncio.create_task(heavy.answer(("a", k), work.take)) for k in range(WAITING_MAX)]
    await settle()
    with pytest.raises(ApiError) as refused:
        await heavy.answer(("a", 99), work.take)
    assert refused.value.status == 503
    assert int(refused.value.headers["Retry-After"]) > 0
    tasks.append(asyncio.create_task(heavy.answer(("b", 0), work.take)))  # of another kind
    work.go.set()
    await asyncio.gather(*tasks)
    assert work.most == 1


@pytest.mark.parametrize(
    "path", ["alarms?all=1", "alarms", "impacts?all=1", "findings?all=1", "journal", "report"]
)
async def test_the_long_routes_are_made_so(path, monkeypatch):
    made: list[int] = []
    whole = asyncio.to_thread

    async def noting(function, *given):
        made.append(1)
        return await whole(function, *given)

    monkeypatch.setattr(asyncio, "to_thread", noting)
    ground = DemoGround(seconds=3)
    ground.strike()
    transport = httpx.ASGITransport(create_app(ground, "right", PORT))
    async with httpx.AsyncClient(transport=transport, base_url=f"http://127.0.0.1:{PORT}") as c:
        answer = await c.get(f"/api/{path}")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() or path == "journal"
    assert made == [1]
