"""MQTT on CPython, by aiomqtt."""

import asyncio
import ssl
from collections import deque
from collections.abc import Awaitable, Callable

import aiomqtt

from firmware.errors import ConfigError
from firmware.links.backoff import Backoff
from firmware.links.broker import MESSAGE_BYTES, OFFLINE, ONLINE, QOS, Broker, split, topic
from firmware.links.certificates import read_certificates
from firmware.links.stream import BEAT_S
from protocol.mqtt_client import BRIEF, SETTLED_S, QuietClient, distrust, leave_if_cancelled

QUEUED = 256  # packets that may wait for the broker; beyond, the live stream drops
GOODBYE_S = 1.0


class MqttLink:
    """A broker's address as of `Broker`; `ca` as of tls_context. Raises ConfigError."""

    def __init__(self, link: str, vehicle: str, unit: str, ca: str = "") -> None:
        self._broker = Broker(link)
        self._tls = tls_context(ca) if self._broker.tls else None
        self._topic = topic(vehicle, unit)
        self._backoff = Backoff(self._broker.name)
        self._connected = False
        self._opened_s: float | None = None
        self._brief = 0
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

    async def run(
        self, on_packet: Callable[[bytes], None], beat: Callable[[], Awaitable[None]]
    ) -> None:
        """Stay connected, give on_packet every command, until cancelled; await beat() meanwhile.

        The client may wait long for a broker; its keep-alive and time-outs watch the connection.
        """
        client = asyncio.create_task(self._stay_connected(on_packet))
        try:
            while not client.done():
                await beat()
                await asyncio.wait([client], timeout=BEAT_S)
            client.result()
        finally:
            client.cancel()
            await asyncio.gather(client, return_exceptions=True)

    async def _stay_connected(self, on_packet: Callable[[bytes], None]) -> None:
        now_s = asyncio.get_running_loop().time
        while True:
            why = "the broker closed the connection"
            self._opened_s = None
            try:
                async with self._client() as client:
                    await self._serve(client, on_packet)
            except aiomqtt.MqttError as error:
                why = why if self._opened_s is not None else distrust(error) or str(error)
            leave_if_cancelled()
            if self._opened_s is not None and now_s() - self._opened_s < SETTLED_S:
                self._brief += 1
            else:
                self._brief = 0
            if self._brief >= BRIEF:
                name = self._broker.user or self._topic
                why = f"{why} soon after it began: another client seems to go by the name {name}"
            await asyncio.sleep(self._backoff.failed(why))

    def _client(self) -> aiomqtt.Client:
        return QuietClient(
            self._broker.host,
            self._broker.port,
            username=self._broker.user,
            password=self._broker.password,
            tls_context=self._tls,
            will=aiomqtt.Will(f"{self._topic}/status", OFFLINE, QOS, retain=True),
        )

    async def _serve(self, client: aiomqtt.Client, on_packet: Callable[[bytes], None]) -> None:
        self._opened_s = asyncio.get_running_loop().time()
        await client.subscribe(f"{self._topic}/tc", qos=QOS)
        await client.publish(f"{self._topic}/status", ONLINE, QOS, retain=True)
        leave_if_cancelled()
        self._backoff.succeeded(settled=self._brief < BRIEF)
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
                f"{self._topic}/status", OFFLINE, QOS, retain=True, timeout=GOODBYE_S
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
                leave_if_cancelled()


async def _receive(client: aiomqtt.Client, on_packet: Callable[[bytes], None]) -> None:
    async for message in client.messages:
        for packet in split(bytes(message.payload)):
            on_packet(packet)


def tls_context(ca: str) -> ssl.SSLContext:
    """Trusts the file `ca` alone, else what the system does; raises ConfigError."""
    if not ca:
        return ssl.create_default_context()
    try:
        return ssl.create_default_context(cadata=b"".join(read_certificates(ca)))
    except ssl.SSLError as error:
        raise ConfigError(f"ca: {ca}: no certificate ({error.reason})") from error
