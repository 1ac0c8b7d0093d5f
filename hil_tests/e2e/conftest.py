"""A console in Chromium on the scripted ground, all in one event loop."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass

import pytest
from playwright.async_api import Browser, Page, async_playwright

from ground.api.app import create_app
from ground.api.server import serve
from hil_tests import conftest
from hil_tests.e2e.demo_ground import DemoGround
from hil_tests.e2e.viewer import Viewer

TOKEN = "demo-token"


@dataclass(kw_only=True)
class Console(Viewer):
    """A browser on the served demo."""

    ground: DemoGround
    stop: Callable[[], Awaitable[None]]
    """Ends the server; the ground's seconds go on."""


async def shot(page: Page, name: str) -> None:
    """A picture for whoever looks after the test."""
    conftest.OUTPUT.mkdir(exist_ok=True)
    await page.screenshot(path=conftest.OUTPUT / f"{name}.png")


@pytest.fixture
async def browser(chromium: conftest.Browser) -> AsyncIterator[Browser]:
    """Chromium, started for this test."""
    async with async_playwright() as playwright:
        started = await playwright.chromium.launch(
            executable_path=chromium.executable, args=chromium.args
        )
        yield started
        await started.close()


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
    demo: tuple[DemoGround, str, Callable[[], Awaitable[None]]], browser: Browser
) -> Console:
    """A browser on the demo."""
    ground, url, stop = demo
    return Console(browser, url, TOKEN, ground=ground, stop=stop)
