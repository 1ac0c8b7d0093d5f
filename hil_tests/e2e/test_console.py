"""The console as an operator sees it, on the scripted ground."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from playwright.async_api import Browser, expect

from ground.api.app import create_app
from ground.api.server import serve
from hil_tests.e2e.conftest import TOKEN, Console, shot
from hil_tests.e2e.demo_ground import SZ21, TIANGONG, DemoGround
from hil_tests.e2e.viewer import Viewer, card, give_name, name_operator, pane, strip

pytestmark = pytest.mark.browser


async def test_the_story(console: Console) -> None:
    """Live values, an impact on the pane, AMBER, an acknowledgement, an inspection, RED."""
    ground = console.ground
    page = await console.open()
    await expect(page.locator(".js-series-data-loaded")).to_have_count(2)
    await expect(card(page, "sz20")).to_contain_text("GREEN")
    await expect(page.get_by_label("Seats home")).to_contain_text("6 GREEN seats for 6 crew")

    # a live value changes, in our pane view and in Open MCT's table
    gap2 = pane(page, "sz20/w1").locator("dd").nth(1)
    latest = page.locator(".js-lad-table__body__row .js-third-data").first
    before, before_mct = await gap2.inner_text(), await latest.inner_text()
    await expect(gap2).not_to_have_text(before)
    await expect(latest).not_to_have_text(before_mct)

    # the impact appears on the pane, with place, time, photo task; AMBER with its rules
    ground.strike()
    impact = pane(page, "sz20/w1").locator(".pane-impact.is-latest ellipse")
    await expect(impact).to_have_attribute("cx", "94.6")
    await expect(impact).to_have_attribute("cy", "61.7")
    await expect(pane(page, "sz20/w1").locator(".pane-task")).to_be_visible()
    await expect(card(page, "sz20")).to_contain_text("AMBER")
    await expect(card(page, "sz20")).to_contain_text("17.1 ± 5.5 mm from the edge")
    await expect(strip(page)).to_contain_text("CRITICAL")
    await expect(page.get_by_label("Seats home")).to_contain_text("3 GREEN seats for 6 crew")

    # a gap leaks: rate and time are told
    ground.leak()
    await expect(pane(page, "tiangong/w1")).to_contain_text(
        "LEAKING 134 Pa/s at onset · halves every 8 min 40 s"
    )
    await expect(card(page, "tiangong")).to_contain_text(
        "halves every 8 min 40 s (8 min 20 s to 9 min 0 s)"
    )
    await shot(page, "console_amber")

    # the alarm is acknowledged in the fault view, and that is in the journal with its author
    await name_operator(page, "Li Wei")
    row = page.locator(".c-fault-mgmt__list", has_text="Impact on the outer pane")
    await row.get_by_label("Disposition Actions").click()
    await page.get_by_role("menuitem", name="Acknowledge").click()
    await page.locator(".c-overlay button", has_text="Acknowledge").click()
    await expect(row).to_contain_text("acknowledged by Li Wei")
    entry = ground.journal(1)()[0]
    assert (entry.kind, entry.author, entry.data["alarm"]) == ("acknowledge", "Li Wei", 1)

    # a person looks: RED with the rule
    await card(page, "sz20").get_by_role("button", name="Inspection").click()
    await page.get_by_label("Pane", exact=True).select_option("outer")
    await page.get_by_label("Seen", exact=True).select_option("crack")
    await page.get_by_label("Length of the crack").fill("10")
    await page.get_by_role("button", name="Record inspection").click()
    await expect(card(page, "sz20")).to_contain_text("RED")
    await expect(card(page, "sz20")).to_contain_text("through-crack of 10 mm")
    await expect(card(page, "sz20")).to_contain_text("1.4 ≥ K_IC 0.75, ΔT 300 K")

    # inputs and uncertainty are a click away, and a redraw does not take them out of sight
    details = card(page, "sz20").locator("details")
    await expect(details.locator('[data-rule="fracture"]')).to_be_hidden()
    await details.locator("summary", has_text="also AMBER: edge, saturated").click()
    await expect(details.locator('[data-rule="fracture"]')).to_contain_text("factor 2")
    ground.strike()
    await expect(card(page, "sz20")).to_contain_text("uninspected")
    await expect(details.locator('[data-rule="edge"]').first).to_contain_text("limit 30 mm")
    await expect(details.locator('[data-rule="edge"]').first).to_be_visible()
    await expect(pane(page, "sz20/w1").locator(".pane-crack")).to_be_visible()
    seen = ground.inspections()[0]
    assert (seen.author, seen.result, seen.length_mm, seen.through) == ("Li Wei", "crack", 10, True)
    await shot(page, "console_red")
    assert console.complaints == []


async def test_silence_and_late_strike(console: Console) -> None:
    """A silent unit is stale everywhere; what comes late says so and changes no current value."""
    ground = console.ground
    page = await console.open()
    sz21 = pane(page, "sz21/w1")
    await expect(sz21).to_contain_text("● live")
    ground.silence()
    await expect(sz21).to_contain_text("NO DATA since")
    await expect(sz21).to_contain_text("leak unknown")
    await expect(card(page, "sz21")).to_contain_text("UNKNOWN SINCE")
    await expect(card(page, "sz21")).to_contain_text("GREEN")  # silence changes no colour
    await expect(card(page, "sz21")).not_to_contain_text("nominal")  # and is not well
    await expect(card(page, "sz20")).to_contain_text("nominal")
    unit = page.locator('.pw-states [data-unit="sz21/w1"]')
    await expect(unit).to_contain_text("clock ±2 ms +12.5 ppm")
    await expect(unit).to_contain_text("SILENT")
    await expect(strip(page)).to_contain_text(
        re.compile(r"last good packet \d+ s ago · 2 missing before")
    )
    await expect(unit).to_have_attribute("title", re.compile("not yet fetched: asked for"))
    stale = page.locator(".js-lad-table__body__row", has_text="sz21/w1").locator(".is-stale")
    await expect(stale).to_have_count(3)
    await shot(page, "console_silent")
    ground.recover()
    ground.strike(SZ21, late_by_s=20)
    await expect(sz21).to_contain_text("● live")
    await expect(sz21.locator(".pane-impact.is-late")).to_contain_text("LATE")
    await expect(strip(page)).to_contain_text("LATE")
    await expect(stale).to_have_count(0)
    assert console.complaints == []


async def test_a_crew_that_nobody_gave_is_not_nobody(console: Console, monkeypatch) -> None:
    fleet = console.ground.fleet()
    bare = replace(fleet, vehicles=tuple(replace(v, crew=None) for v in fleet.vehicles))
    monkeypatch.setattr(console.ground, "fleet", lambda: bare)
    page = await console.open()
    seats = page.get_by_label("Seats home")
    await expect(seats).to_contain_text("? 6 GREEN seats, crew not given")
    await expect(card(page, "sz20")).to_contain_text("3 seats, crew not given")


async def test_the_worst_case_is_read_at_one_glance(console: Console) -> None:
    """RED, AMBER unknown with its task, and a leak: no scrolling, no small print, two lines."""
    console.ground.worst()
    page = await console.open()
    await expect(card(page, "sz21")).to_contain_text("UNKNOWN SINCE")
    await expect(card(page, "sz21")).to_contain_text("Photo task")
    await expect(card(page, "tiangong")).to_contain_text("halves every 8 min 40 s")
    await expect(page.locator(".js-series-data-loaded")).to_have_count(2)
    for view in (".pw-status", ".pw-panes"):
        hidden = await page.locator(view).evaluate("view => view.scrollHeight - view.clientHeight")
        assert hidden <= 0, f"{hidden} px of {view} are out of sight"
    sizes = await page.locator(".pw-picture text").evaluate_all(
        "all => all.map(t => parseFloat(getComputedStyle(t).fontSize) * t.getScreenCTM().a)"
    )
    assert min(sizes) >= 11
    assert (await strip(page).bounding_box())["height"] < 50
    table = page.locator(".js-lad-table__body__row", has_text="sz21/w1").locator("td.is-stale")
    words = await table.first.evaluate("cell => getComputedStyle(cell, '::after').content")
    assert "old" in words
    await shot(page, "console_worst")


async def test_one_window_alone(console: Console) -> None:
    """A window's own page shows its pane; its parameters are in the tree below it."""
    console.ground.strike()
    page = await console.open()
    link = "#/browse/panewatch:fleet/panewatch:vehicle.sz20/panewatch:window.sz20.w1"
    await page.goto(f"{console.url}/{link}?hideTree=true&hideInspector=true")
    await expect(page.locator(".pw-pane")).to_have_count(1)
    await expect(page.locator(".pane-impact.is-latest")).to_be_visible()
    await shot(page, "console_window")


async def test_a_silent_unit_at_first_sight(console: Console) -> None:
    """A page opened during silence shows the last values as old, and never says "no leak"."""
    console.ground.silence()
    page = await console.open()
    sz21 = pane(page, "sz21/w1")
    await expect(sz21).to_contain_text("kPa (old) leak unknown")
    await expect(sz21).to_contain_text("none seen new hits unknown")
    await expect(sz21).not_to_contain_text("no leak seen")
    await expect(card(page, "tiangong")).to_contain_text("No leak seen")
    console.ground.silence(TIANGONG)
    await expect(card(page, "tiangong")).to_contain_text("Leak unknown")
    await expect(card(page, "tiangong")).not_to_contain_text("No leak seen")


async def test_phone(console: Console) -> None:
    """At a phone's width our views are stacked, nothing is cut, alarms can be acknowledged."""
    console.ground.strike()
    page = await console.open(width=400, height=850)
    await expect(card(page, "sz20")).to_contain_text("AMBER")
    assert await page.evaluate("document.documentElement.scrollWidth") <= 400
    alarm = page.get_by_label("Alarms", exact=True).locator("li").first
    await alarm.get_by_role("button", name="Acknowledge").click()
    await give_name(page, "Wang Jie")
    await expect(alarm).to_contain_text("acknowledged by Wang Jie")
    assert console.ground.journal(1)()[0].author == "Wang Jie"

    # shelved with a reason, and brought back
    await alarm.get_by_role("button", name="Shelve 10 min").click()
    await page.get_by_label("Reason").fill("known")
    await page.locator("dialog").get_by_role("button", name="Shelve").click()
    await expect(alarm).to_contain_text(": known")
    await alarm.get_by_role("button", name="Un-shelve").click()
    await expect(alarm).not_to_contain_text("shelved")
    assert [e.data["for_s"] for e in console.ground.journal(2)()] == [0, 600]
    await shot(page, "console_phone")
    assert console.complaints == []


async def test_a_quiet_phone(console: Console) -> None:
    """Nothing is open: no colour of an alarm, and the head leaves the screen to the rest."""
    page = await console.open("/phone", width=400, height=850)
    quiet = page.get_by_label("Alarms", exact=True).locator("li")
    await expect(quiet).to_have_text("✓ No open alarms")
    await expect(quiet).to_have_css("border-left-color", "rgb(53, 179, 107)")
    console.ground.worst()
    await expect(strip(page)).to_contain_text("4 waiting", use_inner_text=True)
    assert await page.locator(".pw-states").evaluate("s => s.getBoundingClientRect().bottom") < 128
    await page.set_viewport_size({"width": 390, "height": 844})
    where = "all => all.map(b => b.getBoundingClientRect().top)"
    tops = await strip(page).get_by_role("button").evaluate_all(where)
    assert len(tops) == 4 and max(tops) - min(tops) < 8, tops  # one row


async def test_names_are_text_never_markup(console: Console) -> None:
    """What others wrote cannot become part of the page."""
    page = await console.open(width=400, height=850)
    await name_operator(page, "<img src=x onerror=alert(1)>")
    await expect(page.get_by_role("button", name=re.compile("^Operator"))).to_contain_text("<img")
    assert await page.locator("#strip img").count() == 0


async def test_a_lost_ground_is_said_and_found_again(console: Console) -> None:
    """Old values never look fresh: the strip, panes and table say that nobody answers."""
    page = await console.open()
    await expect(pane(page, "sz20/w1")).to_contain_text("● live")
    port = int(console.url.rsplit(":", 1)[1])
    await console.stop()
    await expect(strip(page)).to_contain_text("GROUND STATION DOES NOT ANSWER")
    await expect(pane(page, "sz20/w1")).to_contain_text("NO DATA")
    await expect(pane(page, "sz20/w1")).to_contain_text("leak unknown")
    await expect(page.get_by_label("Seats home")).to_contain_text("0 GREEN seats for 6 crew")
    await expect(page.locator(".js-lad-table__body__row .is-stale")).to_have_count(9)
    await shot(page, "console_lost")
    async with serve(create_app(console.ground, TOKEN), port):
        await expect(strip(page)).to_contain_text("No open alarms")
        await expect(page.locator(".js-lad-table__body__row .is-stale")).to_have_count(0)


async def test_a_replay_is_said_above_everything(console: Console) -> None:
    console.ground.replayed = "records/<b>archive</b>.sqlite"
    console.ground.strike()
    for path in ("/", "/phone"):
        page = await console.open(path)
        note = page.get_by_role("note")
        await expect(note).to_contain_text("REPLAY of records/<b>archive</b>.sqlite")
        await expect(note).to_be_in_viewport()
        await expect(strip(page).get_by_text("REPLAY", exact=True)).to_be_visible()
        await expect(page.locator(".pw-states")).to_contain_text("▷ replayed")
        await expect(page.locator("body")).not_to_contain_text("● live")
        # months ago by the wall clock, seconds by the recording's
        await expect(strip(page)).to_contain_text(re.compile(r"raised \d+ s ago"))
        await page.context.close()
    console.ground.replayed = ""
    page = await console.open()
    await expect(page.get_by_role("note")).to_have_count(0)


async def test_a_plot_says_what_retention_has_dropped(console: Console) -> None:
    """Nothing drawn is not nothing happened."""
    ground = console.ground
    ground.dropped_us = [(0, ground.now_us - 240_000_000)]
    page = await console.open()
    plots = page.locator(".gl-plot-display-area[data-dropped]")
    await expect(plots).to_have_count(2)
    words = await plots.first.get_attribute("data-dropped")
    assert re.fullmatch(r"Dropped by retention: [-:\d ]+ to [-:\d ]+", words or ""), words
    shown = await plots.first.evaluate("e => getComputedStyle(e, '::after').content")
    assert words in shown
    await shot(page, "console_dropped")


async def test_a_unit_that_was_never_heard_is_neither_old_nor_green(browser: Browser) -> None:
    """No value is called old that never was, and no chip is filled with green."""
    ground = DemoGround(seconds=0)
    ground._unknown_since_us.update(dict.fromkeys(("sz20", "sz21", "tiangong"), ground.now_us))
    ground._tell([])
    async with serve(create_app(ground, TOKEN)) as url:
        for width, height, path in ((1600, 900, "/"), (390, 844, "/phone")):
            page = await Viewer(browser, url, TOKEN).open(path, width=width, height=height)
            never = pane(page, "sz20/w1")
            await expect(never).to_contain_text("○ NEVER HEARD: NO DATA")
            await expect(never).to_contain_text("all unknown: no packet has come from this unit")
            await expect(never).not_to_contain_text("(old)")
            chip = card(page, "sz20").locator(".pw-chip.is-green")
            await expect(chip).to_have_text("● GREENnever heard")
            await expect(chip).to_have_css("background-color", "rgba(0, 0, 0, 0)")
            await expect(page.get_by_label("Seats home")).to_contain_text("0 GREEN seats")
            await shot(page, f"console_never_{width}")
            await page.context.close()
