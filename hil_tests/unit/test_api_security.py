"""Only our own host and origin may talk, and only the token's holder may act."""

from __future__ import annotations

import asyncio
import json
from contextlib import nullcontext

import httpx
import pytest
from starlette.datastructures import Headers
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from ground.api.app import create_app
from ground.api.bounds import BODY_MAX
from ground.api.security import Refusal, refuse
from ground.api.server import serve
from ground.api.site import Site
from hil_tests.e2e.demo_ground import DemoGround

PORT = 8420
ACTIONS = ["alarms/1/acknowledge", "alarms/1/shelve", "inspections"]


@pytest.fixture
def ground() -> DemoGround:
    made = DemoGround(seconds=3)
    made.strike()
    return made


@pytest.fixture
async def client(ground):
    transport = httpx.ASGITransport(create_app(ground, "right", PORT))
    async with httpx.AsyncClient(transport=transport, base_url=f"http://127.0.0.1:{PORT}") as c:
        yield c


@pytest.fixture
async def url(ground):
    async with serve(create_app(ground, "right")) as address:
        yield address


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "[::1]"])
async def test_our_own_hosts_may(client, name):
    own = {"Host": f"{name}:{PORT}", "Origin": f"http://{name}:{PORT}"}
    assert (await client.get("/api/health", headers=own)).status_code == 200


@pytest.mark.parametrize(("port", "host", "refused"), [
    (80, "localhost", False), (80, "localhost:80", False), (8420, "localhost", True),
])  # fmt: skip
def test_http_leaves_its_own_port_out(port, host, refused):
    with pytest.raises(Refusal) if refused else nullcontext():
        refuse(Headers({"host": host}), Site(port=port))


FOREIGN = [
    {"Host": "evil.example:{port}"},
    {"Host": "127.0.0.1"},
    {"Host": "127.0.0.1:1"},
    {"Host": "127.0.0.1.evil.example:{port}"},
    {"Origin": "http://evil.example"},
    {"Origin": "http://127.0.0.1:1"},
    {"Origin": "https://127.0.0.1:{port}"},
    {"Origin": "null"},
]


@pytest.mark.parametrize("headers", FOREIGN)
@pytest.mark.parametrize("path", ["/", "/api/health", "/static/app.js", "/openmct/openmct.js"])
async def test_foreign_hosts_and_origins_are_refused(client, headers, path):
    given = {k: v.format(port=PORT) for k, v in headers.items()}
    answer = await client.get(path, headers=given)
    assert answer.status_code == 403
    assert list(answer.json()) == ["error"]


async def test_foreign_hosts_and_origins_get_no_websocket(url):
    port = url.rsplit(":", 1)[1]
    for headers in FOREIGN:
        given = {k: v.format(port=port) for k, v in headers.items()}
        assert await handshake(int(port), given) == 403, headers
    assert await handshake(int(port), {}) == 101


@pytest.mark.parametrize("name", ["Origin", "Host"])
async def test_two_origins_or_hosts_are_refused(client, name):
    own = {"Origin": f"http://127.0.0.1:{PORT}", "Host": f"127.0.0.1:{PORT}"}[name]
    answer = await client.get("/api/health", headers=[(name, own), (name, "http://evil.example")])
    assert answer.status_code == 403
    assert answer.json() == {"error": f"A request has one header {name} at most."}


async def handshake(port: int, headers: dict[str, str]) -> int:
    """Status of a WebSocket's opening with these headers."""
    lines = {
        "Host": f"127.0.0.1:{port}",
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
        "Sec-WebSocket-Version": "13",
    } | headers
    request = "GET /api/live HTTP/1.1\r\n" + "".join(f"{k}: {v}\r\n" for k, v in lines.items())
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request.encode() + b"\r\n")
    status = await asyncio.wait_for(reader.readline(), 5)
    writer.close()
    return int(status.split()[1])


async def test_websocket_of_our_own_page(url):
    port = url.rsplit(":", 1)[1]
    async with connect(f"ws://127.0.0.1:{port}/api/live", origin=url) as socket:
        assert json.loads(await socket.recv())["type"] == "units"


async def test_no_other_websocket(url):
    with pytest.raises(InvalidStatus):
        await connect(f"{url.replace('http', 'ws')}/api/other")


@pytest.mark.parametrize("path", ACTIONS)
@pytest.mark.parametrize("token", [None, "", "wrong", "Right", "rightx", "ünïcode"])
async def test_actions_need_the_token(client, ground, path, token):
    headers = {} if token is None else {"X-Panewatch-Token": token.encode()}
    body = {"author": "Li", "for_s": 1, "reason": "r"}
    answer = await client.post(f"/api/{path}", json=body, headers=headers)
    assert answer.status_code == 401
    assert "token" in answer.json()["error"]
    assert ground.journal(10)() == []


async def test_no_body_is_read_without_the_token(client, url):
    port = int(url.rsplit(":", 1)[1])
    endless = "Content-Length: 300000000"
    assert await opening(port, endless) == 401
    assert await opening(port, endless, "X-Panewatch-Token: right") == 413


async def test_a_refusal_is_heard_although_the_body_comes_after_it(url):
    """Else the connection is reset, and the page cannot say what was wrong."""
    port = int(url.rsplit(":", 1)[1])
    for _ in range(20):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        head = (
            f"POST /api/inspections HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Length: 2\r\n\r\n"
        )
        writer.write(head.encode())
        await writer.drain()
        await asyncio.sleep(0.01)  # as from a client that sends both apart
        writer.write(b"{}")
        assert (await reader.read()).startswith(b"HTTP/1.1 401")
        writer.close()


async def test_a_body_without_a_length_ends_as_well(client, ground):
    read = 0

    async def endless():
        nonlocal read
        while True:
            read += 4096
            yield b" " * 4096

    async with asyncio.timeout(10):
        answer = await client.post(
            "/api/inspections", content=endless(), headers={"X-Panewatch-Token": "right"}
        )
    assert (answer.status_code, read) == (413, BODY_MAX + 4096)
    assert "65536 bytes" in answer.json()["error"]


async def opening(port: int, *lines: str) -> int:
    """Status of an action of which only the head is sent."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    head = ["POST /api/inspections HTTP/1.1", f"Host: 127.0.0.1:{port}", *lines, "", ""]
    writer.write("\r\n".join(head).encode())
    status = await asyncio.wait_for(reader.readline(), 5)
    writer.close()
    return int(status.split()[1])


async def test_policy_headers(client):
    headers = (await client.get("/")).headers
    policy = headers["content-security-policy"]
    assert "script-src 'self' 'unsafe-eval'" in policy
    assert "frame-ancestors 'none'" in policy
    assert f"ws://127.0.0.1:{PORT}" in policy
    assert headers["referrer-policy"] == "no-referrer"  # the start URL holds the token
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    refused = await client.get("/", headers={"Host": "evil.example"})
    assert "frame-ancestors 'none'" in refused.headers["content-security-policy"]


async def test_a_page_that_includes_our_answers_gets_none(client):
    answer = await client.get("/api/units")
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    assert answer.headers["cache-control"] == "no-store"
    assert not [name for name in answer.headers if name.startswith("access-control")]
