"""MQTT (CPython, by aiomqtt): whole packets on panewatch/<schema>/<vehicle>/<unit>/{tm,tc,status}.

Durability rests on the unit's recorder, never on the broker.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from urllib.parse import unquote, urlsplit

import aiomqtt

from firmware.errors import ConfigError
from firmware.links.backoff import Backoff
from protocol.wire.frame import whole
from protocol.wire.tables import SCHEMA_HASH

QOS = 1
QUEUED = 256  # packets that may wait for the broker; beyond, the live stream drops
MESSAGE_BYTES = 8192  # a message is one or more whole packets; a longer one is refused
GOODBYE_S = 1.0


class MqttLink:
    """A broker at `mqtt://[user:password@]host[:port]`. Raises ConfigError."""

    def __init__(self, link: str, vehicle: str, unit: str) -> None:
        try:
            url = urlsplit(link)
            port = url.port or 1883
        except ValueError as error:
            raise ConfigError(f"link: {error}") from error
        if not url.hostname:
            raise ConfigError("link: mqtt:// needs a host")
        self._host, self._port = url.hostname, port
        self._user = unquote(url.username) if url.username else None
        self._password = unquote(url.password) if url.password else None
        self._topic = f"panewatch/{SCHEMA_HASH:08x}/{vehicle}/{unit}"
        self._backoff = Backoff(f"mqtt://{self._host}:{self._port}")
        self._connected = False
        self._packets: deque[bytes] = deque()
        self._waiting = asyncio.Event()

    def send(self, packet: bytes) -> bool:
        """Queue a packet; False when the broker is away or too far behind."""
        if not self._connected or len(self._packets) >= QUEUED:
            return False
        self._packets.append(packet)
        self._waiting.set()
        return True

    def proceed(self) -> None:
        """Nothing to do: the publisher goes on by itself."""

    async def run(self, on_packet: Callable[[bytes], None]) -> None:
        """Stay connected, and give on_packet every command, until cancelled."""
        while True:
            why = "the broker closed the connection"
            try:
                async with self._client() as client:
                    await self._serve(client, on_packet)
            except aiomqtt.MqttError as error:
                why = str(error)
            task = asyncio.current_task()
            if task and task.cancelling():  # an error while leaving hid the cancellation
                raise asyncio.CancelledError
            await asyncio.sleep(self._backoff.failed(why))

    def _client(self) -> aiomqtt.Client:
        return aiomqtt.Client(
            self._host,
            self._port,
            username=self._user,
            password=self._password,
            will=aiomqtt.Will(f"{self._topic}/status", b"offline", QOS, retain=True),
        )

    async def _serve(self, client: aiomqtt.Client, on_packet: Callable[[bytes], None]) -> None:
        await client.subscribe(f"{self._topic}/tc", qos=QOS)
        await client.publish(f"{self._topic}/status", b"online", QOS, retain=True)
        self._backoff.succeeded()
        self._connected = True
        # Not a TaskGroup: it would hide the cancellation, or leave one of its own behind.
        tasks = [
            asyncio.create_task(self._publish(client)),
            asyncio.create_task(_receive(client, on_packet)),
        ]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        except asyncio.CancelledError:
            await self._say_goodbye(client)
            raise
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._connected = False
            self._packets.clear()

    async def _say_goodbye(self, client: aiomqtt.Client) -> None:
        try:
            await client.publish(
                f"{self._topic}/status", b"offline", QOS, retain=True, timeout=GOODBYE_S
            )
        except aiomqtt.MqttError:
            pass  # the last will says it

    async def _publish(self, client: aiomqtt.Client) -> None:
        while True:
            await self._waiting.wait()
            self._waiting.clear()
            while self._packets:
                message = bytearray(self._packets.popleft())
                while self._packets and len(message) + len(self._packets[0]) <= MESSAGE_BYTES:
                    message += self._packets.popleft()
                await client.publish(f"{self._topic}/tm", bytes(message), QOS)


async def _receive(client: aiomqtt.Client, on_packet: Callable[[bytes], None]) -> None:
    async for message in client.messages:
        for packet in split(bytes(message.payload)):
            on_packet(packet)


def split(data: bytes) -> list[bytes]:
    """Whole space packets of a message, by their length fields.

    What follows the last whole one comes as one piece, for the unit to count as refused; of a
    message above MESSAGE_BYTES, only an empty piece.
    """
    if len(data) > MESSAGE_BYTES:
        return [b""]
    packets: list[bytes] = []
    at = 0
    while at < len(data):
        end = at + int.from_bytes(data[at + 4 : at + 6], "big") + 7
        packet = data[at:end]
        if not whole(packet):
            return [*packets, data[at:]]
        packets.append(packet)
        at = end
    return packets
