"""The live unit's tasks: watched, restarted, on time; the scenario's link losses."""

import asyncio
from types import SimpleNamespace

import pytest

from firmware.app import App
from firmware.boards.cpython import CpythonBoard
from firmware.health import task as task_module
from firmware.health.resets import Resets
from firmware.session import Session
from firmware.store.ram import RamFiles
from hil_tests.support.bench import APID, KEY, named
from hil_tests.unit.event_table import SECOND, table
from protocol.schema.decode import decode
from protocol.wire import events, tables, tc

WITHIN_S = 10


async def test_it_stops_for_maintenance_when_it_is_told():
    command = tc.build(tables.TC_MAINTAIN, APID, 0, 0, KEY, ())
    link = Link(commands=[command])
    app = make(link)
    await asyncio.wait_for(app.run(), WITHIN_S)
    assert [p.raw["failure"] for p in named(link.sent, "completed")] == [0]
    assert events.MAINTENANCE in [p.raw.get("event_id") for p in link.sent]


class Link:
    """Keeps what is sent; `run` fails as often as it is told, then delivers `commands`."""

    def __init__(self, failures=0, commands=()):
        self.sent = []
        self.changed = asyncio.Event()
        self._failures = failures
        self._commands = list(commands)

    def send(self, packet):
        self.sent.append(decode(packet))
        self.changed.set()
        return True

    def proceed(self):
        pass

    async def run(self, on_packet, beat):
        if self._failures:
            self._failures -= 1
            raise ValueError("a cable fell out")
        for packet in self._commands:
            on_packet(packet)
        while True:
            await beat()
            await asyncio.sleep(0.1)

    async def wait_for(self, holds):
        """Until a packet holds; returns all sent."""

        async def wait():
            while not any(map(holds, self.sent)):
                self.changed.clear()
                await self.changed.wait()

        await asyncio.wait_for(wait(), WITHIN_S)
        return list(self.sent)


def make(link, *happens, speed_milli=1000):
    settings = SimpleNamespace(
        vehicle="sz20", unit="w1", apid=APID, key=KEY, store_bytes=1 << 20,
        speed_milli=speed_milli, watchdog_ms=0,
    )  # fmt: skip
    board = CpythonBoard()

    def start(send):
        return Session(settings, board, table(*happens), RamFiles(), send)

    return App(board, link, settings, start, Resets(RamFiles()))


@pytest.fixture
async def running():
    tasks = []

    def run(app):
        tasks.append((app, asyncio.create_task(app.run())))

    yield run
    for app, task in tasks:
        app.stop()
        await asyncio.wait_for(task, WITHIN_S)


async def test_a_failed_task_is_reported_with_file_and_line_and_started_again(
    running, capsys, monkeypatch
):
    monkeypatch.setattr(task_module, "RESTART_S", 0.05)
    link = Link(failures=1, commands=[tc.build(tables.TC_ALIVE, APID, 0, 0, KEY, ())])
    running(make(link))
    sent = await link.wait_for(lambda p: p.name == "alive")
    failed, restarted = named(sent, "event_high", "event_medium")
    assert failed.raw["event_id"] == events.TASK_EXCEPTION
    place = failed.raw["text"].rstrip(b"\0").decode()
    file, line = place.split(" ")[0].split(":")
    assert (file, place.split(" ")[1]) == ("test_unit_app.py", "ValueError")
    assert 1 < int(line) < 60
    assert restarted.raw["event_id"] == events.TASK_RESTARTED
    assert restarted.raw["text"].rstrip(b"\0") == b"link"
    assert capsys.readouterr().err == f"firmware: link task: {place}: a cable fell out\n"


async def test_a_failure_in_a_step_does_not_stop_the_clock(running, monkeypatch):
    monkeypatch.setattr(task_module, "RESTART_S", 0.05)
    link = Link()
    app = make(link, speed_milli=20_000)
    step = app._session.step
    failures = []

    def failing(tick_us):
        if tick_us == 2 * SECOND and not failures:
            failures.append(tick_us)
            raise RuntimeError("a bit flipped")
        step(tick_us)

    app._session.step = failing
    running(app)
    sent = await link.wait_for(lambda p: p.name == "time" and p.time_us >= 5 * SECOND)
    assert [e.raw["event_id"] for e in named(sent, "event_high")] == [events.TASK_EXCEPTION]
    assert len(named(sent, "housekeeping")) >= 5


async def test_unit_time_passes_at_speed_and_delays_are_made_up(running):
    link = Link()
    running(make(link, speed_milli=50_000))
    loop = asyncio.get_running_loop()
    begin_s = loop.time()
    await link.wait_for(lambda p: p.time_us >= 10 * SECOND)
    assert loop.time() - begin_s > 0.15
    loop.call_soon(lambda: __import__("time").sleep(0.1))  # a hog: 5 s of unit time
    sent = await link.wait_for(lambda p: p.time_us >= 30 * SECOND)
    seconds = [p.time_us // SECOND for p in named(sent, "housekeeping")]
    assert seconds == list(range(len(seconds))), "no second is left out"
    assert max(p.raw["longest_gap_us"] for p in named(sent, "housekeeping")) >= 90_000


async def test_a_link_loss_delivers_nothing_and_is_not_noticed(running):
    link = Link()
    running(make(link, (2 * SECOND, "link_loss", 3 * SECOND), speed_milli=20_000))
    sent = await link.wait_for(lambda p: p.time_us >= 6 * SECOND)
    seconds = {p.time_us // SECOND for p in sent}
    assert seconds & {2, 3, 4} == set()
    records = [p.record for p in sent]
    assert records != list(range(len(records))), "the unit went on meanwhile"
    assert named(sent, "housekeeping")[-1].raw["link_dropped"] == 0
