"""However long a message, or however many of one unit wait: everything else goes on."""

from __future__ import annotations

import asyncio
import os
from types import SimpleNamespace

import aiomqtt
import pytest

from ground.links import mqtt
from ground.links.fair_queue import FairQueue
from ground.links.mqtt import KEPT_BYTES, MESSAGE_MAX, PIECE_BYTES, MqttLink
from ground.model import Chunk, UnitKey
from ground.receive.packets import pieces, split
from ground.service import Service
from ground.stream.intake import Intake
from hil_tests.sim.fake_unit import FakeUnit
from protocol.wire.frame import MAX_PACKET
from protocol.wire.tables import SCHEMA_HASH

W1, W2 = UnitKey("sz20", "w1"), UnitKey("sz20", "w2")


def message(payload: bytes, unit: str = "w1", *, retain: bool = False) -> aiomqtt.Message:
    topic = f"panewatch/{SCHEMA_HASH:08x}/sz20/{unit}/tm"
    return aiomqtt.Message(topic, payload, 1, retain, 1, None)


def many_packets(size: int) -> bytes:
    unit = FakeUnit()
    packets = [unit.housekeeping() for _ in range(50)] + [unit.time()]
    return b"".join(packets) * (size // len(b"".join(packets)) + 1)


async def taken(link: MqttLink, *messages: aiomqtt.Message) -> list[Chunk]:
    chunks: list[Chunk] = []

    async def sink(chunk: Chunk) -> None:
        chunks.append(chunk)

    for one in messages:
        await link._take(one, sink)
    return chunks


def test_pieces_hold_whole_packets_and_lose_nothing():
    data = many_packets(100_000)
    cut = list(pieces(data, PIECE_BYTES))
    assert b"".join(cut) == data
    assert max(map(len, cut)) <= PIECE_BYTES
    assert [split(piece)[1] for piece in cut] == [b""] * len(cut)
    assert sum(len(split(piece)[0]) for piece in cut) == len(split(data)[0])
    assert len(cut) < len(data) / (PIECE_BYTES - MAX_PACKET) + 1


@pytest.mark.parametrize("noise", [b"", b"\x00", b"\x08" * 50_000, os.urandom(50_000)])
def test_noise_is_cut_too_and_nothing_of_it_lost(noise):
    data = FakeUnit().housekeeping() + noise
    cut = list(pieces(data, PIECE_BYTES))
    assert b"".join(cut) == data
    assert max(map(len, cut)) <= PIECE_BYTES


async def test_a_long_message_comes_in_pieces_of_one_time():
    ticks = iter(range(1000))
    data = many_packets(300_000)
    chunks = await taken(MqttLink("mqtt://127.0.0.1", lambda: next(ticks)), message(data))
    assert b"".join(c.data for c in chunks) == data
    assert max(len(c.data) for c in chunks) <= PIECE_BYTES
    assert {(c.received_us, c.unit, c.unread) for c in chunks} == {(0, W1, "")}


async def test_an_absurd_message_is_counted_told_and_kept_in_part():
    link = MqttLink("mqtt://127.0.0.1", lambda: 0)
    data = many_packets(MESSAGE_MAX + 1)
    chunks = await taken(link, message(data), message(data[:1]))
    *long, after = chunks
    assert link.refused == 1
    assert b"".join(c.data for c in long) == data[:KEPT_BYTES]
    assert after.unread == ""
    intake = Intake()
    assert [found for chunk in long for found in intake.take(chunk)] == []
    told = {(t.key, t.active) for t in intake.troubles}
    assert told == {("unread:mqtt://127.0.0.1:1883", True)}
    assert f"too long ({len(data)} bytes" in intake.troubles[0].words


async def test_a_retained_message_is_kept_and_told_but_is_no_live_one():
    link = MqttLink("mqtt://127.0.0.1", lambda: 0)
    packet = FakeUnit().time()
    chunks = await taken(link, message(packet, retain=True), message(packet))
    assert link.refused == 1
    assert [c.data for c in chunks] == [packet, packet]
    intake = Intake()
    assert [len(intake.take(chunk)) for chunk in chunks] == [0, 1]
    assert "retained" in intake.troubles[0].words


class Slow:
    """A station that notes what else ran between the chunks that it took."""

    def __init__(self) -> None:
        self.archive = SimpleNamespace(session="")
        self.assessor = SimpleNamespace(changed=set())
        self.turns = 0
        self.at: list[int] = []

    def receive(self, _: Chunk) -> None:
        self.at.append(self.turns)

    def commit(self) -> SimpleNamespace:
        return SimpleNamespace(stored=True, commands=[])


async def test_between_the_chunks_that_wait_everything_else_goes_on():
    station = Slow()
    service = Service(station, [], lambda: 0)  # type: ignore[arg-type]
    for k in range(20):
        service._chunks.put_nowait(Chunk("mqtt", k, b"", False, W1))

    async def others() -> None:
        while True:
            station.turns += 1
            await asyncio.sleep(0)

    running = asyncio.create_task(others())
    while not service._chunks.empty():
        await service._batch(60)
    running.cancel()
    assert len(station.at) == 20
    assert all(later > sooner for sooner, later in zip(station.at, station.at[1:], strict=False))


async def test_the_flood_of_one_unit_holds_back_no_other():
    service = Service(Slow(), [], lambda: 0)  # type: ignore[arg-type]
    for k in range(500):
        service._chunks.put_nowait(Chunk("mqtt", k, b"", False, W2))
    for k in range(3):
        service._chunks.put_nowait(Chunk("mqtt", k, b"", False, W1))
    came = [service._chunks.get_nowait() for _ in range(6)]
    assert [c.unit for c in came].count(W1) == 3
    assert [c.received_us for c in came if c.unit == W1] == [0, 1, 2]
    rest = [service._chunks.get_nowait().received_us for _ in range(service._chunks.qsize())]
    assert rest == list(range(3, 500))


async def test_a_message_has_the_time_at_which_it_came(monkeypatch):
    monkeypatch.setattr(mqtt, "QUEUE_MAX", 10)
    now = [100]
    link = MqttLink("mqtt://127.0.0.1", lambda: now[0])
    inbox = link._inbox(10)
    inbox.put_nowait(message(FakeUnit().time()))
    now[0] = 31_000_000
    (chunk,) = await taken(link, inbox.get_nowait())
    assert chunk.received_us == 100


async def test_a_full_inbox_drops_what_floods_it():
    link = MqttLink("mqtt://127.0.0.1", lambda: 0)
    inbox = link._inbox(10)
    for _ in range(10):
        inbox.put_nowait(message(b"flood", "w2"))
    with pytest.raises(asyncio.QueueFull):
        inbox.put_nowait(message(b"flood", "w2"))
    inbox.put_nowait(message(b"one", "w1"))
    assert link.dropped == 2
    payloads = [inbox.get_nowait().payload for _ in range(inbox.qsize())]
    assert payloads == [b"flood", b"one"] + [b"flood"] * 8
    assert inbox.empty()


async def test_a_fair_queue_waits_as_any_other():
    queue = FairQueue[int](2, lambda item: item % 2)
    await queue.put(1)
    await queue.put(3)
    waiting = asyncio.create_task(queue.put(2))
    await asyncio.sleep(0)
    assert not waiting.done()
    assert [await queue.get(), (await waiting) or await queue.get(), await queue.get()] == [1, 3, 2]
