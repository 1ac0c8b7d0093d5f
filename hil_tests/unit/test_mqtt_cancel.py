"""A broker that goes away in the very moment of the end must not keep a link alive."""

import asyncio
import contextlib
import gc

import aiomqtt
import pytest

from firmware.links import mqtt as firmware_mqtt
from ground.links import mqtt as ground_mqtt
from ground.model import UnitKey


class LeavingBroker:
    """An aiomqtt client whose disconnection fails, as when the broker is gone already."""

    def __init__(self):
        self.inside = asyncio.Event()

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_):
        raise aiomqtt.MqttError("Unexpected disconnection")

    async def subscribe(self, *_, **__):
        pass

    async def publish(self, *_, **__):
        self.inside.set()

    @property
    def messages(self):
        return self

    def __aiter__(self):
        return self

    async def __anext__(self):
        self.inside.set()
        await asyncio.Event().wait()


async def beat():
    """Nobody watches here."""


@pytest.fixture(params=["firmware", "ground"])
def link(request):
    if request.param == "ground":
        link = ground_mqtt.MqttLink("mqtt://127.0.0.1", lambda: 0)
        return link, lambda: link.run(None)
    link = firmware_mqtt.MqttLink("mqtt://127.0.0.1", "sz20", "w1")
    return link, lambda: link.run(None, beat)


async def test_a_cancelled_link_ends_though_the_broker_is_gone(link, monkeypatch):
    broker = LeavingBroker()
    link, run = link
    monkeypatch.setattr(link, "_client", lambda: broker)
    running = asyncio.create_task(run())
    async with asyncio.timeout(5):
        await broker.inside.wait()
        running.cancel()
        await asyncio.wait([running], timeout=2)
    assert running.cancelled()


class DeafBroker(LeavingBroker):
    """A client that hides a cancellation, as `wait_for` of Python 3.11 does when its time is up."""

    def __init__(self, deaf):
        super().__init__()
        self._deaf = deaf
        self.online = asyncio.Event()

    async def __aexit__(self, *_):
        pass

    async def _answer(self):
        self.inside.set()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(60)

    async def subscribe(self, *_, **__):
        if self._deaf == "subscribe":
            await self._answer()

    async def publish(self, topic, *_, **__):
        if self._deaf == "publish" and not topic.endswith("/status"):
            await self._answer()

    async def __anext__(self):
        self.online.set()
        await asyncio.Event().wait()


@pytest.mark.parametrize("deaf", ["subscribe", "publish"])
async def test_a_cancellation_that_a_call_hides_still_ends_the_link(link, monkeypatch, deaf):
    broker = DeafBroker(deaf)
    link, run = link
    monkeypatch.setattr(link, "_client", lambda: broker)
    running = asyncio.create_task(run())
    async with asyncio.timeout(5):
        if deaf == "publish":
            await broker.online.wait()
            link.send(
                *([UnitKey("sz20", "w1")] if isinstance(link, ground_mqtt.MqttLink) else []), b""
            )
        await broker.inside.wait()
        running.cancel()
        await asyncio.wait([running], timeout=2)
    assert running.cancelled()


async def test_a_connection_that_is_ended_is_told_once(link):
    """By its exception; asyncio prints no traceback of it besides, when all is forgotten."""
    printed = []
    asyncio.get_running_loop().set_exception_handler(lambda _, told: printed.append(told))
    client = link[0]._client()
    await client._lock.acquire()
    client._disconnected.set_exception(aiomqtt.MqttError("the broker left"))
    await client.__aexit__(None, None, None)
    del client
    gc.collect()
    await asyncio.sleep(0)
    assert printed == []
