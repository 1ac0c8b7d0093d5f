"""The async shell: real ports, a real broker, a real clock."""

from __future__ import annotations

import asyncio
import os
import pty
import time
import tty
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from math import inf
from pathlib import Path

import aiomqtt
import pytest

from ground.archive.archive import Archive
from ground.assessing import Assessing
from ground.clock import SteadyClock
from ground.fleet import Fleet
from ground.links.link import Link, LinkError, LinkState, Sink
from ground.links.replay import RecordingError, recording
from ground.links.specification import make_link
from ground.model import Chunk
from ground.operations import Operations
from ground.outcome import Outcome
from ground.playback import Playback
from ground.rebuild import fold
from ground.service import Service
from ground.station import Station
from ground.verdict.assessor import Assessor
from hil_tests.sim.fake_unit import FakeUnit
from hil_tests.sim.ground_bench import T0, Bench, key_store
from hil_tests.sim.recording_assessor import RecordingAssessor
from hil_tests.support import programs
from protocol.wire import frame
from protocol.wire.frame import Deframer
from protocol.wire.tables import SCHEMA_HASH
from tools.cli.recorded import story_of


class Waiter:
    """Awaits conditions on what the service says and commits."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._event = asyncio.Event()

    def line(self, text: str) -> None:
        self.lines.append(text)
        self._event.set()

    def committed(self, _: Outcome) -> None:
        self._event.set()

    async def until(self, condition: Callable[[], object], timeout_s: float = 10) -> None:
        async with asyncio.timeout(timeout_s):
            while not condition():
                self._event.clear()
                await self._event.wait()


@asynccontextmanager
async def serving(
    folder: Path,
    links: list[Link],
    units: list[FakeUnit],
    clock: Callable[[], int],
    assess: Callable[..., Assessing] = RecordingAssessor,
) -> AsyncIterator[tuple[Service, Waiter]]:
    waiter = Waiter()
    archive = Archive(folder / "archive.db")
    station = Station(archive, Fleet(), assess, key_store(folder / "keys", *units))
    service = Service(station, links, clock, waiter.line)
    service.subscribe(waiter.committed)
    task = asyncio.create_task(service.run())
    try:
        yield service, waiter
    finally:
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        archive.close()


def packets(service: Service) -> int:
    return sum(s.packets for s in service.station.streams.values())


async def test_a_pty_appears_goes_and_comes_back(tmp_path: Path) -> None:
    unit, clock = FakeUnit(), SteadyClock()
    port = tmp_path / "port"
    link = make_link(str(port), clock)
    async with serving(tmp_path, [link], [unit], clock) as (service, waiter):
        await waiter.until(lambda: link.words == "no such port; waiting for it")
        for life in range(2):
            master, slave = pty.openpty()
            tty.setraw(slave)
            port.unlink(missing_ok=True)
            port.symlink_to(os.ttyname(slave))
            await waiter.until(lambda: link.state is LinkState.OPEN)
            have = packets(service)
            for packet in (unit.boot(), unit.housekeeping(), unit.time()):
                os.write(master, b"noise" + frame.encode(packet))
            await waiter.until(lambda n=have: packets(service) == n + 3)  # type: ignore[misc]
            deframer = Deframer()
            commands: list[bytes] = []
            os.set_blocking(master, False)
            while not commands:
                await waiter.until(lambda: True)
                try:
                    commands += [p for p, _ in deframer.feed(os.read(master, 4096)) if p]
                except BlockingIOError:
                    await asyncio.sleep(0.05)
            unit.take(commands[0])
            assert unit.commands[-1].failure == 0
            os.close(slave)
            os.close(master)
            await waiter.until(lambda: link.state is LinkState.WAITING)
            assert life == 1 or not [c for c in unit.commands if c.failure]
    assert [line for line in waiter.lines if "no such port" in line]
    assert len(waiter.lines) < 10  # said once for each change


async def test_a_port_in_use_is_told(tmp_path: Path) -> None:
    clock = SteadyClock()
    master, slave = pty.openpty()
    name = os.ttyname(slave)
    first, second = make_link(name, clock), make_link(name, clock)

    async def sink(_: Chunk) -> None: ...

    opened, refused = Waiter(), Waiter()
    first.on_change = lambda link: opened.line(link.words)
    second.on_change = lambda link: refused.line(link.words)
    one = asyncio.create_task(first.run(sink))
    await opened.until(lambda: first.state is LinkState.OPEN)
    two = asyncio.create_task(second.run(sink))
    await refused.until(lambda: second.words == "in use by another program; close that one")
    for task in (one, two):
        task.cancel()
    await asyncio.gather(one, two, return_exceptions=True)
    os.close(master)
    os.close(slave)


async def test_a_socket_that_is_not_there_yet(tmp_path: Path, unused_tcp_port: int) -> None:
    unit, clock = FakeUnit(), SteadyClock()
    link = make_link(f"socket://127.0.0.1:{unused_tcp_port}", clock)

    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(200):
            writer.write(frame.encode(unit.boot()))
        writer.close()  # at once: nothing that was sent before may be lost

    async with serving(tmp_path, [link], [unit], clock) as (service, waiter):
        await waiter.until(lambda: link.words == "refused: nobody listens there; waiting")
        server = await asyncio.start_server(serve, "127.0.0.1", unused_tcp_port)
        await waiter.until(lambda: packets(service) >= 200)
        server.close()
        await waiter.until(lambda: "refused" in waiter.lines[-1])
        assert packets(service) == len(unit.made)


@pytest.mark.parametrize("url", ["socket://", "socket://host", "socket://host:x", "socket://:5"])
def test_a_socket_address_that_is_none(url: str) -> None:
    with pytest.raises(LinkError, match="socket://host:port"):
        make_link(url, SteadyClock())


async def test_a_host_that_does_not_exist_is_told() -> None:
    link = make_link("socket://nowhere.invalid:5", SteadyClock())
    said = Waiter()
    link.on_change = lambda link: said.line(link.words)

    async def sink(_: Chunk) -> None: ...

    task = asyncio.create_task(link.run(sink))
    await said.until(lambda: link.words == "no such host; trying again")
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@asynccontextmanager
async def mosquitto(port: int) -> AsyncIterator[None]:
    if reason := programs.missing("mosquitto"):
        pytest.skip(reason)
    program = programs.mosquitto()
    quiet = asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(program, "-p", str(port), stderr=quiet)
    try:
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                break
            except OSError:
                await asyncio.sleep(0.02)
        yield
    finally:
        process.kill()
        await process.wait()


@pytest.mark.mosquitto
async def test_mqtt_through_a_broker_that_dies(tmp_path: Path, unused_tcp_port: int) -> None:
    unit, clock = FakeUnit(), SteadyClock()
    link = make_link(f"mqtt://u:secret@127.0.0.1:{unused_tcp_port}", clock)
    topic = f"panewatch/{SCHEMA_HASH:08x}/sz20/w1"
    async with serving(tmp_path, [link], [unit], clock) as (service, waiter):
        await waiter.until(lambda: link.state is LinkState.WAITING and "no broker" in link.words)
        for life in range(2):
            async with mosquitto(unused_tcp_port):
                await waiter.until(lambda: link.state is LinkState.OPEN)
                async with aiomqtt.Client("127.0.0.1", unused_tcp_port) as client:
                    await client.subscribe(f"{topic}/tc", 1)
                    have = packets(service)
                    await client.publish(f"{topic}/tm", unit.boot() + unit.housekeeping(), 1)
                    await client.publish("panewatch/0badcafe/sz29/w1/tm", b"of another schema", 1)
                    await client.publish("panewatch/x/y", b"\xff", 1)
                    await waiter.until(lambda n=have: packets(service) == n + 2)  # type: ignore[misc]
                    message = await anext(client.messages)
                    assert isinstance(message.payload, bytes)
                    unit.take(message.payload)
                    assert unit.commands[-1].failure == 0
                key = f"schema:{link.name} sz29/w1"
                await waiter.until(lambda k=key: k in service.station.notices)  # type: ignore[misc]
            await waiter.until(lambda: link.state is LinkState.WAITING)
            assert life == 1 or len(waiter.lines) == 3
        assert "secret" not in "".join(waiter.lines) + link.name


@pytest.mark.mosquitto
async def test_the_broker_keeps_what_comes_while_the_ground_is_down(
    tmp_path: Path, unused_tcp_port: int
) -> None:
    unit, clock = FakeUnit(), SteadyClock()
    url = f"mqtt://127.0.0.1:{unused_tcp_port}"
    async with mosquitto(unused_tcp_port):
        link = make_link(url, clock)
        async with serving(tmp_path, [link], [unit], clock) as (_, waiter):
            await waiter.until(lambda: link.state is LinkState.OPEN)
        async with aiomqtt.Client("127.0.0.1", unused_tcp_port) as client:
            topic = f"panewatch/{SCHEMA_HASH:08x}/sz20/w1/tm"
            await client.publish(topic, unit.boot(), 1)
        link = make_link(url, clock)
        async with serving(tmp_path, [link], [unit], clock) as (service, waiter):
            await waiter.until(lambda: packets(service) == 1)


@pytest.mark.mosquitto
async def test_two_grounds_on_one_broker(tmp_path: Path, unused_tcp_port: int) -> None:
    unit, clock = FakeUnit(), SteadyClock()
    url = f"mqtt://127.0.0.1:{unused_tcp_port}"
    a, b = make_link(url, clock), make_link(url, clock)
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    async with (
        mosquitto(unused_tcp_port),
        serving(tmp_path / "a", [a], [unit], clock) as (first, one),
        serving(tmp_path / "b", [b], [unit], clock) as (second, two),
    ):
        await one.until(lambda: a.state is LinkState.OPEN)
        await two.until(lambda: b.state is LinkState.OPEN)
        async with aiomqtt.Client("127.0.0.1", unused_tcp_port) as client:
            await client.publish(f"panewatch/{SCHEMA_HASH:08x}/sz20/w1/tm", unit.boot(), 1)
        await one.until(lambda: packets(first) == 1)
        await two.until(lambda: packets(second) == 1)
        assert len(one.lines) == len(two.lines) == 1  # neither displaced the other


@pytest.mark.parametrize("url", ["mqtt://", "mqtt://host:notaport", "mqtt:host"])
def test_an_address_that_is_none(url: str) -> None:
    with pytest.raises(LinkError, match="mqtt://"):
        make_link(url, SteadyClock())


async def test_a_full_disk_stops_receiving_and_goes_on_after(tmp_path: Path) -> None:
    bench = Bench(tmp_path, [FakeUnit()])
    unit = bench.units[0]
    bench.seconds(5)
    db = bench.station.archive._db
    db.execute(f"PRAGMA max_page_count = {db.execute('PRAGMA page_count').fetchone()[0]}")
    told = len(bench.sent)
    for _ in range(60):
        bench.second()
        if not bench.station.commit().stored:
            break
    full = len(bench.sent)
    bench.seconds(3)
    assert len(bench.sent) == full >= told
    assert "free space" in bench.assessor.active["archive:full"]
    db.execute("PRAGMA max_page_count = 1000000")
    bench.seconds(15)
    assert "archive:full" not in bench.assessor.active
    assert bench.archived(unit) == unit.made


async def played(station: Station, story: Iterator[int], speed: float) -> Station:
    """A station after it was taken through a recording."""
    playback, waiter = Playback(station, "recording", story, speed), Waiter()
    playback.subscribe(waiter.committed)
    task = asyncio.create_task(playback.run())
    await waiter.until(lambda: playback.ended)
    task.cancel()
    return station


@pytest.mark.parametrize("speed", [20, 1000, inf])
async def test_a_replay_ends_where_the_archive_does_whatever_its_pace(
    tmp_path: Path, speed: float
) -> None:
    unit = FakeUnit(tai_base_us=184_377_600_000_000)
    bench = Bench(tmp_path, [unit])
    bench.seconds(12)
    bench.up = False
    bench.seconds(20)
    bench.up = True
    bench.seconds(12)
    bench.kill()
    bench.now += 7200 * 1_000_000  # the next run begins hours later: nobody waits for that
    bench.open()
    bench.seconds(8)
    bench.kill()
    archive = Archive(bench.path, write=False)
    report = Station(archive, Fleet(), RecordingAssessor)
    apart = Station(Archive(), Fleet(), RecordingAssessor)
    replay = await played(apart, fold(apart, archive), speed)
    assert replay.now_us == report.now_us
    for told in ("packets", "calls", "ticks", "current_holes", "silent", "active"):
        assert getattr(replay.assessor, told) == getattr(report.assessor, told)
    assert list(replay.archive.telemetry()) == list(archive.telemetry())
    archive.close()


async def test_replay_of_a_file(tmp_path: Path) -> None:
    unit = FakeUnit(tai_base_us=184_377_600_000_000)
    bench = Bench(tmp_path, [unit])
    bench.seconds(12)
    bench.kill()
    binary = tmp_path / "telemetry.bin"
    binary.write_bytes(b"".join(unit.made.values()))
    station = Station(Archive(), Fleet(), RecordingAssessor)
    await played(station, story_of(list(recording(binary)), station), 1000)
    (stream,) = station.streams.values()
    assert stream.packets == len(unit.made)
    assert stream.live_onboard_us == pytest.approx(T0 - 37_000_000 + 11_000_000, abs=1)
    binary.write_bytes(b"nonsense")
    with pytest.raises(RecordingError, match="no telemetry"):
        list(recording(binary))
    with pytest.raises(RecordingError, match="No such file"):
        list(recording(tmp_path / "absent"))
    binary.write_bytes(b"".join(unit.made.values()) + b"\x08\x01rest")
    with pytest.raises(RecordingError, match="6 bytes were not read"):
        list(recording(binary))


async def test_a_device_that_is_no_serial_line_is_said_in_words(tmp_path: Path) -> None:
    links: list[Link] = [make_link("/dev/null", SteadyClock())]
    async with serving(tmp_path, links, [], SteadyClock()) as (_, waiter):
        await waiter.until(lambda: waiter.lines)
    assert waiter.lines[0] == (
        "/dev/null: closed: Could not configure port: Inappropriate ioctl for device; trying again"
    )


def test_ground_time_is_steady() -> None:
    wall, steady = [1_000_000_000_000], [5_000_000_000]
    clock = SteadyClock(lambda: wall[0], lambda: steady[0])
    assert clock() == 1_000_000_000
    steady[0] += 10**9
    wall[0] += 10**9 + 400_000
    assert clock() == 1_001_000_000
    assert clock.look() is None
    assert clock() == 1_001_000_400  # a slew is followed
    wall[0] -= 3600 * 10**9
    assert clock.look() == -3_600_000_000
    assert clock() == 1_001_000_400  # a jump is not


async def test_a_full_queue_makes_links_wait_and_counts_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ground.service.QUEUE_MAX", 4)
    unit, clock = FakeUnit(), SteadyClock()

    class Flood(Link):
        """Gives all it has at once; noise after each packet."""

        async def run(self, sink: Sink) -> None:
            for packet in [unit.boot(), *(unit.housekeeping() for _ in range(60))]:
                data = frame.encode(packet) + b"noise\0"
                await sink(Chunk(self.name, clock(), data, framed=True))
            self._say(LinkState.ENDED, "all given")
            await asyncio.Event().wait()

    flood = Flood("flood", clock)
    async with serving(tmp_path, [flood], [unit], clock) as (service, waiter):
        await waiter.until(lambda: flood.state is LinkState.ENDED and packets(service) == 61)
        archive = service.station.archive
        await waiter.until(lambda: sum(b"noise" in chunk.data for chunk in archive.raw()) == 61)
        health = Operations(service).health()
    assert health.queue.limit == 4
    assert health.queue.most == 4
    assert health.queue.waits > 0
    (link,) = health.links
    assert (link.frames, link.damaged, link.noise_bytes) == (61, 61, 61 * 5)


async def test_alarms_that_flood_leave_time_beside_the_commits_of_a_slow_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unit, clock, plain = FakeUnit(), SteadyClock(), Archive.commit
    begun: list[float] = []
    ended: list[float] = []

    def slow(archive: Archive) -> None:
        begun.append(time.monotonic())
        time.sleep(0.05)
        plain(archive)
        ended.append(time.monotonic())

    class Hits(Link):
        """A hit each few ms."""

        async def run(self, sink: Sink) -> None:
            await sink(Chunk(self.name, clock(), frame.encode(unit.boot()), framed=True))
            monkeypatch.setattr(Archive, "commit", slow)
            while True:
                await sink(Chunk(self.name, clock(), frame.encode(unit.hit()), framed=True))
                await asyncio.sleep(0.002)

    async with serving(tmp_path, [Hits("hits", clock)], [unit], clock, Assessor) as (_, waiter):
        await waiter.until(lambda: len(ended) > 10)
        busy_s = sum(end - start for start, end in zip(begun[:10], ended, strict=False))
    assert busy_s < 0.55 * (ended[9] - begun[0])


@pytest.mark.mosquitto
async def test_messages_for_which_there_is_no_room_are_counted(
    tmp_path: Path, unused_tcp_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ground.links.mqtt.QUEUE_MAX", 3)
    unit, clock = FakeUnit(), SteadyClock()
    link = make_link(f"mqtt://127.0.0.1:{unused_tcp_port}", clock)
    async with (
        mosquitto(unused_tcp_port),
        serving(tmp_path, [link], [unit], clock) as (service, waiter),
    ):
        await waiter.until(lambda: link.state is LinkState.OPEN)
        busy, free, put = asyncio.Event(), asyncio.Event(), service._chunks.put

        async def slow(chunk: Chunk) -> None:
            busy.set()
            await free.wait()
            await put(chunk)

        monkeypatch.setattr(service._chunks, "put", slow)
        async with aiomqtt.Client("127.0.0.1", unused_tcp_port) as client:
            topic = f"panewatch/{SCHEMA_HASH:08x}/sz20/w1/tm"
            await client.publish(topic, unit.boot(), 1)
            await busy.wait()  # it is with the station, and three more find room behind it
            for _ in range(9):
                await client.publish(topic, unit.housekeeping(), 1)
        async with asyncio.timeout(10):
            while link.dropped < 6:  # noqa: ASYNC110 (a count has no event)
                await asyncio.sleep(0.01)
        free.set()
        await waiter.until(lambda: packets(service) == 4)
        assert link.dropped == 6
        gauges = Operations(service).gauges()
        assert gauges.dropped == {link.name: 6}
