"""The live feed: every topic at once, then what changes; slow clients go."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from dataclasses import replace

import pytest
from starlette.datastructures import Address
from starlette.websockets import WebSocketDisconnect, WebSocketState
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from ground.api import alarm_views, bounded_views, live
from ground.api.app import create_app
from ground.api.server import serve
from ground.api.source import Sample
from ground.api.topics import Topics, as_text, topic
from hil_tests.e2e import demo_story as story
from hil_tests.e2e.demo_ground import SZ20, SZ21, DemoGround
from protocol.schema.severity import Severity


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


async def test_the_text_of_topics_follows_what_changes(ground):
    topics = Topics(ground)

    def acknowledge() -> None:
        ground.acknowledge(ground.alarms()[-1].id, "ada", "seen")

    for change in (ground.second, ground.strike, acknowledge, ground.strike):
        change()
        for name in live.TOPICS:
            assert json.loads(topics.text(name)) == json.loads(as_text(topic(ground, name)))


async def test_samples_equal_history(address, ground):
    async with connect(address) as socket:
        await until(socket, lambda m: m["type"] == "alarms")
        ground.second()
        message = await until(socket, lambda m: m["type"] == "data" and m["unit"] == "sz20/w1")
    time_us, value = ground.newest(("sz20", "w1"), "p_gap2", 0, 10**17, 1)[-1]
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


async def test_a_new_alarm_comes_by_itself_before_any_list(address, ground, monkeypatch):
    async with connect(address) as socket:
        await until(socket, lambda m: m["type"] == "alarms")
        ground.strike()
        await until(socket, lambda m: m["type"] == "alarms" and m["data"])  # both are idle now
        (on_commit,) = ground._listeners
        hub = on_commit.__self__
        monkeypatch.setattr(hub, "_look", lambda name: None)  # the lists never come
        ground.leak()
        told = await until(socket, lambda m: m["type"] not in ("data", *live.TOPICS))
        assert (told["type"], told["data"]["severity"]) == ("alarm", "distress")
        ground.acknowledge(told["data"]["id"], "ana", "seen")
        told = await until(socket, lambda m: m["type"] == "alarm")
        assert told["data"]["acknowledged_by"] == "ana"


def flood(ground: DemoGround, count: int) -> None:
    """So many watches without a commit."""
    for _ in range(count):
        ground._raise("flood", SZ20, Severity.WATCH, "flood", ground.now_us)


async def test_of_a_flood_the_gravest_comes_first_then_a_bounded_list(address, ground):
    async with connect(address, max_size=None) as socket:
        await until(socket, lambda m: m["type"] == "counts")
        flood(ground, 400)
        ground._raise("grave", SZ20, Severity.CRITICAL, "grave", ground.now_us)
        flood(ground, 400)
        ground.leak()  # commits all of it
        told = []
        while not told or told[-1]["type"] != "counts":
            told.append(await until(socket, lambda m: m["type"] in ("alarm", "alarms", "counts")))
    singles = [m["data"]["severity"] for m in told if m["type"] == "alarm"]
    assert singles[:3] == ["critical", "distress", "watch"]
    assert len(singles) == live.ALARMS_MAX
    (listed,) = [m["data"] for m in told if m["type"] == "alarms"]
    assert len(listed) == alarm_views.OPEN_MAX
    assert [a["severity"] for a in listed[:3]] == ["critical", "distress", "watch"]
    counts = told[-1]["data"]
    assert counts["alarms"] == {
        "open": 802, "unacknowledged": 802, "shelved": 0,
        "by_severity": {"watch": 800, "critical": 1, "distress": 1},
    }  # fmt: skip
    assert (counts["flood"]["active"], counts["flood"]["alarms"]) == (True, 802)


async def test_a_graver_alarm_passes_a_flood_between_two_lists(ground):
    """Of one severity only so many go out one by one until the list is told again."""
    hub = live.Hub(ground)
    for _ in range(20):
        flood(ground, 5)
        hub._tell_alarms()
    ground._raise("grave", SZ20, Severity.CRITICAL, "grave", ground.now_us)
    flood(ground, 5)
    hub._tell_alarms()
    told = [json.loads(text) for _, text in hub._kept]
    assert len(told) == live.ALARMS_MAX + 1
    assert told[-1]["data"]["severity"] == "critical"
    hub._refresh()
    hub._kept.clear()
    flood(ground, 1)
    hub._tell_alarms()
    assert len(hub._kept) == 1


async def test_a_flood_of_impacts_is_told_in_part_with_its_number(ground):
    for _ in range(300):
        ground.strike()
    told = topic(ground, "impacts")
    assert len(told) == len(topic(ground, "findings")) == 2 * bounded_views.HALF
    counts = topic(ground, "counts")
    assert counts["impacts"] == counts["findings"] == {"sz20/w1": 300}


def test_of_many_impacts_the_gravest_and_the_newest_stay():
    small = story.impact(SZ20, 0, 0, late=False)
    every = [replace(small, time_us=k, diameter_mm=(0.01, 0.02)) for k in range(900)]
    every[7] = replace(small, time_us=7, diameter_mm=(0.4, 0.6))
    every[8] = replace(small, time_us=8, diameter_mm=(0.1, None))
    kept = [i.time_us for i in bounded_views.impacts(every)]
    assert kept[:2] == [7, 8]
    assert kept[-bounded_views.HALF :] == list(range(900 - bounded_views.HALF, 900))
    assert kept == sorted(kept)
    assert len(kept) == 2 * bounded_views.HALF


def test_of_many_findings_breaches_stay():
    strike = story.strike(story.impact(SZ20, 0, 0, late=False))
    every = [replace(strike, time_us=k) for k in range(900)]
    every[7] = replace(strike, time_us=7, verdict="breach")
    kept = [f.time_us for f in bounded_views.findings(every)]
    assert kept[0] == 7
    assert kept == sorted(kept)
    assert len(kept) == 2 * bounded_views.HALF


async def test_of_many_samples_at_once_some_are_told(address, ground):
    async with connect(address) as socket:
        await until(socket, lambda m: m["type"] == "alarms")
        (on_commit,) = ground._listeners
        many = 10 * live.QUEUE_MAX
        on_commit([Sample(SZ20, k, False, {}) for k in range(many)], ())
        on_commit([Sample(SZ21, 1, False, {})], ())
        told = []
        while not told or told[-1]["unit"] == "sz20/w1":
            told.append(await until(socket, lambda m: m["type"] == "data"))
        assert 1 < len(told) <= live.SAMPLES_MAX + 1


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
    slow = await connect(address, max_queue=1, compression=None)  # full soon
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


async def test_a_failing_topic_holds_up_no_other(address, ground, monkeypatch):
    monkeypatch.setattr(ground, "impacts", lambda: 1 / 0)
    async with connect(address) as socket:
        ground.strike()
        alarms = await until(socket, lambda m: m["type"] == "alarms" and m["data"])
        assert alarms["data"][0]["severity"] == "critical"


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


class Visitor:
    """A socket that takes in what it is told, and leaves at will."""

    client_state = WebSocketState.CONNECTED

    def __init__(self, host: str = "127.0.0.1") -> None:
        self.client = Address(host, 1)
        self.told: list[dict] = []
        self.all_told = asyncio.Event()
        self.closed: tuple[int, str] | None = None
        self.leaving = asyncio.Event()

    async def send_text(self, text: str) -> None:
        self.told.append(json.loads(text))
        if {m["type"] for m in self.told} >= set(live.TOPICS):
            self.all_told.set()

    async def receive_text(self) -> str:
        await self.leaving.wait()
        raise WebSocketDisconnect

    async def close(self, code: int, reason: str) -> None:
        self.closed = (code, reason)


async def test_however_many_come_the_topics_are_looked_at_once(ground, monkeypatch):
    hub, looks = live.Hub(ground), 0
    look = hub._look

    def counting(name: str) -> None:
        nonlocal looks
        looks += 1
        look(name)

    monkeypatch.setattr(hub, "_look", counting)
    monkeypatch.setattr(live, "REFRESH_S", 60.0)
    for _ in range(50):  # each comes when the one before has left
        visitor = Visitor()
        visit = asyncio.create_task(hub.attend(visitor))
        await asyncio.wait_for(visitor.all_told.wait(), 10)
        visitor.leaving.set()
        await visit
    assert looks == len(live.TOPICS)
    assert hub._changed.is_set()  # what has changed meanwhile is told soon
    assert not hub._clients
    assert not hub._addresses


async def test_one_address_does_not_keep_the_others_out(ground):
    hub = live.Hub(ground)
    many = [Visitor() for _ in range(live.ADDRESS_MAX)]
    visits = [asyncio.create_task(hub.attend(v)) for v in many]
    await asyncio.sleep(0)
    one_more, other = Visitor(), Visitor("192.0.2.7")
    await hub.attend(one_more)
    assert one_more.closed is not None
    assert one_more.closed[0] == live.SLOW
    visits.append(asyncio.create_task(hub.attend(other)))
    await asyncio.sleep(0)
    assert len(hub._clients) == live.ADDRESS_MAX + 1
    for visitor in (*many, other):
        visitor.leaving.set()
    await asyncio.gather(*visits)
    assert not hub._addresses
