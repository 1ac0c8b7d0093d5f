"""Units over an MQTT broker: panewatch/<schema>/<vehicle>/<unit>/{tm,tc,status}, QoS 1."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable
from typing import Final
from urllib.parse import unquote, urlsplit

import aiomqtt

from ground.links.link import Backoff, Link, LinkError, LinkState, Sink
from ground.model import Chunk, UnitKey
from protocol.wire.tables import SCHEMA_HASH

PORT: Final = 1883
QUEUE_MAX: Final = 10_000
"""Messages that may wait for the station; what overflows is asked for again from the unit."""
_NAME: Final = "([a-z0-9][a-z0-9_-]{0,15})"
_TOPIC: Final = re.compile(f"panewatch/([0-9a-f]{{8}})/{_NAME}/{_NAME}/tm")


class MqttLink(Link):
    """A broker at `mqtt://[user:password@]host[:port]`. Raises LinkError."""

    def __init__(self, url: str, clock: Callable[[], int]) -> None:
        try:
            parts = urlsplit(url)
            port = parts.port or PORT
        except ValueError as error:
            raise LinkError(f"{url}: {error}; write mqtt://[user:password@]host[:port]") from None
        if parts.scheme != "mqtt" or not parts.hostname:
            raise LinkError(f"{url}: write mqtt://[user:password@]host[:port]")
        super().__init__(f"mqtt://{parts.hostname}:{port}", clock)
        self._host, self._port = parts.hostname, port
        self._user = unquote(parts.username) if parts.username else None
        self._password = unquote(parts.password) if parts.password else None

    async def run(self, sink: Sink) -> None:
        """See Link.run."""
        backoff = Backoff()
        async for _ in backoff.attempts():
            try:
                async with self._client() as client:
                    await client.subscribe("panewatch/+/+/+/tm", qos=1)
                    backoff.reset()
                    self._say(LinkState.OPEN, "connected")
                    await self._serve(client, sink)
            except aiomqtt.MqttError as error:
                self._say(LinkState.WAITING, f"no broker: {error}; trying again")
                task = asyncio.current_task()
                if task and task.cancelling():  # an error while leaving hid the cancellation
                    raise asyncio.CancelledError from error

    def _client(self) -> aiomqtt.Client:
        quiet = logging.getLogger("panewatch.mqtt")
        quiet.setLevel(logging.CRITICAL)  # its words come as exceptions, and are said once
        return aiomqtt.Client(
            self._host,
            self._port,
            username=self._user,
            password=self._password,
            identifier=self.session or None,
            clean_session=not self.session,
            timeout=5,
            keepalive=15,
            max_queued_incoming_messages=QUEUE_MAX,
            logger=quiet,
        )

    async def _serve(self, client: aiomqtt.Client, sink: Sink) -> None:
        sender = asyncio.create_task(self._send(client))
        try:
            async for message in client.messages:
                await self._take(str(message.topic), message.payload, sink)
        finally:
            sender.cancel()
            await asyncio.gather(sender, return_exceptions=True)

    async def _take(self, topic: str, payload: object, sink: Sink) -> None:
        told = _TOPIC.fullmatch(topic)
        if told and isinstance(payload, bytes):
            schema = int(told[1], 16)
            foreign = None if schema == SCHEMA_HASH else schema
            unit = UnitKey(told[2], told[3])
            await sink(Chunk(self.name, self._clock(), payload, False, unit, foreign))

    async def _send(self, client: aiomqtt.Client) -> None:
        while True:
            unit, packet = await self._commands.get()
            topic = f"panewatch/{SCHEMA_HASH:08x}/{unit.vehicle}/{unit.unit}/tc"
            await client.publish(topic, packet, 1)
