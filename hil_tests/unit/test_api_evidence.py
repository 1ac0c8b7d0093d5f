"""Evidence is costly: one bundle at a time, addresses in turn, and none for who has left."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from ground.api.app import create_app
from ground.api.routes import evidence
from ground.api.server import serve
from hil_tests.e2e.demo_ground import DemoGround

PORT = 8420
PATH = "/api/evidence/1"


class SlowGround(DemoGround):
    """Makes a bundle when told to."""

    def __init__(self) -> None:
        super().__init__(seconds=3)
        self.strike()
        self.begun: asyncio.Queue[int] = asyncio.Queue()
        self.ended = asyncio.Event()
        self.go = asyncio.Semaphore(0)
        self.at_once = self.most = 0

    async def evidence(self, alarm: int, when: str) -> bytes:
        self.at_once += 1
        self.most = max(self.most, self.at_once)
        self.begun.put_nowait(alarm)
        try:
            await self.go.acquire()
            return b"bundle"
        finally:
            self.at_once -= 1
            self.ended.set()


@pytest.fixture
def ground() -> SlowGround:
    return SlowGround()


async def test_one_bundle_at_a_time_and_another_address_is_not_kept_out(ground):
    app = create_app(ground, "right", PORT)

    async def ask(address: str) -> httpx.Response:
        transport = httpx.ASGITransport(app, client=(address, 1))
        base = f"http://127.0.0.1:{PORT}"
        async with httpx.AsyncClient(transport=transport, base_url=base, timeout=30) as client:
            return await client.get(PATH)

    crowd = [asyncio.create_task(ask("192.0.2.1")) for _ in range(8)]
    await asyncio.wait_for(ground.begun.get(), 10)
    refused = 8 - 1 - evidence.WAITING_MAX
    early: set[asyncio.Task[httpx.Response]] = set()
    async with asyncio.timeout(10):
        while len(early) < refused:
            early, _ = await asyncio.wait(crowd, return_when=asyncio.FIRST_COMPLETED)
            await asyncio.sleep(0)
    assert {t.result().status_code for t in early} == {429}
    assert all(int(t.result().headers["retry-after"]) > 0 for t in early)
    other = asyncio.create_task(ask("192.0.2.2"))
    staying = [task for task in crowd if task not in early]
    made_room, _ = await asyncio.wait(staying, timeout=10, return_when=asyncio.FIRST_COMPLETED)
    assert len(made_room) == 1
    for _ in range(3):  # the one that runs, one of the crowd, then the other
        ground.go.release()
    async with asyncio.timeout(10):
        assert (await other).content == b"bundle"
    for _ in crowd:
        ground.go.release()
    answers = await asyncio.wait_for(asyncio.gather(*crowd), 10)
    assert [a.status_code for a in answers].count(200) == evidence.WAITING_MAX
    assert ground.most == 1


async def test_no_bundle_is_made_for_who_has_left(ground):
    async with serve(create_app(ground, "right")) as url, asyncio.timeout(20):
        host, port = url.removeprefix("http://").split(":")
        _, writer = await asyncio.open_connection(host, int(port))
        writer.write(f"GET {PATH} HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n".encode())
        await ground.begun.get()
        writer.close()
        await ground.ended.wait()
        ground.go.release()
        async with httpx.AsyncClient() as client:
            assert (await client.get(f"{url}{PATH}")).content == b"bundle"
