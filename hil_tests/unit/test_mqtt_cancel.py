"""A broker that goes away in the very moment of the end must not keep a link alive."""

import asyncio

import aiomqtt
import pytest

from firmware.links import mqtt as firmware_mqtt
from ground.links import mqtt as ground_mqtt


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


@pytest.fixture(params=["firmware", "ground"])
def link(request):
    if request.param == "ground":
        return ground_mqtt.MqttLink("mqtt://127.0.0.1", lambda: 0)
    return firmware_mqtt.MqttLink("mqtt://127.0.0.1", "sz20", "w1")


async def test_a_cancelled_link_ends_though_the_broker_is_gone(link, monkeypatch):
    broker = LeavingBroker()
    monkeypatch.setattr(link, "_client", lambda: broker)
    running = asyncio.create_task(link.run(None))
    async with asyncio.timeout(5):
        await broker.inside.wait()
        running.cancel()
        await asyncio.wait([running], timeout=2)
    assert running.cancelled()
