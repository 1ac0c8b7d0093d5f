"""A console in Debian's Chromium on the scripted ground, all in one event loop."""

from __future__ import annotations

import asyncio
import os
import shutil
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, async_playwright

from ground.api.app import create_app
from ground.api.server import serve
from ground.console import fetch
from hil_tests.e2e.demo_ground import DemoGround

TOKEN = "demo-token"
OUTPUT = Path(__file__).parents[1] / "output"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@dataclass
class Console:
    """The served demo and a browser on it; `complaints` is what the pages' consoles said."""

    ground: DemoGround
    url: str
    browser: Browser
    stop: Callable[[], Awaitable[None]]
    """Ends the server; the ground's seconds go on."""
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
        await page.goto(f"{self.url}{path}?token={TOKEN}")
        await page.wait_for_selector("body[data-ready]")
        return page


@pytest.fixture
async def demo() -> AsyncIterator[tuple[DemoGround, str, Callable[[], Awaitable[None]]]]:
    """The scripted ground, ten minutes old, served on a free port with a second every second."""
    ground = DemoGround(start_us=int((time.time() - 600) * 1e6), seconds=600)

    async def seconds() -> None:
        while True:
            await asyncio.sleep(1)
            ground.second()

    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(serve(create_app(ground, TOKEN)))
        clock = asyncio.create_task(seconds())
        yield ground, url, stack.aclose
        clock.cancel()


@pytest.fixture
async def console(
    demo: tuple[DemoGround, str, Callable[[], Awaitable[None]]],
) -> AsyncIterator[Console]:
    """A browser on the demo; skips where Chromium or Open MCT's files are missing."""
    chromium = os.environ.get("PANEWATCH_CHROMIUM") or shutil.which("chromium")
    if chromium is None:
        pytest.skip("needs Chromium (Debian: apt install chromium, or PANEWATCH_CHROMIUM=path)")
    if not fetch.present():
        pytest.skip("needs Open MCT's files: python -m ground.console.fetch")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        ground, url, stop = demo
        yield Console(ground, url, browser, stop)
        await browser.close()
