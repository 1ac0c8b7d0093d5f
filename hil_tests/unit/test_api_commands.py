"""Commands over HTTP, the client, metrics, and a live feed that loses nothing over a break."""

from __future__ import annotations

import asyncio
import json
import re
import threading
from pathlib import Path

import pytest
from websockets.asyncio.client import connect

from ground.access.access import Access
from ground.access.roles import Role
from ground.access.store import AccessStore
from ground.api import live
from ground.api.app import create_app
from ground.api.json_values import finite
from ground.api.server import serve
from ground.archive.archive import Archive
from ground.client import Client, ClientError
from ground.commanding.request import State
from ground.operations import Operations
from ground.rebuild import stored_fleet
from ground.service import Service
from ground.station import Station
from ground.verdict.assessor import Assessor
from hil_tests.e2e.demo_ground import DemoGround
from hil_tests.sim.command_bench import CommandBench
from hil_tests.support.process import ROOT
from protocol.schema.timescale import iso
from tools.cli.main import main
from tools.run.station_file import announced

UNIT = "sz20/w1"


@pytest.fixture
def bench(tmp_path):
    made = CommandBench(tmp_path)
    made.run(12)
    return made


@pytest.fixture
async def address(bench):
    async with serve(create_app(bench.ground, "right")) as url:
        yield url


async def ask(address, call, token="right"):
    """Run a call of the client, which blocks, beside the server."""
    return await asyncio.to_thread(call, Client(address, token))


async def test_ask_follow_history(address, bench):
    arguments = {"setting": "waveform_interval_ms", "value": 40}
    placed = await ask(address, lambda c: c.send(UNIT, "set_setting", arguments, "ann"))
    assert (placed["id"], placed["state"], placed["arguments"]) == (1, "sent", arguments)
    bench.run(1)
    done = await ask(address, lambda c: c.command(1))
    assert (done["state"], done["effect"]) == ("completed", "verified")
    assert (done["units"], done["effect_words"]) == ({"value": "ms"}, "setting: value is 40 ms")
    whats = [stage["what"] for stage in done["stages"]]
    assert whats == ["send", "accepted", "verified", "completed"]
    assert await ask(address, lambda c: c.commands()) == [done]
    journal = [e.kind for e in bench.ground.journal(10)()]
    assert {"command", "send"} <= set(journal)


async def test_the_command_line_shows_engineering_values(address, bench, capsys, monkeypatch):
    """As they were given, not as they cross the line; a bare number is called a raw count."""
    monkeypatch.setenv("PANEWATCH_TOKEN", "right")
    station = ("--station", address, "--author", "ann")

    async def panewatch(*args):
        code = await asyncio.to_thread(main, ["command", *args])
        assert code == 0
        return capsys.readouterr().out

    given = ("setting=ae_threshold", "value=45.5", "--confirm", UNIT)
    sent = await panewatch("send", UNIT, "set_setting", *given, *station)
    assert "setting=ae_threshold value=45.5 dB_AE" in sent
    assert bench.request().raw == {"setting": 1, "value": 4550}
    bench.run(2)
    await panewatch("send", UNIT, "set_setting", "setting=waveforms", "value=0", *station)
    bench.run(2)
    told = await panewatch("history", "--station", address)
    assert "verified, setting: value is 45.50 dB_AE" in told
    assert "setting=waveforms value=0 (raw count)" in told
    assert "verified, setting: value is 0 (raw count)" in told
    listed = await panewatch("list")
    assert "what that setting takes: ae_threshold 40 to 80 dB_AE, pdt_us 50 to 400 µs" in listed
    assert "low                a number in the unit of that parameter" in listed


async def test_hazardous_commands_need_the_second_step(address, bench):
    placed = await ask(address, lambda c: c.send(UNIT, "reboot", {}, "ann"))
    assert placed["state"] == "unconfirmed"
    with pytest.raises(ClientError, match="type its unit") as refused:
        await ask(address, lambda c: c.confirm(1, "ann"))
    assert refused.value.status == 422
    confirmed = await ask(address, lambda c: c.confirm(1, "ann", UNIT))
    assert (confirmed["confirmed_by"], bench.request().state) != ("", State.UNCONFIRMED)


async def test_where_there_are_several_another_must_confirm(bench, tmp_path):
    access = Access(AccessStore(tmp_path / "access.sqlite"), "right")
    for name in ("ann", "bob"):
        access.users.add(name, Role.ADMIN, "a long password", 1, "test")
    async with serve(create_app(bench.ground, access=access)) as address:
        await ask(address, lambda c: c.send(UNIT, "reboot", {}, "ann"))
        with pytest.raises(ClientError, match="another person confirms") as refused:
            await ask(address, lambda c: c.confirm(1, "ann", UNIT))
        assert refused.value.status == 409
        done = await ask(address, lambda c: c.confirm(1, "bob"))
        assert done["confirmed_by"] == "bob"


@pytest.mark.parametrize(
    ("call", "status", "words"),
    [
        (lambda c: c.send("sz99/w1", "alive", {}, "a"), 404, "There is no unit sz99/w1."),
        (lambda c: c.send(UNIT, "fire", {}, "a"), 422, "there is no command fire"),
        (lambda c: c.send(UNIT, "alive", {"x": 1}, "a"), 422, "alive has no argument x"),
        (lambda c: c.send(UNIT, "alive", {}, " "), 422, "author"),
        (lambda c: c.send(UNIT, "alive", {}, "a", 1e9), 422, "expires_s"),
        (lambda c: c.send(UNIT, "retrieve", {"boot": True}, "a"), 422, "boot"),
        (lambda c: c.command(9), 404, "There is no command 9."),
        (lambda c: c.cancel(9, "a"), 404, "There is no command 9."),
    ],
)
async def test_what_cannot_be_is_refused_in_words(address, call, status, words):
    with pytest.raises(ClientError) as refused:
        await ask(address, call)
    assert refused.value.status == status
    assert words in str(refused.value)


async def test_commanding_needs_the_token(address, bench):
    with pytest.raises(ClientError) as refused:
        await ask(address, lambda c: c.send(UNIT, "alive", {}, "ann"), token="wrong")
    assert refused.value.status == 401
    assert bench.ground.commands(9) == []


async def test_the_other_calls_of_the_client(address):
    health, units, latest, alarms, counts = await ask(
        address, lambda c: (c.health(), c.units(), c.latest(UNIT), c.alarms(every=True), c.counts())
    )
    assert health["ok"]
    assert units[0]["unit"] == "w1"
    assert isinstance(alarms, list)
    assert counts["alarms"]["open"] == len([a for a in alarms if a["state"] != "normal"])
    end = latest["p_gap2"]["utc"]
    told = await ask(address, lambda c: c.history(UNIT, "p_gap2", 0, end))
    assert told["dropped_by_retention"] == []
    assert told["points"][-1]["value"] == latest["p_gap2"]["value"]
    whole = await ask(address, lambda c: c.completeness(UNIT))
    assert whole["total"]["received"] == whole["total"]["expected"] > 0
    assert whole["total"]["received"] == sum(hour["received"] for hour in whole["hours"])
    none = await ask(address, lambda c: c.completeness(UNIT, 0, 1000))
    assert none["hours"] == []
    assert "telecommands" in await ask(address, lambda c: c.dictionary())
    with pytest.raises(ClientError, match="does not answer"):
        Client("http://127.0.0.1:9").health()
    with pytest.raises(ClientError, match="no address"):
        Client("ftp://x")


async def test_metrics_are_prometheus_text(address, bench):
    from urllib.request import urlopen

    def read():
        with urlopen(f"{address}/api/metrics") as answer:
            return answer.headers["Content-Type"], answer.read().decode()

    kind, text = await asyncio.to_thread(read)
    assert kind.startswith("text/plain; version=0.0.4")
    line = re.compile(r'[a-z_]+(\{[a-z]+="[^"]*"(,[a-z]+="[^"]*")*\})? [-+0-9.e]+')
    found = {}
    for row in text.splitlines():
        if not row.startswith("#"):
            assert line.fullmatch(row), row
            name, value = row.rsplit(" ", 1)
            found[name] = float(value)
    packets = found['panewatch_packets_total{vehicle="sz20",unit="w1"}']
    assert packets == sum(s.packets for s in bench.station.streams.values())
    assert found['panewatch_link_frames_total{link="line"}'] == packets
    assert found['panewatch_link_bytes_total{link="line"}'] > 40 * packets
    assert found["panewatch_archive_bytes"] > 0
    assert found["panewatch_up"] == 1


class Listener:
    """The client's live feed in a thread of its own."""

    def __init__(self, address):
        self.client = Client(address, "right")
        self.messages = []
        self.came = threading.Condition()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        for message in self.client.live():
            with self.came:
                self.messages.append(message)
                self.came.notify_all()
                if message["type"] == "data" and message["late"]:
                    return

    def until(self, true):
        with self.came:
            assert self.came.wait_for(lambda: any(true(m) for m in self.messages), 20)

    def until_resumed(self, count):
        with self.came:
            resumed = lambda: [m for m in self.messages if m["type"] == "resumed"]  # noqa: E731
            assert self.came.wait_for(lambda: len(resumed()) == count, 20)

    def data(self):
        return [(m["unit"], m["utc"]) for m in self.messages if m["type"] == "data"]


async def test_a_client_that_is_cut_off_loses_nothing():
    ground = DemoGround(seconds=3)
    app = create_app(ground, "right")
    made = []
    ground.subscribe(lambda samples: made.extend((str(s.unit), s.utc_us / 1000) for s in samples))
    async with serve(app) as address:
        (on_commit, *_) = [f for f in ground._listeners if hasattr(f, "__self__")]
        hub = on_commit.__self__
        listener = await asyncio.to_thread(Listener, address)
        await asyncio.to_thread(listener.until, lambda m: m["type"] == "alarms")
        for back in range(5):
            ground.second()
            count = len(made)
            await asyncio.to_thread(listener.until, lambda m: m["type"] == "data")
            (client,) = hub._clients
            client.overrun.set()  # as one that cannot follow: it is dropped
            for _ in range(20):
                ground.second()
            await asyncio.to_thread(listener.until_resumed, back + 1)
            assert len(made) == count + 60
        ground.silence()
        ground.second()
        ground.recover()
        await asyncio.to_thread(listener.thread.join, 20)
    last = made.index(listener.data()[-1])
    assert listener.data() == made[: last + 1]
    cursors = [m["cursor"] for m in listener.messages]
    resumed = [m for m in listener.messages if m["type"] == "resumed"]
    assert len(resumed) == 5
    assert all(m["whole"] for m in resumed)
    told = [m["cursor"] for m in listener.messages if m["type"] != "resumed"]
    assert told == sorted(set(told)), cursors


async def first(address, after):
    async with connect(f"{address.replace('http', 'ws')}/api/live?after={after}") as socket:
        return [json.loads(await asyncio.wait_for(socket.recv(), 5)) for _ in range(2)]


async def test_what_is_kept_no_more_is_said_to_be_so(monkeypatch):
    monkeypatch.setattr(live, "KEPT", 10)
    ground = DemoGround(seconds=3)
    async with serve(create_app(ground, "right")) as address:
        async with connect(f"{address.replace('http', 'ws')}/api/live") as socket:
            begun = json.loads(await asyncio.wait_for(socket.recv(), 5))["cursor"]
        for _ in range(10):
            ground.second()
        for after in (begun, 0, 10**18):
            told, snapshot = await first(address, after)
            assert (told["type"], told["whole"]) == ("resumed", False)
            assert snapshot["type"] in live.TOPICS, "it begins anew"
        told, _ = await first(address, told["cursor"] - 1)
        assert told["whole"] is True


async def test_a_request_id_stands_for_unit_command_and_arguments(address, bench):
    """Equal ones get the command as it stands by now, others 409; the expiry is no part of it."""

    def send(value="40", expires_s=600, setting="waveform_interval_ms"):
        given = {"setting": setting, "value": value}
        return lambda c: c.send(UNIT, "set_setting", given, "ann", expires_s, "one")

    placed = await ask(address, send())
    bench.run(1)
    again = await ask(address, send(value=40.0, expires_s=9))
    assert (placed["id"], again["id"], again["state"]) == (1, 1, "completed")
    assert again["expires"] == placed["expires"]
    for other in (send(value=41), send(setting="retrieval_interval_ms")):
        with pytest.raises(ClientError, match="request_id one was command 1") as refused:
            await ask(address, other)
        assert refused.value.status == 409
    assert len(bench.ground.commands(9)) == 1


async def test_a_request_id_is_one_command_over_a_restart_too(address, bench):
    def ask_again(client, name="self_test"):
        return client.send(UNIT, name, {}, "ann", request_id="a-page's-own")

    first = await ask(address, ask_again)
    assert (await ask(address, ask_again))["id"] == first["id"] == 1
    bench.kill()
    bench.open()
    async with serve(create_app(bench.ground, "right")) as again:
        assert (await ask(again, ask_again))["id"] == 1
        other = await ask(again, lambda c: c.send(UNIT, "self_test", {}, "bob", 60, "a-page's-own"))
        assert other["id"] == 2, "of another person it is another one"
        with pytest.raises(ClientError, match="was command 1: take a new one") as refused:
            await ask(again, lambda c: ask_again(c, "alive"))
        assert refused.value.status == 409
    bench.run(3)
    assert len(bench.sent_of("self_test")) == 2


async def test_the_example_of_the_page_runs_as_written(tmp_path, monkeypatch, capsys):
    page = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    monkeypatch.chdir(tmp_path)
    assert await asyncio.to_thread(main, ["sim", "leak", "--out", "results"]) == 0
    archive = Archive(Path("results/archive.sqlite"))
    station = Station(archive, stored_fleet(archive), Assessor)
    ground = Operations(Service(station, [], lambda: station.now_us))
    (hit,), (leak,) = ground.impacts(), ground.leaks()
    watch = [a.id for a in ground.alarms() if a.severity.label == "warning"]
    capsys.readouterr()
    async with serve(create_app(ground, "right")) as address:
        with announced(Path(".panewatch"), f"{address}/?token=right", print):
            await asyncio.to_thread(exec, example, {})
        lines = capsys.readouterr().out.splitlines()
        assert lines[0] == "Shenzhou-20 RED"
        assert lines[1].startswith(f"{iso(hit.time_us)} w1 outer {hit.x_mm:.1f}")
        assert lines[2].startswith(f"w1 {leak.rate_pa_s:.0f} Pa/s, ")
        assert lines[3] == "1 findings"
        (seen,) = ground.inspections()
        assert (seen.author, seen.pane, seen.length_mm) == ("ann", "outer", 3.5)
        assert watch == [a.id for a in ground.alarms() if a.state == "shelved"]
        with pytest.raises(ClientError) as refused:
            await ask(address, lambda c: c.inspect(UNIT, "outer", "crack", "ann"))
        assert str(refused.value) == "a crack needs length_mm above 0, a clear pane has none."
        with pytest.raises(ClientError, match=r"^pane must be 'outer', 'middle' or 'inner'\.$"):
            await ask(address, lambda c: c.inspect(UNIT, "back", "clear", "ann"))
        with pytest.raises(ClientError, match="There is no alarm 999"):
            await ask(address, lambda c: c.shelve(999, "ann", "x", 1))


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (102465.20000000001, 102465.2),
        (0.1 + 0.2, 0.3),
        (1762214400123.456, 1762214400123.456),
        (-3.1e-12, -3.1e-12),
        (float("nan"), None),
        (float("inf"), None),
    ],
)
def test_numbers_are_told_without_a_floats_noise(value, told):
    assert finite({"x": [value]}) == {"x": [told]}


def test_the_description_says_in_what_times_are_given():
    paths = create_app(DemoGround()).openapi()["paths"]
    asked = [p for path in paths.values() for p in path.get("get", {}).get("parameters", [])]
    times = [p for p in asked if p["name"] in ("start", "end")]
    assert len(times) == 4
    assert all("ms since 1970" in p["description"] for p in times)
