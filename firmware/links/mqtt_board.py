"""MQTT on MicroPython, by chumicro-mqtt: a client that does a little at each turn and never waits.

The client's own queue and its own way to connect again are not used: packets wait here until the
broker has acknowledged enough of the messages before. Messages are short, since in a heap that has
been used for a while no long piece is free.
"""

import asyncio
import time

from chumicro_mqtt.client import MQTTClient, ProtocolState

from firmware.links.backoff import Backoff
from firmware.links.broker import OFFLINE, ONLINE, QOS, split
from firmware.links.stream import BEAT_S
from firmware.links.transport import connect
from firmware.settings import words

TURN_S = 0.01
QUEUED_BYTES = 2048  # of packets that may wait for the broker; beyond, the live stream drops
MESSAGE_BYTES = 640  # the longest message of ours; of a longer one to us the unit counts a refusal
OVERHEAD_BYTES = 64  # MQTT's header and the topic
UNACKNOWLEDGED = 3  # messages on their way; each is kept in memory until the broker has it
ANSWER_S = 10.0  # a broker that owes an answer for so long is gone
KEEP_ALIVE_S = 30
GOODBYE_S = 1.0


class LinkDownError(Exception):
    """The connection is no more; says why."""


class MqttLink:
    """A link to a `Broker`; `topic` begins those of the unit, `client_id` names it to the broker.

    `context` is of TLS, or None. `join()`, where there is one, is awaited before each attempt: it
    brings the network up, and raises OSError.
    """

    def __init__(self, broker, topic, client_id, context=None, join=None):
        self._broker = broker
        self._topic = topic
        self._client_id = client_id
        self._context = context
        self._join = join
        self._backoff = Backoff(broker.name)
        self._connected = False
        self._packets = []
        self._queued_bytes = 0
        self._unacknowledged = 0
        self._inbox = []

    def send(self, packet):
        """Queue a packet; False when the broker is away or too far behind."""
        queued_bytes = self._queued_bytes + len(packet)
        if not self._connected or queued_bytes > QUEUED_BYTES:
            return False
        self._packets.append(packet)
        self._queued_bytes = queued_bytes
        return True

    def proceed(self):
        """Nothing to do: `run` goes on by itself."""

    async def run(self, on_packet, beat):
        """Stay connected, give on_packet every command, until cancelled; await beat() meanwhile.

        The client may wait long for a network; its time-outs watch the connection.
        """
        client = asyncio.create_task(self._stay_connected(on_packet))
        try:
            while not client.done():
                await beat()
                await asyncio.sleep(BEAT_S)
            await client
        finally:
            client.cancel()
            while not client.done():  # it says goodbye
                await asyncio.sleep(TURN_S)

    async def _stay_connected(self, on_packet):
        while True:
            why = ""
            try:
                if self._join:
                    await self._join()
                transport = await connect(self._broker.host, self._broker.port, self._context)
                await self._serve(transport, on_packet)
            except OSError as error:
                why = words(error)
            except LinkDownError as error:
                why = str(error)
            await asyncio.sleep(self._backoff.failed(why))

    async def _serve(self, transport, on_packet):
        client = None
        try:
            client = self._client(transport)
            while True:
                self._turn(client, transport)
                while self._inbox:
                    on_packet(self._inbox.pop(0))
                await asyncio.sleep(TURN_S)
        except asyncio.CancelledError:
            await self._say_goodbye(client, transport)
            raise
        finally:
            self._connected = False
            self._packets = []
            self._queued_bytes = 0
            self._inbox = []
            transport.close()

    def _client(self, transport):
        client = MQTTClient(
            transport,
            client_id=self._client_id,
            keep_alive_seconds=KEEP_ALIVE_S,
            ack_timeout_seconds=ANSWER_S,
            publish_retry_max=0,  # TCP repeats; what it cannot bring, the ground asks for again
            username=self._broker.user,
            password=self._broker.password,
            will_topic=self._topic + "/status",
            will_message=OFFLINE,
            will_qos=QOS,
            will_retain=True,
            rx_buffer_size=MESSAGE_BYTES + OVERHEAD_BYTES,
            ticks=time,
        )
        self._unacknowledged = 0
        client.on_connect = lambda: self._publish(client, "/status", ONLINE, True)
        client.on_message = lambda _, payload: self._inbox.extend(split(payload))
        client.on_oversized = lambda *_: self._inbox.append(b"")
        client.subscribe(self._topic + "/tc", QOS, on_subscribe=self._ready)
        client.connect()
        return client

    def _turn(self, client, transport):
        """Let the client do a little; raises LinkDownError."""
        try:
            transport.flush()
            client.handle(time.ticks_ms())
        except (OSError, ValueError) as error:  # ValueError: the certificate, in words
            raise LinkDownError(words(error).strip())
        if client.state == ProtocolState.FAILED:
            raise LinkDownError(str(client.last_error))
        if self._packets and self._unacknowledged < UNACKNOWLEDGED:
            self._publish(client, "/tm", self._next_message())

    def _next_message(self):
        """As many of the packets that wait as one message holds; they wait no more."""
        count = size = 0
        for packet in self._packets:
            if count and size + len(packet) > MESSAGE_BYTES:
                break
            size += len(packet)
            count += 1
        message = b"".join(self._packets[:count])
        self._packets = self._packets[count:]
        self._queued_bytes -= size
        return message

    def _publish(self, client, leaf, payload, retain=False):
        self._unacknowledged += 1
        client.publish(
            self._topic + leaf, payload, qos=QOS, retain=retain, on_publish=self._acknowledged
        )

    def _acknowledged(self, *_):
        self._unacknowledged -= 1

    def _ready(self, *_):
        self._backoff.succeeded()
        self._connected = True

    async def _say_goodbye(self, client, transport):
        """Tell the broker; where that does not go at once, the last will says it."""
        if not self._connected:
            return
        self._publish(client, "/status", OFFLINE, True)
        try:
            for _ in range(round(GOODBYE_S / TURN_S)):
                self._turn(client, transport)
                if not self._unacknowledged:
                    break
                await asyncio.sleep(TURN_S)
            client.disconnect()
        except LinkDownError:
            pass
