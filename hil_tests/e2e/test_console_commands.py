"""The commands pane in Chromium: a real unit and a real station behind it, in virtual time."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, Route, expect

from ground.access.access import Access
from ground.access.roles import Role
from ground.access.store import AccessStore
from ground.api.app import create_app
from ground.api.server import serve
from ground.commanding.request import State
from hil_tests.e2e.conftest import TOKEN, shot
from hil_tests.e2e.viewer import Viewer, give_name, name_operator
from hil_tests.sim.command_bench import T0, CommandBench
from hil_tests.support.people import PASSWORD, cheap_hashes

pytestmark = pytest.mark.browser

UNIT = "sz20/w1"


class Desk:
    """A station with one unit on its line; `bench.run(1)` lets both live on for a second."""

    def __init__(self, folder: Path, browser: Browser, stack: AsyncExitStack) -> None:
        self.bench = CommandBench(folder)
        self.bench.run(6)
        self._browser = browser
        self._stack = stack
        self._url = ""

    async def open(self, path: str = "/phone", name: str = "ann", **size: int) -> Page:
        """The console of a `run` without users, its operator named so."""
        app = create_app(self.bench.ground, TOKEN)
        url = await self._stack.enter_async_context(serve(app))
        page = await Viewer(self._browser, url, TOKEN).open(path, **size)
        if name:
            await name_operator(page, name)
        return page

    async def people(self, **roles: Role) -> list[Page]:
        """The console of each of them, signed in, in a browser of their own."""
        access = Access(AccessStore())
        for name, role in roles.items():
            access.users.add(name, role, PASSWORD, T0, "test")
        app = create_app(self.bench.ground, access=access)
        url = await self._stack.enter_async_context(serve(app))
        return [await self._signed_in(url, name) for name in roles]

    async def _signed_in(self, url: str, name: str) -> Page:
        page = await (await self._browser.new_context()).new_page()
        page.set_default_timeout(20_000)
        await page.goto(f"{url}/signin?to=/phone")
        await page.get_by_label("Name").fill(name)
        await page.get_by_label("Password").fill(PASSWORD)
        await page.get_by_role("button", name="Sign in").click()
        await page.wait_for_selector("body[data-ready]")
        return page


@pytest_asyncio.fixture(loop_scope="module")
async def desk(tmp_path: Path, browser: Browser) -> AsyncIterator[Desk]:
    async with AsyncExitStack() as stack:
        yield Desk(tmp_path, browser, stack)


def pending(page: Page) -> Locator:
    return page.get_by_role("list", name="Commands that wait for confirmation")


def under_way(page: Page) -> Locator:
    return page.get_by_role("list", name="Commands under way")


def over(page: Page) -> Locator:
    return page.get_by_role("list", name="Commands that are over")


def send(page: Page) -> Locator:
    return page.locator(".pw-command-form").get_by_role("button")


async def fill(page: Page, command: str, **arguments: str) -> None:
    await page.get_by_label("Command", exact=True).select_option(command)
    for name, value in arguments.items():
        field = page.locator(f"#pw-argument-{name}")
        if await field.evaluate("f => f.tagName") == "SELECT":
            await field.select_option(value)
        else:
            await field.fill(value)


async def test_sent_once_and_its_effect_is_seen(desk: Desk) -> None:
    """From the overview to the pane; a double click and a reload send nothing twice."""
    page = await desk.open("/")
    await page.get_by_role("button", name="Commands").click()
    await fill(page, "set_setting", setting="waveform_interval_ms", value="40")
    await expect(page.locator("#pw-argument-value-hint")).to_contain_text("from 20 to 10000 ms")
    await expect(send(page)).to_have_text(f"Send to {UNIT}")
    await send(page).dblclick()
    await expect(send(page)).to_be_disabled()
    await expect(under_way(page)).to_contain_text("setting = waveform_interval_ms")
    desk.bench.run(1)
    entry = over(page).locator("li.pw-command")
    await expect(entry).to_contain_text("✓ completed")
    await expect(entry).to_contain_text(f"{UNIT} set_setting (setting = waveform_interval_ms")
    await expect(entry).to_contain_text("value = 40 ms")
    await expect(entry).to_contain_text("by ann")
    await expect(entry).to_contain_text("✓ effect verified in telemetry: setting: value is 40 ms")
    stages = entry.get_by_label("Stages").locator("> li")
    await expect(stages).to_contain_text(["sent", "accepted", "effect verified", "completed"])
    told = page.locator(".pw-commands [role=status]")
    await expect(told).to_contain_text("Command 1")
    await page.reload()
    await expect(over(page)).to_contain_text("✓ completed")
    desk.bench.run(1)
    assert len(desk.bench.sent_of("set_setting")) == 1
    await shot(page, "commands")

    await page.get_by_role("button", name="Fill the form again from command 1").click()
    await expect(page.locator("#pw-argument-value")).to_have_value("40")
    await page.get_by_role("button", name="Overview", exact=True).click()
    await expect(page.locator(".pw-pane")).to_have_count(1)


async def test_what_a_monitor_watches_gives_its_limits_their_unit(desk: Desk) -> None:
    """Engineering values with their unit going out and coming back; a bare count says so."""
    page = await desk.open(width=390, height=844)
    hint = page.locator("#pw-argument-high-hint")
    await fill(page, "add_monitor", monitor="20", check="limit", low="90000", high="105000.5")
    await expect(hint).to_contain_text("a number in the unit of that parameter: choose it first")
    await fill(page, "add_monitor", parameter="impacts")
    await expect(hint).to_contain_text("(raw count)")
    given = {"monitor": "20", "parameter": "p_gap2", "check": "limit"}
    await fill(page, "add_monitor", **given, low="90000", high="105000.5")
    await expect(hint).to_contain_text("a number from -214748364.8 to 214748364.7 Pa")
    await send(page).click()
    await expect(under_way(page)).to_contain_text("high = 105000.5 Pa")
    desk.bench.run(3)
    entry = over(page).locator("li.pw-command")
    await expect(entry).to_contain_text(
        "effect verified in telemetry: monitor: high is 105000.5 Pa"
    )
    await entry.scroll_into_view_if_needed()
    await shot(page, "commands_monitor_phone")
    assert desk.bench.request().raw["high"] == 1_050_005


async def test_an_answer_that_is_lost_is_asked_for_again(desk: Desk) -> None:
    """The station has the command, the page does not know it: neither way it goes out twice."""
    page = await desk.open()

    async def lose_the_answer(route: Route) -> None:
        if route.request.method == "POST":
            await route.fetch()
            await route.abort()
        else:
            await route.continue_()

    for number, reload in enumerate((False, True), 1):
        await page.route("**/api/commands", lose_the_answer)
        await fill(page, "self_test")
        await send(page).click()
        await expect(page.locator(".pw-said")).to_contain_text("No answer came")
        await page.unroute("**/api/commands")
        await (page.reload() if reload else send(page).click())
        await expect(page.locator(".pw-told-state")).to_contain_text(f"Command {number}, {UNIT}")
        await expect(send(page)).to_be_disabled()
        desk.bench.run(3)
        await expect(over(page).locator("li.pw-command")).to_have_count(number)
        assert len(desk.bench.sent_of("self_test")) == number


async def test_a_bad_argument_is_told_beside_its_field(desk: Desk) -> None:
    """By the page before it asks, and by the station when the page lets it pass."""
    page = await desk.open()
    await fill(page, "set_setting", setting="ae_threshold", value="45,5")
    await expect(page.locator("p.pw-hazard")).to_contain_text("decides which hits are detected")
    await send(page).click()
    value, error = page.locator("#pw-argument-value"), page.locator("#pw-argument-value-error")
    await expect(error).to_have_text("✖ 45,5 is not a number from 40 to 80 dB_AE")
    await expect(value).to_be_focused()
    await expect(value).to_have_attribute("aria-invalid", "true")
    await value.fill("80.01")
    await expect(error).to_be_empty()
    await value.press("Enter")
    await expect(error).to_contain_text("80.01 is not")

    async def stretch(route: Route) -> None:
        answer = await route.fetch()
        declared = await answer.json()
        declared["settings"][0]["high"] = 9000
        await route.fulfill(body=json.dumps(declared), content_type="application/json")

    await page.route("**/api/dictionary", stretch)
    await page.reload()
    await fill(page, "set_setting", setting="ae_threshold", value="85")
    await send(page).click()
    await expect(error).to_have_text("✖ 85 is not a number from 40 to 80 dB_AE.")
    assert desk.bench.ground.commands(9) == []


async def test_hazardous_is_confirmed_by_the_units_name(desk: Desk) -> None:
    """By keyboard alone, from the choice of the command on."""
    page = await desk.open()
    await fill(page, "reboot")
    await expect(page.locator("p.pw-hazard")).to_contain_text("the window is not watched meanwhile")
    await send(page).press("Enter")
    typed = page.get_by_label(f"Type the unit's name, {UNIT}, to confirm")
    await expect(typed).to_be_focused()
    desk.bench.run(1)
    await page.keyboard.type("sz20/w2")
    await page.keyboard.press("Enter")
    await expect(pending(page)).to_contain_text(f"is not {UNIT}: nothing was sent")
    await expect(typed).to_have_value("sz20/w2")
    assert desk.bench.sent_of("reboot") == []
    await typed.fill(UNIT)
    await page.keyboard.press("Enter")
    await expect(pending(page)).to_contain_text("Nothing waits")
    desk.bench.run(1)
    assert len(desk.bench.sent_of("reboot")) == 1
    listed = page.locator(".pw-command", has_text="confirmed by ann")
    await expect(listed).to_contain_text("the window is not watched meanwhile")


@pytest.mark.usefixtures(cheap_hashes.__name__)
async def test_two_people_confirm_and_refuse_and_a_viewer_looks(desk: Desk) -> None:
    ada, olga, vera = await desk.people(ada=Role.ADMIN, olga=Role.OPERATOR, vera=Role.VIEWER)
    await expect(vera.locator(".pw-whynot")).to_contain_text("vera may look, not command")
    for control in await vera.locator(".pw-command-form").locator("select, button").all():
        await expect(control).to_be_disabled()
    for number in (1, 2):
        await fill(olga, "set_setting", setting="ae_threshold", value="45.5")
        await send(olga).click()
        await expect(pending(olga)).to_contain_text("another person has to confirm it")
        await expect(pending(olga).get_by_role("button")).to_have_text(["Cancel"])
        await ada.evaluate("scrollTo(0, 0)")
        await expect(ada.get_by_role("button", name="Commands ▲ 1 to confirm")).to_be_visible()
        await expect(pending(vera)).to_contain_text("value = 45.5 dB_AE")
        await expect(pending(vera).get_by_role("button")).to_have_count(0)
        if number == 1:
            await ada.get_by_role("button", name="Confirm command 1 …").click()
            await ada.get_by_role("button", name="Confirm and send").click()
            await expect(pending(ada)).to_contain_text("Nothing waits")
            desk.bench.run(1)
            done = over(olga).locator("li.pw-command")
            await expect(done).to_contain_text("✓ completed")
            await expect(done).to_contain_text("by olga, confirmed by ada")
        else:
            await ada.get_by_role("button", name="Refuse command 2").click()
            refused = over(vera).locator("li.pw-command").first
            await expect(refused).to_contain_text("– cancelled, never sent")
            await expect(refused).to_contain_text("Cancelled by ada")
            await expect(over(vera).get_by_role("button")).to_have_count(0)
    desk.bench.run(1)
    assert len(desk.bench.sent_of("set_setting")) == 1


async def test_a_link_that_is_down_queues_until_it_is_up(desk: Desk) -> None:
    page = await desk.open(width=390, height=844)
    desk.bench.up = False
    desk.bench.run(12)
    await expect(page.locator(".pw-command-form")).to_contain_text("✖ silent: the command waits")
    for _ in range(2):
        await fill(page, "alive")
        await send(page).click()
        await expect(send(page)).to_be_disabled()
    waiting = under_way(page).locator("li.pw-command")
    await expect(waiting).to_have_count(2)
    await expect(waiting.first).to_contain_text("… queued")
    await expect(waiting.first).to_contain_text(f"Waits until {UNIT} is heard again; given up at")
    await page.get_by_role("button", name="Cancel command 2").click()
    await expect(over(page)).to_contain_text("Cancelled by ann")
    assert desk.bench.sent_of("alive") == []
    desk.bench.up = True
    desk.bench.run(5)
    await expect(over(page).locator('[data-command="1"]')).to_contain_text("✓ completed")
    await expect(waiting).to_have_count(0)
    assert [r.state for r in desk.bench.ground.commands(9)] == [State.CANCELLED, State.COMPLETED]
    assert len(desk.bench.sent_of("alive")) == 1
    assert await page.evaluate("document.documentElement.scrollWidth") <= 390


async def test_without_a_name_or_the_token_nothing_is_sent(desk: Desk) -> None:
    page = await desk.open(name="")
    await fill(page, "alive")
    await send(page).click()
    await page.get_by_role("button", name="Cancel").click()
    await expect(page.locator(".pw-said")).to_contain_text("an action needs your name")
    await send(page).click()
    await give_name(page, "ann")
    await expect(under_way(page)).to_contain_text("alive")
    await page.evaluate("sessionStorage.clear()")
    await page.reload()
    await expect(page.locator(".pw-whynot")).to_contain_text("Open the address")
    await expect(send(page)).to_be_disabled()
    assert len(desk.bench.ground.commands(9)) == 1
