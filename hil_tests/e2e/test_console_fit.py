"""On the windows of ordinary screens the operator sees every pane whole, in the worst state."""

from __future__ import annotations

from itertools import pairwise

import pytest
from playwright.async_api import Page, expect

from hil_tests.e2e.conftest import Console, shot
from hil_tests.e2e.viewer import pane

pytestmark = pytest.mark.browser

# a 1600 × 900 screen less the browser's own bars, laptops, and the full screen
SIZES = [(1600, 770), (1536, 730), (1366, 768), (1280, 720), (1600, 900)]
SMALLEST_PICTURE_PX = 140
SMALLEST_LETTER_PX = 10.5

# What of a pane is out of sight, by every box that could hide it.
MEASURE = """card => {
  const box = node => node.getBoundingClientRect();
  let [top, bottom] = [0, innerHeight];
  for (let node = card; node; node = node.parentElement) {
    if (getComputedStyle(node).overflowY === 'visible') continue;
    [top, bottom] = [Math.max(top, box(node).top), Math.min(bottom, box(node).bottom)];
  }
  const facts = [...card.querySelectorAll('dd')].map(box);
  const inner = [...card.querySelectorAll('header, svg, dt, dd')].map(box);
  const letters = [...card.querySelectorAll('svg text')].filter(t => t.getClientRects().length);
  const picture = card.querySelector('svg');
  return {
    top: box(card).top,
    above: top - Math.min(...inner.map(b => b.top)),
    below: Math.max(...inner.map(b => b.bottom)) - bottom,
    over: box(picture).bottom - Math.min(...facts.map(f => f.top)),
    beside: box(picture).right - Math.min(...facts.map(f => f.left)),
    picture: Math.min(box(picture).width, box(picture).height),
    letter: Math.min(...letters.map(
      t => parseFloat(getComputedStyle(t).fontSize) * t.getScreenCTM().a)),
  };
}"""


async def check_panes(page: Page) -> None:
    """Nothing of a pane is cut off, covered or too small to be read; all begin at one height."""
    await expect(pane(page, "sz20/w1").locator(".pane-crack")).to_be_visible()
    await expect(pane(page, "tiangong/w1")).to_contain_text("halves every")
    seen = await page.locator(".pw-pane").evaluate_all(f"cards => cards.map({MEASURE})")
    assert len(seen) == 3
    for one in seen:
        assert max(one["above"], one["below"]) <= 0.5, one
        assert min(one["over"], one["beside"]) <= 0.5, one  # the facts below it or beside it
        assert one["picture"] >= SMALLEST_PICTURE_PX, one
        assert one["letter"] >= SMALLEST_LETTER_PX, one
    assert len({one["top"] for one in seen}) == 1


async def test_panes_are_whole_on_ordinary_windows(console: Console) -> None:
    console.ground.worst()
    page = await console.open()
    for width, height in SIZES:
        await page.set_viewport_size({"width": width, "height": height})
        await check_panes(page)
        ticks = page.locator(".gl-plot-x-tick-label:visible")
        await expect(ticks.first).to_be_visible()
        await shot(page, f"console_{width}x{height}")


async def test_panes_are_whole_beside_the_browse_panel(console: Console) -> None:
    console.ground.worst()
    page = await console.open()
    await page.get_by_role("button", name="Expand Browse Pane").click()
    await expect(page.get_by_role("button", name="Collapse Browse Pane")).to_be_visible()
    await check_panes(page)
    await shot(page, "console_1600x900_browse")


async def test_times_below_a_narrow_plot_keep_apart(console: Console) -> None:
    page = await console.open(width=1280, height=720)
    await expect(page.locator(".js-series-data-loaded")).to_have_count(2)
    plots = page.locator(".c-plot")
    for k in range(2):
        ticks = plots.nth(k).locator(".gl-plot-x-tick-label:visible")
        await expect(ticks.first).to_be_visible()
        boxes = await ticks.evaluate_all(
            """all => all.map(tick => {
                const range = document.createRange();
                range.selectNodeContents(tick);
                const box = range.getBoundingClientRect();
                return [box.left, box.right];
            })"""
        )
        boxes.sort()
        assert len(boxes) >= 2
        assert all(right < left for (_, right), (left, _) in pairwise(boxes))


async def test_where_three_panes_do_not_fit_all_is_stacked(console: Console) -> None:
    console.ground.worst()
    for width, stacked in ((601, True), (800, True), (999, True), (1000, False)):
        page = await console.open(width=width, height=800)
        view = await page.locator("body").get_attribute("data-view")
        assert (view == "stacked") is stacked, width
        if stacked:
            assert await page.evaluate("document.documentElement.scrollWidth") <= width
            hidden = "all => Math.max(...all.map(p => p.scrollHeight - p.clientHeight))"
            assert await page.locator(".pw-pane").evaluate_all(hidden) <= 0
        await page.context.close()


async def test_many_panes_scroll(console: Console) -> None:
    """What cannot fit is never cut off: it scrolls."""
    console.ground.worst()
    page = await console.open(width=1100, height=480)
    view = page.locator(".pw-panes")
    await expect(pane(page, "sz20/w1").locator(".pane-crack")).to_be_visible()
    assert await view.evaluate("v => v.scrollHeight - v.clientHeight") > 0
    await expect(view).to_have_css("overflow-y", "auto")
    last = pane(page, "tiangong/w1").locator("dd").last
    await last.scroll_into_view_if_needed()
    await expect(last).to_be_in_viewport(ratio=1)


async def test_new_values_do_not_redraw_a_pane(console: Console) -> None:
    """Who scrolls to a fact, marks or hovers over it keeps it when the next value comes."""
    page = await console.open()
    facts = pane(page, "sz20/w1").locator("dl")
    await expect(facts).to_contain_text("kPa")
    rows = await facts.locator("dd").element_handles()
    before = await facts.inner_text()
    console.ground.strike()
    await expect(facts).to_contain_text("mm from edge")
    assert await facts.inner_text() != before
    assert all([await row.evaluate("row => row.isConnected") for row in rows])
