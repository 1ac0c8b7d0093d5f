"""What an operator does at the console, and what refuses it, on the scripted ground."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Locator, Page, expect

from hil_tests.e2e.conftest import Console
from hil_tests.e2e.viewer import Viewer, card, give_name, name_operator, strip

pytestmark = pytest.mark.browser

NO_TOKEN = "Open the address that `make run` printed (it carries the session's token)"


def fault(page: Page, words: str) -> Locator:
    return page.locator(".c-fault-mgmt__list", has_text=words)


def told(page: Page) -> Locator:
    return page.get_by_role("alertdialog")


async def shelve_by_menu(page: Page, row: Locator, item: str = "Shelve") -> None:
    await row.get_by_label("Disposition Actions").click()
    await page.get_by_role("menuitem", name=item, exact=True).click()


async def test_shelve_by_the_toolbar_asks_once_for_all(console: Console) -> None:
    """Two faults are ticked, no comment: one question, both on the shelf with the reason."""
    ground = console.ground
    ground.leak()
    ground.strike()
    page = await console.open()
    await name_operator(page, "Chen Dong")
    for words in ("Gap 2 leaks", "Impact on the outer"):
        await fault(page, words).get_by_role("checkbox").check()
    await page.locator(".c-fault-mgmt__toolbar .icon-timer").click()
    await page.locator(".c-overlay button", has_text="Shelve").click()
    await expect(page.locator("dialog")).to_have_count(1)
    await page.get_by_label("Reason").fill("being repaired")
    await page.locator("dialog").get_by_role("button", name="Shelve").click()
    await expect(page.get_by_text("0 Results")).to_be_visible()
    entries = ground.journal(2)()
    assert {e.data["alarm"] for e in entries} == {1, 2}
    for entry in entries:
        assert (entry.kind, entry.author) == ("shelve", "Chen Dong")
        assert (entry.data["reason"], entry.data["for_s"]) == ("being repaired", 600)
    await expect(page.locator("dialog")).to_have_count(0)


async def test_shelve_by_the_menu_and_back(console: Console) -> None:
    """Open MCT's comment is the reason and nothing else is asked; un-shelving ends it."""
    ground = console.ground
    ground.leak()
    page = await console.open()
    await name_operator(page, "Chen Dong")
    row = fault(page, "Gap 2 leaks")
    await shelve_by_menu(page, row)
    await page.locator(".c-overlay textarea").fill("being repaired")
    await page.locator(".c-overlay button", has_text="Shelve").click()
    await expect(row).to_have_count(0)
    await expect(page.locator("dialog")).to_have_count(0)
    shelved = ground.journal(1)()[0]
    assert (shelved.data["reason"], shelved.data["for_s"]) == ("being repaired", 600)

    await page.get_by_title("View Filter").locator("select").select_option("Shelved")
    await shelve_by_menu(page, row, "Unshelve")
    await expect(strip(page)).to_contain_text("Gap 2 leaks")
    assert [e.data["for_s"] for e in ground.journal(5)()] == [0, 600]
    assert console.complaints == []


async def test_without_a_name_nothing_is_done(console: Console) -> None:
    console.ground.leak()
    page = await console.open()
    await strip(page).get_by_role("button", name="Acknowledge").click()
    await page.get_by_role("button", name="Cancel").click()
    await expect(told(page)).to_contain_text("Nothing was done: an action needs your name")
    assert console.ground.journal(1)() == []


async def test_without_the_token_it_says_where_to_go(console: Console) -> None:
    """A page opened without it asks for no name in vain; one of an earlier run is told the same."""
    console.ground.leak()
    page = await Viewer(console.browser, console.url, "").open()
    button = strip(page).get_by_role("button", name="Acknowledge")
    await expect(button).to_be_disabled()
    await expect(button).to_have_attribute("title", re.compile("session.s token"))
    page = await Viewer(console.browser, console.url, "of-an-earlier-run").open()
    await strip(page).get_by_role("button", name="Acknowledge").click()
    await give_name(page, "Li Wei")
    await expect(told(page)).to_contain_text(NO_TOKEN)
    await expect(page.locator("dialog")).to_have_count(1)
    assert console.ground.journal(1)() == []


async def test_an_inspection_keeps_its_entries_when_refused(console: Console) -> None:
    """The name is asked for before the form; a refusal is told on top of it."""
    page = await Viewer(console.browser, console.url, "of-an-earlier-run").open()
    await card(page, "sz20").get_by_role("button", name="Inspection").click()
    await give_name(page, "Wang Jie")
    await page.get_by_role("button", name="Record inspection").click()  # nothing is chosen yet
    await expect(page.get_by_label("Seen", exact=True)).to_have_value("")
    await expect(page.get_by_label("Length of the crack")).to_be_hidden()
    await page.get_by_label("Pane", exact=True).select_option("outer")
    await page.get_by_label("Seen", exact=True).select_option("crack")
    await page.get_by_label("Length of the crack").fill("7.5")
    await page.get_by_role("textbox", name="Note").fill("by torch light")
    await page.get_by_role("button", name="Record inspection").click()
    await expect(told(page)).to_contain_text(NO_TOKEN)
    await told(page).get_by_role("button", name="Close").click()
    await expect(page.get_by_label("Length of the crack")).to_have_value("7.5")
    await expect(page.get_by_role("textbox", name="Note")).to_have_value("by torch light")
    assert console.ground.inspections() == []
