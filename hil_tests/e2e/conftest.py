"""A console in Chromium on the scripted ground, all in one event loop.

Chromium takes a second to start, so a file of tests has one, and one event loop with it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright

from ground.api.app import create_app
from ground.api.server import serve
from hil_tests import conftest
from hil_tests.e2e.demo_ground import DemoGround
from hil_tests.e2e.viewer import Viewer

HERE = Path(__file__).parent
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


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test runs in the event loop of what it has in its hands."""
    for item in items:
        if item.path.parent == HERE and pytest_asyncio.is_async_test(item):
            item.add_marker(pytest.mark.asyncio(loop_scope="module"), append=False)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def started(chromium: conftest.Browser) -> AsyncIterator[Browser]:
    """Chromium, started for this file."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=chromium.executable, args=chromium.args
        )
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="module")
async def browser(started: Browser) -> AsyncIterator[Browser]:
    """Chromium without a page or a cookie of another test."""
    assert started.contexts == []
    yield started
    for context in list(started.contexts):
        await context.close()


@pytest_asyncio.fixture(loop_scope="module")
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


@pytest_asyncio.fixture(loop_scope="module")
async def console(
    demo: tuple[DemoGround, str, Callable[[], Awaitable[None]]], browser: Browser
) -> Console:
    """A browser on the demo."""
    ground, url, stop = demo
    return Console(browser, url, TOKEN, ground=ground, stop=stop)
