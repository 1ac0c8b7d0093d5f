"""The unit's links against peers that misbehave: deaf, gone, garbling, down, coming back."""

import asyncio
import os
import signal
import socket
import threading
import tty
from urllib.parse import urlsplit

import aiomqtt
import pytest

from firmware.errors import ConfigError
from firmware.links.cpython import Descriptor, open_link
from firmware.links.stream import StreamLink
from hil_tests.support import programs
from protocol.wire import tables, tc
from protocol.wire.frame import Deframer, encode
from protocol.wire.tables import SCHEMA_HASH

PACKET = tc.build(tables.TC_ALIVE, 1, 1, 1, bytes(32), ())
TOPIC = f"panewatch/{SCHEMA_HASH:08x}/sz20/w1"
WITHIN_S = 10


async def beat():
    """Nobody watches here."""


class Inbox:
    """Packets that a link delivered, awaited."""

    def __init__(self):
        self._packets = asyncio.Queue()

    def __call__(self, packet):
        self._packets.put_nowait(packet)

    async def get(self):
        return await asyncio.wait_for(self._packets.get(), WITHIN_S)


@pytest.fixture
async def running():
    """`running(link)` runs a link for the test and gives its inbox."""
    tasks = []

    def start(link):
        inbox = Inbox()
        tasks.append(asyncio.create_task(link.run(inbox, beat)))
        return inbox

    yield start
    for task in tasks:
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


@pytest.fixture
def pty():
    """(master descriptor, name of the slave); nobody has the slave open."""
    master, slave = os.openpty()
    tty.setraw(slave)
    name = os.ttyname(slave)
    os.close(slave)
    yield master, name
    os.close(master)


def frames(data):
    deframer = Deframer()
    return [packet for packet, _ in deframer.feed(data)]


class Line:
    """A line that takes `room` bytes a write."""

    def __init__(self, room):
        self.room = room
        self.sent = b""

    def write(self, data):
        if self.room is None:
            raise OSError(5, "Input/output error")
        taken = data[: self.room]
        self.sent += taken
        return len(taken)


def test_a_frame_taken_in_part_is_completed_before_any_other():
    line = Line(10)
    link = StreamLink(line)
    taken = [link.send(PACKET) for _ in range(40)]
    assert False in taken
    assert True in taken[1:]
    while link._rest:
        link.proceed()
    assert frames(line.sent) == [PACKET] * taken.count(True)


def test_a_blocked_or_broken_line_never_waits_and_recovers():
    line = Line(0)
    link = StreamLink(line)
    assert link.send(PACKET)
    assert not link.send(PACKET)
    line.room = None
    assert not link.send(PACKET)
    line.room = 1000
    assert link.send(PACKET)
    assert frames(line.sent) == [PACKET, PACKET]


async def test_a_pty_nobody_reads_fills_up_and_recovers(pty, running):
    master, name = pty
    link = StreamLink(Descriptor(master))
    inbox = running(link)
    taken = 0
    for _ in range(2000):  # more than any pty holds
        taken += link.send(PACKET)
    assert taken < 2000
    slave = os.open(name, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    try:
        os.write(slave, b"noise\x00" + encode(PACKET)[:9] + encode(PACKET))
        assert await inbox.get() == PACKET
        received = b""
        while len(received) < taken * len(encode(PACKET)):
            link.proceed()
            try:
                received += os.read(slave, 4096)
            except BlockingIOError:
                await asyncio.sleep(0)
            if frames(received).count(PACKET) == taken:
                break
        assert frames(received) == [PACKET] * taken
        assert link.send(PACKET)
    finally:
        os.close(slave)


async def test_a_pty_whose_reader_leaves_and_comes_back(pty, running):
    master, name = pty
    link = StreamLink(Descriptor(master))
    inbox = running(link)
    for _ in range(2):
        slave = os.open(name, os.O_RDWR | os.O_NOCTTY)
        os.write(slave, encode(PACKET))
        assert await inbox.get() == PACKET
        os.close(slave)


async def test_garbage_is_never_delivered(running):
    ours, theirs = socket.socketpair()
    inbox = running(StreamLink(Descriptor(ours.fileno())))
    theirs.sendall(os.urandom(20_000) + b"\0" + encode(PACKET, seed=1) + encode(PACKET))
    assert await inbox.get() == PACKET
    ours.close()
    theirs.close()


class Server:
    """A TCP peer on loopback that can go away and come back on the same port."""

    def __init__(self, port=0):
        self._socket = socket.create_server(("127.0.0.1", port))
        self._socket.setblocking(False)
        self.port = self._socket.getsockname()[1]

    async def accept(self):
        loop = asyncio.get_running_loop()
        peer, _ = await asyncio.wait_for(loop.sock_accept(self._socket), WITHIN_S)
        peer.setblocking(False)
        return peer

    def close(self):
        self._socket.close()


async def up(link):
    """Wait until the link takes packets: pyserial throws away what comes in before it is open."""
    while not link.send(PACKET):  # noqa: ASYNC110 - a link has no event for it
        await asyncio.sleep(0.01)


async def received(peer, packet):
    """Wait until a packet arrives at a peer."""
    deframer = Deframer()
    loop = asyncio.get_running_loop()
    while True:
        data = await asyncio.wait_for(loop.sock_recv(peer, 4096), WITHIN_S)
        assert data
        if packet in [found for found, _ in deframer.feed(data)]:
            return


async def test_socket_carries_both_ways_and_reconnects(running, capsys):
    server = Server()
    link = open_link(f"socket://127.0.0.1:{server.port}", "sz20", "w1")
    inbox = running(link)
    peer = await server.accept()
    assert link.send(PACKET)
    await received(peer, PACKET)
    await asyncio.get_running_loop().sock_sendall(peer, encode(PACKET))
    assert await inbox.get() == PACKET
    peer.close()
    peer = await server.accept()
    await up(link)
    await received(peer, PACKET)
    await asyncio.get_running_loop().sock_sendall(peer, encode(PACKET))
    assert await inbox.get() == PACKET
    peer.close()
    server.close()
    said = capsys.readouterr().err.splitlines()
    assert [line.split(": ", 2)[2] for line in said[:3]] == [
        "connected",
        "not connected (socket disconnected), trying again",
        "connected",
    ]


async def test_a_line_closed_under_its_writer_is_opened_again(running):
    server = Server()
    link = open_link(f"socket://127.0.0.1:{server.port}", "sz20", "w1")
    running(link)
    peer = await server.accept()
    tried = threading.Event()

    def closed(frame):
        tried.set()
        raise ValueError("file descriptor cannot be a negative integer (-1)")

    link._port.write = closed  # as when the reader closes the port while the writer waits in it
    assert link.send(PACKET)
    assert await asyncio.to_thread(tried.wait, WITHIN_S)
    peer.close()
    peer = await server.accept()
    await up(link)
    await received(peer, PACKET)
    peer.close()
    server.close()


async def test_a_peer_that_does_not_read_drops_the_live_stream_only(running):
    server = Server()
    link = open_link(f"socket://127.0.0.1:{server.port}", "sz20", "w1")
    running(link)
    peer = await server.accept()
    big = PACKET * 10
    sent = 0
    while link.send(big) or sent == 0:
        sent += 1
        await asyncio.sleep(0)
        assert sent < 200_000, "a deaf peer takes no more"
    peer.close()
    server.close()


async def test_socket_whose_peer_is_not_there_yet(running, free_port):
    link = open_link(f"socket://127.0.0.1:{free_port}", "sz20", "w1")
    assert not link.send(PACKET)
    inbox = running(link)
    server = Server(free_port)
    peer = await server.accept()
    await up(link)
    await asyncio.get_running_loop().sock_sendall(peer, encode(PACKET))
    assert await inbox.get() == PACKET
    peer.close()
    server.close()


@pytest.mark.parametrize(
    ("link", "words"),
    [
        ("/dev/no-such-port", "cannot open /dev/no-such-port (No such file or directory)"),
        ("fd:9999", "descriptor 9999 is not open"),
        ("carrier-pigeon://coop", "cannot open carrier-pigeon://coop"),
        ("socket://127.0.0.1", "needs the form scheme://host:port"),
        ("mqtt://", "mqtt:// needs a host"),
        ("mqtt://host:port", "link: no port from 1 to 65535 after the host"),
    ],
)
def test_a_link_that_can_never_work_is_refused_in_words(link, words):
    with pytest.raises(ConfigError, match=words.replace("(", r"\(").replace(")", r"\)")):
        open_link(link, "sz20", "w1")


@pytest.fixture(params=["mosquitto", "amqtt_broker"])
def broker(request):
    """URL of each broker in turn."""
    if request.param == "mosquitto":
        request.applymarker(pytest.mark.mosquitto)
    return request.getfixturevalue(request.param)


def client(url):
    parts = urlsplit(url)
    return aiomqtt.Client(
        parts.hostname, parts.port, username=parts.username, password=parts.password
    )


async def next_payload(ground, topic):
    """The next payload on a topic."""

    async def wait():
        async for message in ground.messages:
            if str(message.topic) == topic:
                return bytes(message.payload)
        raise AssertionError("the broker left")

    return await asyncio.wait_for(wait(), WITHIN_S)


async def test_mqtt_carries_whole_packets_both_ways_and_tells_its_status(broker):
    link = open_link(broker, "sz20", "w1")
    inbox = Inbox()
    async with client(broker) as ground:
        await ground.subscribe("panewatch/#", qos=1)
        task = asyncio.create_task(link.run(inbox, beat))
        assert await next_payload(ground, f"{TOPIC}/status") == b"online"
        for _ in range(3):
            assert link.send(PACKET)
        received = b""
        while received != PACKET * 3:
            received += await next_payload(ground, f"{TOPIC}/tm")
            assert len(received) % len(PACKET) == 0, "only whole packets in a message"
        await ground.publish(f"{TOPIC}/tc", PACKET + PACKET, qos=1)
        assert [await inbox.get(), await inbox.get()] == [PACKET, PACKET]
        task.cancel()
        assert await next_payload(ground, f"{TOPIC}/status") == b"offline"
        with pytest.raises(asyncio.CancelledError):
            await task


@pytest.mark.mosquitto
async def test_mqtt_broker_that_comes_late_dies_and_comes_back(
    running, run_program, free_port, tmp_path, capsys
):
    config = tmp_path / "broker.conf"
    config.write_text(f"listener {free_port} 127.0.0.1\nallow_anonymous true\nlog_dest stderr\n")

    async def start_broker():
        broker = run_program("broker", [programs.mosquitto(), "-c", str(config)])
        await asyncio.to_thread(broker.wait_for, r"mosquitto version \S+ running")
        return broker

    async def said(words):
        while words not in capsys.readouterr().err:  # noqa: ASYNC110 - nor has a stream
            await asyncio.sleep(0.02)

    link = open_link(f"mqtt://127.0.0.1:{free_port}", "sz20", "w1")
    inbox = running(link)
    await asyncio.wait_for(said("not connected ([Errno 111] Connection refused)"), WITHIN_S)
    assert not link.send(PACKET)
    for _ in range(2):
        broker = await start_broker()
        await asyncio.wait_for(said(": connected"), WITHIN_S)
        async with client(f"mqtt://127.0.0.1:{free_port}") as ground:
            await ground.subscribe(f"{TOPIC}/status", qos=1)
            assert await next_payload(ground, f"{TOPIC}/status") == b"online"
            await ground.publish(f"{TOPIC}/tc", PACKET, qos=1)
            assert await inbox.get() == PACKET
        broker.send(signal.SIGKILL)
        await asyncio.wait_for(said("not connected"), WITHIN_S)
        assert not link.send(PACKET)
