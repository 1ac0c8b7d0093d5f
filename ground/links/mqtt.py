"""Units over an MQTT broker: panewatch/<schema>/<vehicle>/<unit>/{tm,tc,status}, QoS 1."""

from __future__ import annotations

import asyncio
import logging
import re
import ssl
from collections.abc import Callable
from typing import Final, cast

import aiomqtt

from ground.links.broker_address import read_broker
from ground.links.fair_queue import FairQueue
from ground.links.link import Backoff, Link, LinkError, LinkState, Sink
from ground.model import Chunk, UnitKey
from ground.receive.packets import pieces
from protocol.mqtt_client import BRIEF, SETTLED_S, QuietClient, distrust, leave_if_cancelled
from protocol.wire.tables import SCHEMA_HASH

QUEUE_MAX: Final = 10_000
"""Messages that may wait for the station; what overflows is asked for again from the unit."""
PIECE_BYTES: Final = 8192
"""A longer message is taken in such pieces, between which everything else goes on; units send no
longer ones, and the broker of `panewatch broker config` takes none."""
MESSAGE_MAX: Final = 1 << 20
"""Bytes; of a longer message the first `KEPT_BYTES` go into the archive, and nothing is read."""
KEPT_BYTES: Final = 1 << 16
REFUSED: Final = (134, 135)
"""MQTT 5's reason codes, in which older answers are told too."""
_NAME: Final = "([a-z0-9][a-z0-9_-]{0,15})"
_TOPIC: Final = re.compile(f"panewatch/([0-9a-f]{{8}})/{_NAME}/{_NAME}/tm")


class MqttLink(Link):
    """A broker, at an address as of `read_broker`; `mqtts://` with TLS.

    Its certificate must come from the address's `ca`, without one from those that the system
    trusts. Raises LinkError.
    """

    def __init__(self, url: str, clock: Callable[[], int]) -> None:
        self._broker = broker = read_broker(url)
        super().__init__(broker.name, clock)
        self._tls = _tls_context(broker.ca or None) if broker.tls else None

    async def run(self, sink: Sink) -> None:
        """See Link.run."""
        backoff, brief = Backoff(), 0
        now_s = asyncio.get_running_loop().time
        async for _ in backoff.attempts():
            opened_s = None
            try:
                async with self._client() as client:
                    opened_s = now_s()
                    await client.subscribe("panewatch/+/+/+/tm", qos=1)
                    leave_if_cancelled()
                    if brief < BRIEF:
                        backoff.reset()
                    self._say(LinkState.OPEN, "connected")
                    await self._serve(client, sink)
            except aiomqtt.MqttError as error:
                lasted_s = None if opened_s is None else now_s() - opened_s
                brief = brief + 1 if lasted_s is not None and lasted_s < SETTLED_S else 0
                words = _words(error) if lasted_s is None else self._ended(brief)
                self._say(LinkState.WAITING, f"{words}; trying again")
                leave_if_cancelled()

    def _ended(self, brief: int) -> str:
        if brief < BRIEF:
            return "the broker closed the connection"
        whose = f" ({self._broker.user})" if self._broker.user else ""
        return (
            "the broker closes each connection soon after it began: another client seems to go "
            f"by this one's name{whose}; give each its own"
        )

    def _client(self) -> aiomqtt.Client:
        quiet = logging.getLogger("panewatch.mqtt")
        quiet.setLevel(logging.CRITICAL)  # its words come as exceptions, and are said once
        return QuietClient(
            self._broker.host,
            self._broker.port,
            username=self._broker.user,
            password=self._broker.password,
            tls_context=self._tls,
            identifier=self.session or None,
            clean_session=not self.session,
            timeout=5,
            keepalive=15,
            max_queued_incoming_messages=QUEUE_MAX,
            queue_type=cast("type[asyncio.Queue[aiomqtt.Message]]", self._inbox),  # it calls it
            logger=quiet,
        )

    def _inbox(self, maxsize: int) -> asyncio.Queue[aiomqtt.Message]:
        return _Inbox(maxsize, self._clock, self._count_dropped)

    def _count_dropped(self) -> None:
        self.dropped += 1

    async def _serve(self, client: aiomqtt.Client, sink: Sink) -> None:
        sender = asyncio.create_task(self._send(client))
        try:
            async for message in client.messages:
                await self._take(message, sink)
        finally:
            sender.cancel()
            await asyncio.gather(sender, return_exceptions=True)

    async def _take(self, message: aiomqtt.Message, sink: Sink) -> None:
        told = _TOPIC.fullmatch(str(message.topic))
        if not told or not isinstance(message.payload, bytes):
            return
        came_us = message.came_us if isinstance(message, _Arrived) else self._clock()
        schema = int(told[1], 16)
        foreign = None if schema == SCHEMA_HASH else schema
        unit = UnitKey(told[2], told[3])
        data, why = message.payload, self._why_unread(message, unit)
        if why:
            self.refused += 1
            data = data[:KEPT_BYTES]
        for piece in pieces(data, PIECE_BYTES):
            await sink(Chunk(self.name, came_us, piece, False, unit, foreign, why))

    def _why_unread(self, message: aiomqtt.Message, unit: UnitKey) -> str:
        """What people are told of a message that is not read; empty: it is read."""
        size = len(message.payload) if isinstance(message.payload, bytes) else 0
        if size > MESSAGE_MAX:
            return (
                f"a message of {unit} is too long ({size} bytes, {MESSAGE_MAX} may be); its first "
                f"{KEPT_BYTES} are kept, nothing is read; look who publishes in its name"
            )
        if message.retain:
            return (
                f"the broker keeps a message of {unit} for who comes later (retained): it is no "
                "live one, kept but not read; units retain no telemetry: clear it at the broker"
            )
        return ""

    async def _send(self, client: aiomqtt.Client) -> None:
        while True:
            unit, packet = await self._commands.get()
            topic = f"panewatch/{SCHEMA_HASH:08x}/{unit.vehicle}/{unit.unit}/tc"
            await client.publish(topic, packet, 1)
            leave_if_cancelled()


class _Arrived(aiomqtt.Message):
    """A message with the ground time at which it came, however long it waits then."""

    def __init__(self, message: aiomqtt.Message, came_us: int) -> None:
        super().__init__(
            message.topic,
            message.payload,
            message.qos,
            message.retain,
            message.mid,
            message.properties,
        )
        self.came_us = came_us


class _Inbox(FairQueue[aiomqtt.Message]):
    """Messages that wait, the topics in turn; where one floods it, that one loses messages.

    aiomqtt says of a lost one no more than a line in a log.
    """

    def __init__(self, maxsize: int, clock: Callable[[], int], count: Callable[[], None]) -> None:
        super().__init__(maxsize, lambda message: str(message.topic), crowd_out=True, lost=count)
        self._clock = clock

    def put_nowait(self, item: aiomqtt.Message) -> None:
        """Raises QueueFull, and counts it."""
        super().put_nowait(_Arrived(item, self._clock()))


def _words(error: aiomqtt.MqttError) -> str:
    code = getattr(getattr(error, "rc", None), "value", None)
    if code in REFUSED:
        return f"the broker refuses user or password ({error})"
    return distrust(error) or f"no broker: {error}"


def _tls_context(ca: str | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca)
    except (OSError, ValueError) as error:  # an SSLError is an OSError
        words = getattr(error, "reason", None) or getattr(error, "strerror", None) or error
        raise LinkError(f"ca={ca}: no file with a certificate in PEM form ({words})") from None
