"""The list of alarms: evidence, and several alarms acknowledged in one action."""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from playwright.async_api import Locator, Page, expect

from ground.access.access import Access
from ground.access.roles import Role
from ground.access.store import AccessStore
from ground.api.app import create_app
from ground.api.server import serve
from ground.api.source import Refused
from hil_tests.e2e.conftest import Console, shot
from hil_tests.e2e.demo_ground import SZ20, TIANGONG
from hil_tests.e2e.viewer import card, give_name, name_operator, strip
from hil_tests.support.people import PASSWORD, cheap_hashes
from protocol.schema.severity import Severity

pytestmark = pytest.mark.browser

WIDE, PHONE = (1600, 900), (390, 844)


def entries(page: Page) -> Locator:
    return page.get_by_role("list", name="Alarms").get_by_role("listitem")


def content(path: Path) -> bytes:
    return path.read_bytes()


def dialog(page: Page) -> Locator:
    return page.locator("dialog")


def raised(console: Console, count: int, severity: Severity = Severity.WATCH) -> None:
    ground = console.ground
    for k in range(count):
        ground._raise(f"few {severity} {k}", SZ20, severity, f"Nothing much {k}", ground.now_us)
    ground._tell([])


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
async def test_evidence_is_saved_or_it_says_why_not(console: Console, size, monkeypatch) -> None:
    console.ground.leak()
    page = await console.open(width=size[0], height=size[1])
    await (
        page.get_by_label("Unacknowledged alarms").get_by_role("button").click()
    )  # leads to the list on either
    evidence = entries(page).first.get_by_role("button", name="Evidence of alarm 1")
    await expect(evidence).to_be_in_viewport()
    async with page.expect_download() as saved:
        await evidence.click()
    download = await saved.value
    assert download.suggested_filename == "alarm-1.evidence.zip"
    assert content(await download.path()) == b"bundle of 1, now"
    await shot(page, f"console_alarms_{size[0]}")

    async def busy(alarm: int, when: str) -> bytes:
        raise Refused("Evidence of another alarm is being made; try again when it is.", 429)

    monkeypatch.setattr(console.ground, "evidence", busy)
    await evidence.click()
    told = page.get_by_role("alertdialog")
    await expect(told).to_contain_text(
        "No evidence of alarm 1 was saved: Evidence of another alarm is being made"
    )
    await told.get_by_role("button", name="Close").click()
    await page.route("**/api/evidence/*", lambda route: route.abort())
    await evidence.click()
    await expect(told).to_contain_text("the ground station did not answer")
    await told.get_by_role("button", name="Close").click()
    await expect(evidence).to_be_enabled()


async def test_all_that_is_shown_is_acknowledged_and_nothing_graver(console: Console) -> None:
    """What grows worse while the question stands waits on; so does what is not on show."""
    ground = console.ground
    raised(console, 149)
    ground._raise("leak", TIANGONG, Severity.DISTRESS, "Gap 2 leaks", ground.now_us)
    page = await console.open(width=1600, height=900)
    await name_operator(page, "Li Wei")
    await page.get_by_label("Unacknowledged alarms").get_by_role("button").click()
    await expect(entries(page).last).to_contain_text("and 50 more, less urgent")
    await page.get_by_role("button", name="Acknowledge all 100 shown").click()
    await expect(dialog(page)).to_contain_text("Acknowledge 100 alarms?")
    await expect(dialog(page)).to_contain_text("The highest is ▲ DISTRESS (1 distress, 99 watch)")
    await shot(page, "console_acknowledge_all")
    ground._change(150, severity=Severity.SEVERE, what="Gap 2 leaks fast")
    ground._raise("new", SZ20, Severity.CRITICAL, "Impact", ground.now_us)
    ground._tell([])
    await expect(strip(page)).to_contain_text("Gap 2 leaks fast")
    await page.get_by_label("Comment").fill("one cause")
    await dialog(page).get_by_role("button", name="Acknowledge").click()
    await expect(page.get_by_role("alertdialog")).to_contain_text(
        "99 acknowledged, 1 left as they are: alarm 150 is severe now, and was distress when"
    )
    await page.get_by_role("alertdialog").get_by_role("button", name="Close").click()
    journal = [e for e in ground.journal(999)() if e.kind == "acknowledge"]
    assert len({e.data["alarm"] for e in journal}) == len(journal) == 99
    assert {(e.author, e.data["comment"]) for e in journal} == {("Li Wei", "one cause")}
    await expect(strip(page)).to_contain_text("SEVERE")
    await expect(strip(page)).to_contain_text("52 unacknowledged of 151 open")
    await expect(entries(page)).to_have_count(151)  # what is acknowledged crowds nothing out
    await page.get_by_role("button", name="Acknowledge all 52 shown").click()
    await expect(dialog(page)).to_contain_text("The highest is ■ SEVERE (1 severe, 1 critical, 50")
    await dialog(page).get_by_role("button", name="Cancel").click()
    await expect(dialog(page)).to_have_count(0)
    assert len([e for e in ground.journal(999)() if e.kind == "acknowledge"]) == 99
    await page.get_by_role("button", name="Overview", exact=True).click()
    await expect(card(page, "sz20")).to_be_visible()
    assert console.complaints == []


async def test_more_are_shown_when_asked_for(console: Console) -> None:
    raised(console, 250)
    page = await console.open("/phone", width=390, height=844)
    await expect(entries(page).last).to_contain_text("and 150 more, less urgent")
    await page.get_by_role("button", name="Show more").click()
    await expect(entries(page).last).to_contain_text("and 50 more, less urgent")
    await page.get_by_role("button", name="Show more").click()
    await expect(entries(page)).to_have_count(250)
    await expect(page.get_by_role("button", name="Acknowledge all 250 shown")).to_be_enabled()


async def test_on_a_phone_too(console: Console) -> None:
    raised(console, 3, Severity.CRITICAL)
    page = await console.open("/phone", width=390, height=844)
    await page.get_by_role("button", name="Acknowledge all 3 shown").click()
    await give_name(page, "Li Wei")
    await expect(dialog(page)).to_contain_text("Acknowledge 3 alarms?")
    await shot(page, "console_acknowledge_all_phone")
    await dialog(page).get_by_role("button", name="Acknowledge").click()
    await expect(entries(page).first).to_contain_text("acknowledged by Li Wei")
    await expect(page.get_by_role("button", name="Acknowledge all")).to_have_count(0)


@pytest.mark.usefixtures(cheap_hashes.__name__)
async def test_a_viewer_may_not(console: Console) -> None:
    raised(console, 3)
    access = Access(AccessStore())
    for name, role in (("ada", Role.ADMIN), ("vera", Role.VIEWER)):
        access.users.add(name, role, PASSWORD, 1, "test")
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(serve(create_app(console.ground, access=access)))
        page = await (await console.browser.new_context()).new_page()
        await page.goto(f"{url}/signin?to=/phone")
        await page.get_by_label("Name").fill("vera")
        await page.get_by_label("Password").fill(PASSWORD)
        await page.get_by_role("button", name="Sign in").click()
        button = page.get_by_role("button", name="Acknowledge all 3 shown")
        await expect(button).to_be_disabled()
        await expect(page.locator(".pw-alarm-all")).to_contain_text(
            "vera may look, not acknowledge: this needs the role operator, not viewer."
        )
