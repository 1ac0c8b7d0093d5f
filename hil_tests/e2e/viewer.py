"""A console in a browser, and where an operator looks on it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from playwright.async_api import Browser, Locator, Page


@dataclass
class Viewer:
    """A browser on a served console; `complaints` is what the pages' own consoles said."""

    browser: Browser
    url: str
    token: str
    complaints: list[str] = field(default_factory=list)

    async def open(self, path: str = "/", width: int = 1600, height: int = 900) -> Page:
        """A ready page of that size."""
        context = await self.browser.new_context(viewport={"width": width, "height": height})
        page = await context.new_page()
        page.set_default_timeout(20_000)
        page.on("pageerror", lambda error: self.complaints.append(f"{error}"))
        page.on(
            "console",
            lambda said: said.type == "error" and self.complaints.append(said.text),
        )
        await page.goto(f"{self.url}{path}?token={self.token}")
        await page.wait_for_selector("body[data-ready]")
        return page


def card(page: Page, vehicle: str) -> Locator:
    """Return status of a vehicle."""
    return page.locator(f'.pw-card[data-vehicle="{vehicle}"]')


def pane(page: Page, window: str) -> Locator:
    """The picture of a window and the facts below it."""
    return page.locator(f'.pw-pane[data-window="{window}"]')


def strip(page: Page) -> Locator:
    """The alarm strip."""
    return page.get_by_label("Alarm strip")


async def name_operator(page: Page, name: str) -> None:
    """Tell who is acting."""
    await page.get_by_role("button", name=re.compile("^Operator")).click()
    await give_name(page, name)


async def give_name(page: Page, name: str) -> None:
    """Answer the question who is acting."""
    await page.get_by_label("Your name").fill(name)
    await page.get_by_role("button", name="Save").click()
