"""The live feed: every topic at once, then what changes; slow clients go."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress

import pytest
from starlette.websockets import WebSocketState
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from ground.api import live
from ground.api.app import create_app
from ground.api.server import serve
from ground.api.source import Sample
from hil_tests.e2e.demo_ground import SZ20, SZ21, DemoGround


@pytest.fixture
def ground() -> DemoGround:
    return DemoGround(seconds=3)


@pytest.fixture
async def address(ground):
    async with serve(create_app(ground, "right")) as url:
        yield url.replace("http", "ws") + "/api/live"


async def until(socket, wanted) -> dict:
    """The first message that `wanted` accepts."""
    async with asyncio.timeout(5):
        while True:
            message = json.loads(await socket.recv())
            if wanted(message):
                return message


async def test_all_topics_at_once(address):
    async with connect(address) as socket:
        seen = {json.loads(await asyncio.wait_for(socket.recv(), 5))["type"] for _ in range(6)}
    assert seen == {"units", "status", "impacts", "leaks", "findings", "alarms"}


async def test_samples_equal_history(address, ground):
    async with connect(address) as socket:
        await until(socket, lambda m: m["type"] == "alarms")
        ground.second()
        message = await until(socket, lambda m: m["type"] == "data" and m["unit"] == "sz20/w1")
    time_us, value = ground.history(("sz20", "w1"), "p_gap2", 0, 10**17)[-1]
    assert (message["utc"], message["values"]["p_gap2"]) == (time_us / 1000, value)
    assert message["late"] is False


async def test_a_change_comes_and_no_change_stays_quiet(address, ground):
    async with connect(address) as socket:
        await until(socket, lambda m: m["type"] == "alarms")
        ground.strike()
        alarms = await until(socket, lambda m: m["type"] == "alarms")
        assert alarms["data"][0]["severity"] == "critical"
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(2 * live.IDLE_S):
                await until(socket, lambda m: m["type"] == "alarms")


async def test_staleness_and_late_data(address, ground):
    async with connect(address) as socket:
        await until(socket, lambda m: m["type"] == "alarms")
        ground.silence(SZ21)
        told = await until(socket, lambda m: m["type"] == "stale" and m["stale"])
        assert told["unit"] == "sz21/w1"
        ground.second()
        ground.recover(SZ21)
        late = await until(socket, lambda m: m["type"] == "data" and m["late"])
        assert late["unit"] == "sz21/w1"
        back = await until(socket, lambda m: m["type"] == "stale")
        assert (back["unit"], back["stale"]) == ("sz21/w1", False)


async def test_a_slow_client_is_dropped_and_others_go_on(address, ground, monkeypatch):
    monkeypatch.setattr(live, "QUEUE_MAX", 20)
    slow = await connect(address, max_queue=1)
    slow.transport.pause_reading()
    (on_commit,) = ground._listeners
    hub = on_commit.__self__
    wide = Sample(SZ20, 0, False, {f"p{i}": 1.5 for i in range(5000)})
    async with connect(address, max_size=None) as quick, asyncio.timeout(20):
        await until(quick, lambda m: m["type"] == "alarms")
        assert len(hub._clients) == 2
        while len(hub._clients) == 2:
            on_commit([wide])
            await until(quick, lambda m: m["type"] == "data")
        ground.strike()
        await until(quick, lambda m: m["type"] == "alarms" and m["data"])
    slow.transport.abort()


async def test_a_client_that_lags_is_told_so():
    """The close code says that it may come back."""

    class Socket:
        client_state = WebSocketState.CONNECTED
        closed: tuple[int, str] | None = None

        async def send_text(self, _):
            await asyncio.Event().wait()

        async def receive_text(self):
            await asyncio.Event().wait()

        async def close(self, code, reason):
            self.closed = (code, reason)

    socket = Socket()
    client = live.Client(socket)
    serving = asyncio.create_task(client.serve())
    for _ in range(live.QUEUE_MAX + 2):
        client.offer("{}")
        await asyncio.sleep(0)
    await asyncio.wait_for(serving, 5)
    assert socket.closed == (live.SLOW, "too slow: connect again")


async def test_a_failing_topic_does_not_end_the_feed(address, ground, monkeypatch):
    async with connect(address) as socket:
        await until(socket, lambda m: m["type"] == "alarms")
        with monkeypatch.context() as patch:
            patch.setattr(ground, "findings", lambda: 1 / 0)
            ground.strike()
            await asyncio.sleep(2 * live.REFRESH_S)
        ground.leak()
        leaks = await until(socket, lambda m: m["type"] == "leaks")
        assert leaks["data"][0]["volume"] == "gap2"


async def test_one_console_too_many_is_told_so(address, monkeypatch):
    monkeypatch.setattr(live, "CLIENTS_MAX", 2)
    async with connect(address) as first, connect(address) as second:
        for socket in (first, second):
            await until(socket, lambda m: m["type"] == "alarms")
        async with connect(address) as third:
            await third.wait_closed()
            assert third.close_code == live.SLOW
            assert third.close_reason == "2 consoles are open: close one"
        await second.close()
        async with asyncio.timeout(5):
            while True:
                async with connect(address) as socket:
                    with suppress(ConnectionClosed):
                        await until(socket, lambda m: m["type"] == "alarms")
                        break
