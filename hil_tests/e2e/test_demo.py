"""The demo as its users see it: `panewatch run --scenario shenzhou20` and its console."""

from __future__ import annotations

import json
import math
import re
import sqlite3
from pathlib import Path

import pytest
from playwright.async_api import Browser, Locator, Page, expect

from hil_tests.e2e.viewer import Viewer, card, give_name, pane, strip
from tools.scenario.find import LIBRARY

pytestmark = pytest.mark.browser

ADDRESS = r"Console: (http://127\.0\.0\.1:\d+)/\?token=(\S+)"
SHENZHOU20 = LIBRARY / "shenzhou20.toml"
QUIET_S = 30.0  # more before the strike: a slow machine opens the page meanwhile
SPEED = "3"
STORY_MS = 45_000  # the longest wait for the story's next turn, at that speed
STRUCK_MM = (95.0, -62.0)


def later(scenario: Path, delay_s: float, folder: Path) -> Path:
    """The same story, begun later."""
    told = re.sub(
        r"(?m)^t_s = (.+)$", lambda m: f"t_s = {float(m[1]) + delay_s}", scenario.read_text()
    )
    copy = folder / scenario.name
    copy.write_text(told)
    return copy


async def shots(page: Page, viewer: Viewer, folder: Path, name: str) -> None:
    """What the operator sees now, on a desk and on a phone."""
    await page.screenshot(path=folder / f"{name}.png")
    phone = await viewer.open(width=400, height=850)
    await expect(card(phone, "tiangong")).to_be_visible()
    await phone.screenshot(path=folder / f"{name}_phone.png")
    await phone.context.close()


async def is_within(ellipse: Locator, x_mm: float, y_mm: float) -> bool:
    """True when a place lies in the ellipse that is drawn (y downwards, angles clockwise)."""
    names = ("cx", "cy", "rx", "ry")
    cx, cy, rx, ry = [float(await ellipse.get_attribute(name) or "nan") for name in names]
    turned = re.match(r"rotate\((-?[\d.]+) ", await ellipse.get_attribute("transform") or "")
    assert turned is not None
    angle = math.radians(float(turned[1]))
    dx, dy = x_mm - cx, -y_mm - cy
    along = dx * math.cos(angle) + dy * math.sin(angle)
    across = dy * math.cos(angle) - dx * math.sin(angle)
    return math.hypot(along / rx, across / ry) <= 1


def acknowledgements(run_folder: Path) -> list[tuple[str, int]]:
    """(author, alarm) of the journal, as they stand on disk."""
    [archive] = run_folder.glob(".panewatch/runs/*/archive.sqlite")
    database = sqlite3.connect(f"{archive.as_uri()}?mode=ro", uri=True)
    try:
        rows = database.execute(
            "SELECT author, data FROM journal WHERE kind = 'acknowledge' ORDER BY seq"
        ).fetchall()
    finally:
        database.close()
    return [(author, json.loads(data)["alarm"]) for author, data in rows]


async def test_the_real_case_at_the_console(
    run_panewatch, browser: Browser, tmp_path: Path, output: Path
) -> None:
    scenario = later(SHENZHOU20, QUIET_S, tmp_path)
    run = run_panewatch("run", "--scenario", str(scenario), "--speed", SPEED, cwd=tmp_path)
    viewer = Viewer(browser, *run.wait_for(ADDRESS).groups())
    page = await viewer.open()
    sz20, sz21 = pane(page, "sz20/w1"), pane(page, "sz21/w1")

    # before the strike: all is quiet, and a value changes as it comes
    await expect(sz20).to_contain_text("none seen")
    await expect(card(page, "sz20")).to_contain_text("GREEN")
    table = page.locator(".js-lad-table__body__row", has_text="sz20/w1 p_gap2")
    value = table.locator(".js-third-data")
    before = await value.inner_text()
    await expect(value).not_to_have_text(before)

    # a particle strikes near the edge: seen on the pane, alarmed, AMBER with a photo task
    ellipse = sz20.locator(".pane-impact.is-latest ellipse")
    await expect(ellipse).to_be_visible(timeout=STORY_MS)
    assert await is_within(ellipse, *STRUCK_MM)
    await expect(card(page, "sz20")).to_contain_text("AMBER")
    await expect(card(page, "sz20")).to_contain_text("at 4 o'clock")
    await expect(sz20.locator(".pane-task")).to_be_visible()
    await expect(sz20).to_contain_text("no leak seen")
    await expect(strip(page)).to_contain_text("sz20/w1 impact on the outer pane")
    await expect(page.locator(".js-series-data-loaded")).to_have_count(2)
    await shots(page, viewer, output, "console_amber")

    # somebody acknowledges: asked for a name once, and that is on disk with the name. The hit is
    # over, so its alarm is closed by this; its mark and its AMBER stay.
    await strip(page).get_by_role("button", name="Acknowledge").click()
    await give_name(page, "Li Wei")
    await expect(strip(page)).to_contain_text("No open alarms")
    await expect(strip(page)).to_contain_text("Operator: Li Wei")
    assert acknowledgements(tmp_path) == [("Li Wei", 1)]

    # the inspection finds a crack: RED with the rule and its inputs
    await expect(card(page, "sz20")).to_contain_text("RED", timeout=STORY_MS)
    await expect(card(page, "sz20")).to_contain_text("through-crack of 10 mm in the heat pane")
    await expect(card(page, "sz20")).to_contain_text("× 1.4 ≥ K_IC 0.75, ΔT 300 K")
    await expect(sz20.locator(".pane-crack")).to_be_visible()
    await expect(strip(page)).to_contain_text("Shenzhou-20 must carry no crew")
    await strip(page).get_by_role("button", name="Acknowledge").click()
    await expect(strip(page)).to_contain_text("acknowledged by Li Wei")  # asks nobody for a name

    # the station leaks: rate, hole, time that is left
    leaking = card(page, "tiangong")
    await expect(leaking).to_contain_text(
        re.compile(r"LEAK w1 gap2: 13\d Pa/s at onset · halves every 8 min "), timeout=STORY_MS
    )
    await expect(leaking).to_contain_text("hole 0.10 mm")
    await expect(strip(page)).to_contain_text("tiangong/w1 gap2 leaks 13")
    await shots(page, viewer, output, "console_leak")

    await strip(page).get_by_role("button", name="Acknowledge").click()
    await expect(page.locator(".c-fault-mgmt__list", has_text="gap2 leaks")).to_contain_text(
        "acknowledged by Li Wei"
    )
    assert [author for author, _ in acknowledgements(tmp_path)] == ["Li Wei"] * 3

    # a link is lost: silent is not safe
    await expect(sz21).to_contain_text("NO DATA since", timeout=STORY_MS)
    await expect(sz21).to_contain_text("new hits unknown")
    await expect(sz21).to_contain_text("leak unknown")
    await expect(card(page, "sz21")).to_contain_text("UNKNOWN SINCE")
    await expect(card(page, "sz21")).to_contain_text("GREEN")
    await expect(page.locator('.pw-states [data-unit="sz21/w1"]')).to_contain_text("SILENT")
    await expect(strip(page)).to_contain_text("sz21/w1 silent")
    stale = page.locator(".js-lad-table__body__row", has_text="sz21/w1").locator(".is-stale")
    await expect(stale).to_have_count(3)
    await shots(page, viewer, output, "console_silent")

    # what the unit kept arrives: a strike that nobody heard, LATE, and no longer unknown
    await expect(sz21.locator(".pane-impact.is-late")).to_be_visible(timeout=STORY_MS)
    assert await is_within(sz21.locator(".pane-impact.is-late ellipse"), -35.0, 40.0)
    await expect(strip(page)).to_contain_text("LATE")
    await expect(strip(page)).to_contain_text("sz21/w1 impact on the outer pane")
    await expect(card(page, "sz21")).to_contain_text("AMBER")
    await expect(card(page, "sz21")).not_to_contain_text("UNKNOWN", timeout=STORY_MS)
    await expect(stale).to_have_count(0)
    await expect(page.get_by_label("Seats home")).to_contain_text("0 GREEN seats for 3 crew")
    await shots(page, viewer, output, "console")
    assert viewer.complaints == []
