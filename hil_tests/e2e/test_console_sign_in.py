"""Signing in at the console, what a role may there, and a hostile page in the same browser."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from ground.access.access import Access
from ground.access.roles import Role
from ground.access.store import AccessStore
from ground.api import security
from ground.api.app import create_app
from ground.api.server import serve
from ground.api.site import Site
from hil_tests.e2e.demo_ground import DemoGround
from hil_tests.e2e.viewer import strip
from hil_tests.support.people import cheap_hashes

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures(cheap_hashes.__name__)]

PASSWORD = "a password of one's own"
T0 = 1_762_214_400_000_000


class Place:
    """A station with users, served, and a browser on it."""

    def __init__(self, browser: Browser, host: str) -> None:
        self.ground = DemoGround(seconds=10)
        self.ground.leak()
        self.access = Access(AccessStore())
        for name, role in (("ada", Role.ADMIN), ("olga", Role.OPERATOR), ("vera", Role.VIEWER)):
            self.access.users.add(name, role, PASSWORD, T0, "test")
        names = ("127.0.0.1",) if host == "0.0.0.0" else ()
        self.app = create_app(self.ground, access=self.access, site=Site(host, names))
        self.browser = browser
        self.url = ""

    async def page(self, path: str) -> Page:
        """In a browser of its own: no cookie of another's."""
        page = await (await self.browser.new_context()).new_page()
        page.set_default_timeout(20_000)
        await page.goto(f"{self.url}{path}")
        return page


@pytest_asyncio.fixture(
    params=["127.0.0.1", "0.0.0.0"], ids=["loopback", "beyond"], loop_scope="module"
)
async def place(request, browser: Browser) -> AsyncIterator[Place]:
    made = Place(browser, request.param)
    async with serve(made.app) as made.url:
        yield made


async def fill(page: Page, name: str, password: str = PASSWORD) -> None:
    await page.get_by_label("Name").fill(name)
    await page.get_by_label("Password").fill(password)
    await page.get_by_role("button", name="Sign in").click()


async def signed_in(place: Place, name: str) -> Page:
    """The console's simple view after signing in on the way to it."""
    page = await place.page("/signin?to=/phone")
    await fill(page, name)
    await page.wait_for_selector("body[data-ready]")
    return page


async def test_sign_in_act_and_sign_out(place: Place) -> None:
    page = await place.page("/phone")
    if place.app.state.site.open_reading:
        await page.wait_for_selector("body[data-ready]")
        await page.get_by_role("button", name="sign in …").click()
    await expect(page).to_have_url(f"{place.url}/signin?to=%2Fphone")
    await fill(page, "olga", "a wrong password")
    await expect(page.get_by_role("alert")).to_have_text("Wrong name or password.")
    await fill(page, "olga")
    await expect(page).to_have_url(f"{place.url}/phone")
    await page.wait_for_selector("body[data-ready]")
    assert "panewatch" not in await page.evaluate("document.cookie")
    operator = page.get_by_role("button", name="Operator: olga")
    await strip(page).get_by_role("button", name="Acknowledge").click()
    await expect(strip(page)).to_contain_text("acknowledged by olga")
    assert place.ground.journal(1)()[0].author == "olga"

    await operator.click()
    await page.get_by_role("button", name="Sign out").click()
    if place.app.state.site.open_reading:
        await expect(page.get_by_role("button", name="sign in …")).to_be_visible()
    else:
        await expect(page).to_have_url(f"{place.url}/signin?to=%2Fphone")
    assert place.access.store.rows("SELECT 1 FROM sessions") == []


async def test_a_late_refusal_leaves_the_next_password_alone(place: Place) -> None:
    """Who types the right one already while the wrong one is being checked does not lose it."""
    page = await place.page("/signin")
    answered = asyncio.Event()

    async def hold(route) -> None:
        if route.request.method == "POST":
            await answered.wait()
        await route.continue_()

    await page.route("**/api/session", hold)
    await fill(page, "olga", "a wrong password")
    await page.get_by_label("Password").fill("the next one")
    answered.set()
    await expect(page.get_by_role("alert")).to_have_text("Wrong name or password.")
    await expect(page.get_by_label("Password")).to_have_value("the next one")


async def test_the_way_back_without_signing_in(place: Place) -> None:
    page = await place.page("/signin?to=/phone")
    back = page.get_by_role("link", name="Look without signing in")
    if not place.app.state.site.open_reading:
        await expect(back).to_be_hidden()
        return
    await back.click()
    await page.wait_for_selector("body[data-ready]")
    await expect(page).to_have_url(f"{place.url}/phone")


async def test_a_viewer_is_told_what_is_missing(place: Place) -> None:
    page = await signed_in(place, "vera")
    button = strip(page).get_by_role("button", name="Acknowledge")
    await expect(button).to_be_disabled()
    words = "vera may look, not acknowledge: this needs the role operator, not viewer."
    await expect(button).to_have_attribute("title", words)
    assert place.ground.journal(1)() == []


async def test_a_session_that_ends_is_seen(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Removed at the command line: the feed ends, and no action goes out in that name."""
    monkeypatch.setattr(security, "RECHECK_S", 0.1)
    page = await signed_in(place, "olga")
    place.access.users.remove("olga", T0, "test")
    if place.app.state.site.open_reading:
        await strip(page).get_by_role("button", name="Acknowledge").click()
        await expect(page.get_by_role("alertdialog")).to_contain_text("sign in first")
        await expect(page.get_by_role("button", name="sign in …")).to_be_attached()
    else:
        await expect(page).to_have_url(f"{place.url}/signin?to=%2Fphone")
    assert place.ground.journal(1)() == []


async def test_the_way_back_leads_nowhere_else(place: Place) -> None:
    for to in ("https://evil.example/", "//evil.example/", "javascript:alert(1)"):
        page = await place.page(f"/signin?to={to}")
        await fill(page, "vera")
        await page.wait_for_url(f"{place.url}/")


HOSTILE = """
async ({ url, feed }) => {
  const out = {};
  const tried = async (name, act) => {
    try { out[name] = await act(); } catch { out[name] = 'refused'; }
  };
  const json = { 'Content-Type': 'application/json' };
  const body = JSON.stringify({ author: 'mallory', comment: '' });
  const post = { method: 'POST', credentials: 'include', body };
  const act = `${url}/api/alarms/1/acknowledge`;
  const read = { credentials: 'include' };
  await tried('read', async () => (await fetch(`${url}/api/units`, read)).status);
  await tried('act', async () => (await fetch(act, { ...post, headers: json })).status);
  await tried('simple', async () => (await fetch(act, { ...post, mode: 'no-cors' })).type);
  await tried('feed', () => new Promise((resolve) => {
    const socket = new WebSocket(feed);
    socket.onmessage = () => resolve('told');
    socket.onclose = () => resolve('refused');
  }));
  await tried('script', () => new Promise((resolve) => {
    const script = document.createElement('script');
    script.src = `${url}/api/units`;
    script.onload = () => resolve('loaded');
    script.onerror = () => resolve('refused');
    document.body.append(script);
  }));
  await tried('frame', () => new Promise((resolve) => {
    const frame = document.createElement('iframe');
    frame.src = `${url}/phone`;
    frame.onload = () => resolve('ended');
    document.body.append(frame);
  }));
  return out;
}
"""


async def foreign_page(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    page = b"<!doctype html><title>hostile</title><body>"
    head = f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {len(page)}\r\n"
    writer.write(head.encode() + b"Connection: close\r\n\r\n" + page)
    await writer.drain()
    writer.close()


async def test_a_hostile_page_gets_and_does_nothing(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Same browser, same host (so that even a SameSite cookie goes along), another port."""
    act, refused, admit = "/api/alarms/1/acknowledge", set(), security.admit

    def witness(scope, site, access):
        try:
            return admit(scope, site, access)
        except security.Refusal:
            refused.add((scope.get("method", "WS"), scope["path"]))
            raise

    monkeypatch.setattr(security, "admit", witness)
    page = await signed_in(place, "ada")
    server = await asyncio.start_server(foreign_page, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    other = await page.context.new_page()
    await other.goto(f"http://127.0.0.1:{port}/")
    feed = f"{place.url.replace('http', 'ws')}/api/live"
    got = await other.evaluate(HOSTILE, {"url": place.url, "feed": feed})
    assert got == {
        "read": "refused",
        "act": "refused",
        "simple": "refused",
        "feed": "refused",
        "script": "refused",
        "frame": "ended",
    }
    assert [frame.url for frame in other.frames[1:]] == ["chrome-error://chromewebdata/"]
    told = {("OPTIONS", act), ("POST", act), ("GET", "/api/units"), ("WS", "/api/live")}
    assert told <= refused
    assert place.ground.journal(1)() == []
    await expect(page.get_by_role("button", name="Operator: ada")).to_be_attached()
    server.close()
