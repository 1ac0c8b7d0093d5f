"""Signing in over HTTP: the cookie, forged, expired and replayed secrets, the live feed."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from ground.access import sessions
from ground.access.roles import Role
from ground.api import security
from ground.api.server import serve
from ground.api.site import Certificate, Site
from ground.turns import TooBusyError
from hil_tests.support.people import DAY_US, PASSWORD, PORT, Place, cheap_hashes, sign_in

pytestmark = pytest.mark.usefixtures(cheap_hashes.__name__)
ACK = "/api/alarms/1/acknowledge"
BODY = {"author": "x"}


@pytest.fixture
def here() -> Place:
    return Place()


def beyond() -> Place:
    return Place(Site("0.0.0.0", ("station.example",), port=PORT))


async def test_who_is_here(here):
    olga = await here.signed_in("olga")
    told = (await olga.get("/api/session")).json()
    assert told == {
        "user": "olga", "token": None, "role": "operator",
        "csrf": olga.headers["X-Panewatch-CSRF"], "sign_in": True, "open_reading": True,
        "second_person": True,
    }  # fmt: skip
    nobody = (await here.client().get("/api/session")).json()
    assert (nobody["user"], nobody["role"], nobody["csrf"]) == (None, None, None)


@pytest.mark.parametrize("tls", [False, True])
async def test_the_cookie_is_out_of_reach(tls):
    certificate = Certificate(Path("unused"), Path("unused")) if tls else None
    here = Place(Site(port=PORT, certificate=certificate))
    answer = await sign_in(here.client(), "olga")
    name, *attributes = answer.headers["set-cookie"].split("; ")
    assert name.startswith(f"{'__Host-' if tls else ''}panewatch-{PORT}=")
    expected = {"HttpOnly", "SameSite=strict", "Path=/", "Max-Age=43200"}
    assert set(attributes) == expected | ({"Secure"} if tls else set())
    assert answer.headers["cache-control"] == "no-store"
    assert name.split("=")[1] not in answer.text


async def test_an_action_by_cookie_needs_the_pages_own_header(here):
    olga = await here.signed_in("olga")
    right = olga.headers["X-Panewatch-CSRF"]
    other = (await here.signed_in("ada")).headers["X-Panewatch-CSRF"]
    for wrong in (None, "", "x", other, "ünïcode"):
        del olga.headers["X-Panewatch-CSRF"]
        headers = {} if wrong is None else {"X-Panewatch-CSRF": wrong.encode()}
        answer = await olga.post(ACK, json=BODY, headers=headers)
        assert (answer.status_code, "X-Panewatch-CSRF" in answer.json()["error"]) == (403, True)
        assert (await olga.delete("/api/session", headers=headers)).status_code == 403
        olga.headers["X-Panewatch-CSRF"] = right
    assert here.ground.journal(1)() == []
    foreign = {"Origin": "http://evil.example"}
    assert (await olga.post(ACK, json=BODY, headers=foreign)).status_code == 403
    assert (await olga.post(ACK, json=BODY)).status_code == 200


async def test_a_signed_out_session_cannot_be_replayed(here):
    olga = await here.signed_in("olga")
    thief = here.client(**olga.headers)
    thief.cookies.update(olga.cookies)
    assert (await thief.get("/api/session")).json()["user"] == "olga"
    assert (await olga.delete("/api/session")).status_code == 200
    assert not olga.cookies
    assert (await thief.get("/api/session")).json()["user"] is None
    assert (await thief.post(ACK, json=BODY)).status_code == 401


async def test_signing_in_again_ends_the_session_before(here):
    """A session that was planted or left behind is worth nothing afterwards."""
    olga = await here.signed_in("olga")
    before = dict(olga.cookies)
    assert (await sign_in(olga, "ada")).status_code == 200
    assert dict(olga.cookies) != before
    old = here.client()
    old.cookies.update(before)
    assert (await old.get("/api/session")).json()["user"] is None


@pytest.mark.parametrize("planted", ["", "x", "A" * 43])
async def test_no_session_is_one_that_was_there_before(here, planted):
    """Fixation: whatever cookie a browser brings, signing in gives a secret that nobody knew."""
    name = here.site.cookie
    client = here.client(**({"Cookie": f"{name}={planted}"} if planted else {}))
    secrets = set()
    for _ in range(3):
        answer = await sign_in(client, "olga")
        assert answer.status_code == 200
        secrets.add(answer.cookies[name])
    assert len(secrets) == 3
    assert planted not in secrets
    old = here.client(Cookie=f"{name}={planted}")
    assert (await old.get("/api/session")).json()["user"] is None


@pytest.mark.parametrize("origin", ["http://evil.example", "null", f"http://127.0.0.1:{PORT + 1}"])
async def test_a_foreign_page_signs_nobody_in(here, origin):
    """Login CSRF: else a page elsewhere could have an operator act in the name of another."""
    body = {"user": "vera", "password": PASSWORD}
    given = {"Origin": origin, "Content-Type": "text/plain"}  # what a form can send unasked
    for client in (here.client(), await here.signed_in("olga")):
        before = dict(client.cookies)
        answer = await client.post("/api/session", content=json.dumps(body), headers=given)
        assert answer.status_code == 403
        assert "set-cookie" not in answer.headers
        assert dict(client.cookies) == before


@pytest.mark.parametrize("after_us", [sessions.IDLE_US, sessions.LIFE_US])
async def test_an_expired_session_opens_nothing(here, after_us):
    olga = await here.signed_in("olga")
    here.clock.now_us += after_us
    assert (await olga.post(ACK, json=BODY)).status_code == 401


async def test_forged_sessions_and_tokens(here):
    """Guessed, altered, of the other kind, or our own digest given back."""
    olga = await here.signed_in("olga")
    name, right = next(iter(olga.cookies.items()))
    token = here.token("ada", Role.ADMIN)
    kept = here.access.store.rows("SELECT digest FROM sessions")[0][0]
    forged = ["", "x", right[:-1], right + "x", right.swapcase(), kept, token, "x" * 5000, '"; a']
    for secret in forged:
        client = here.client(Cookie=f"{name}={secret}")
        client.headers["X-Panewatch-CSRF"] = sessions.csrf(secret)
        assert (await client.post(ACK, json=BODY)).status_code == 401, secret
    kept = here.access.store.rows("SELECT digest FROM tokens")[0][0]
    for secret in ("", "x", token[:-1], token + "x", token.swapcase(), kept, right, "None"):
        for headers in ({"X-Panewatch-Token": secret}, {"Authorization": f"Bearer {secret}"}):
            answer = await here.client(**headers).post(ACK, json=BODY)
            assert answer.status_code == 401, headers
    assert here.ground.journal(1)() == []
    assert (await here.client(Authorization=f"bearer {token}").post(ACK, json=BODY)).is_success


async def test_a_wrong_token_is_nobody_whatever_the_cookie(here):
    olga = await here.signed_in("olga")
    answer = await olga.post(ACK, json=BODY, headers={"X-Panewatch-Token": "of an earlier run"})
    assert answer.status_code == 401


async def test_expired_and_revoked_tokens(here):
    token = here.token("ada", Role.ADMIN, days=1)
    client = here.client(**{"X-Panewatch-Token": token})
    assert (await client.post(ACK, json=BODY)).status_code == 200
    here.clock.now_us += DAY_US
    assert (await client.post(ACK, json=BODY)).status_code == 401
    here.access.tokens.revoke("ada", "script-admin", here.clock(), "test")
    client.headers["X-Panewatch-Token"] = token = here.token("ada", Role.ADMIN)
    assert (await client.get("/api/access/log")).status_code == 200
    here.access.tokens.revoke("ada", "script-admin", here.clock(), "test")
    assert (await client.get("/api/access/log")).status_code == 401


async def test_guessing_is_answered_with_a_wait(here):
    client = here.client()
    for _ in range(5):
        answer = await sign_in(client, "olga", "guess")
        assert (answer.status_code, answer.json()) == (401, {"error": "Wrong name or password."})
    answer = await sign_in(client, "olga")
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "2")
    assert answer.json()["wait_s"] == 1.0
    assert "set-cookie" not in answer.headers
    unknown = [(await sign_in(client, "nobody", "guess")).json() for _ in range(6)]
    assert unknown[:5] == [{"error": "Wrong name or password."}] * 5
    assert unknown[5]["error"] == answer.json()["error"]  # as if there were such a user


async def test_a_client_cannot_name_its_own_address(here):
    """Else each guess would come from an address of its own."""
    async with serve(here.app) as url, httpx.AsyncClient(base_url=url) as client:
        for k in range(20):
            forged = {"X-Forwarded-For": f"192.0.2.{k}", "Forwarded": f"for=192.0.2.{k}"}
            body = {"user": f"name{k}", "password": "guess"}
            assert (await client.post("/api/session", json=body, headers=forged)).status_code == 401
        assert (await sign_in(client, "olga")).status_code == 429


async def test_beyond_loopback_nothing_is_shown_to_strangers():
    here = beyond()
    client = here.client()
    for path in ("health", "units", "journal", "openapi.json", "history/sz20/w1/p_gap2", "nothing"):
        assert (await client.get(f"/api/{path}")).status_code == 401, path
    for path in ("/", "/signin", "/static/app.js"):
        assert (await client.get(path)).status_code == 200, path
    named = {"Host": f"Station.Example:{PORT}", "Origin": f"http://station.example:{PORT}"}
    vera = await here.signed_in("vera")
    assert (await vera.get("/api/units", headers=named)).status_code == 200
    assert (await vera.get("/api/units", headers={"Host": f"0.0.0.0:{PORT}"})).status_code == 403


async def reading(socket) -> None:
    while True:
        await socket.recv()


async def test_the_live_feed_asks_who_and_ends_with_the_session(monkeypatch):
    monkeypatch.setattr(security, "RECHECK_S", 0.05)
    here = Place(Site("0.0.0.0", ("localhost",)))
    async with serve(here.app) as url, asyncio.timeout(30):
        feed = f"{url.replace('http', 'ws')}/api/live"
        for headers in ({}, {"X-Panewatch-Token": "x"}, {"Cookie": f"{here.site.cookie}=x"}):
            with pytest.raises(InvalidStatus):
                await connect(feed, additional_headers=headers)
        secret = await here.access.sign_in("vera", PASSWORD, "a")
        cookie = {"Cookie": f"{here.site.cookie}={secret}"}
        with pytest.raises(InvalidStatus):
            await connect(feed, additional_headers=cookie, origin="http://evil.example")
        token = {"Authorization": f"Bearer {here.token('ada', Role.VIEWER)}"}
        async with (
            connect(feed, additional_headers=cookie) as page,
            connect(feed, additional_headers=token) as script,
        ):
            assert json.loads(await page.recv())["type"] == "units"
            here.access.sign_out(secret)
            with pytest.raises(ConnectionClosed) as closed:
                await reading(page)
            assert closed.value.rcvd.code == 1008
            assert json.loads(await script.recv())["type"] == "units"
            here.access.tokens.revoke("ada", "script-viewer", here.clock(), "test")
            with pytest.raises(ConnectionClosed):
                await reading(script)


async def test_users_that_cannot_be_read_let_nobody_in(tmp_path):
    here = Place(path=tmp_path / "access.sqlite")
    olga = await here.signed_in("olga")
    here.access.store.rows("SELECT 1")
    here.access.store.change("DROP TABLE sessions")
    answer = await olga.post(ACK, json=BODY)
    assert answer.status_code == 503
    assert answer.json()["error"].startswith("The ground station cannot read its users")
    assert here.ground.journal(1)() == []


@pytest.mark.parametrize(
    "damage",
    ["DROP TABLE sessions", "ALTER TABLE users RENAME TO gone", "UPDATE users SET role = 99"],
)
async def test_whatever_is_broken_in_the_users_is_a_503(damage, tmp_path):
    here = Place(path=tmp_path / "access.sqlite")
    olga = await here.signed_in("olga")
    here.access.store.change(damage)
    told = [await olga.get("/api/session"), await olga.post(ACK, json=BODY)]
    if "role" not in damage:
        told.append(await sign_in(here.client(), "olga"))
    for answer in told:
        assert answer.status_code == 503, answer.text
        assert answer.json()["error"].startswith("The ground station cannot read its users")


async def test_too_many_at_once_are_told_when_to_come_again(here, monkeypatch):
    async def busy(*_: str) -> str:
        raise TooBusyError(5)

    monkeypatch.setattr(here.access, "sign_in", busy)
    answer = await sign_in(here.client(), "olga")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert answer.json() == {"error": "Too many are signing in at once; try again soon."}
