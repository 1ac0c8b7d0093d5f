"""An alarm flood on the console: the gravest stays first and can be dealt with; all are counted."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from hil_tests.e2e.conftest import Console, shot
from hil_tests.e2e.demo_ground import SZ20, TIANGONG
from hil_tests.e2e.viewer import give_name, name_operator, pane, strip
from protocol.schema.severity import Severity

pytestmark = pytest.mark.browser

MANY = 600


def flood(console: Console, count: int) -> None:
    ground = console.ground
    for k in range(count):
        ground._raise(f"flood {k}", SZ20, Severity.WATCH, f"Nothing much {k}", ground.now_us)


async def test_the_gravest_alarm_of_a_flood(console: Console) -> None:
    ground = console.ground
    page = await console.open()
    await name_operator(page, "Li Wei")
    flood(console, MANY // 2)
    ground._raise("grave", TIANGONG, Severity.SEVERE, "Cabin leaks", ground.now_us)
    flood(console, MANY // 2)
    ground._tell([])
    await expect(strip(page)).to_contain_text("SEVERE")
    await expect(strip(page)).to_contain_text("Cabin leaks")
    waiting = page.get_by_label("Unacknowledged alarms")
    await expect(waiting).to_contain_text(f"{MANY + 1} unacknowledged of {MANY + 1} open")
    await expect(page.get_by_label("Alarm flood")).to_have_text(
        f"▲ ALARM FLOOD: {MANY + 1} in 10 min"
    )
    faults = page.locator(".c-fault-mgmt__list")
    await expect(faults.filter(has_text="Cabin leaks")).to_have_count(1)
    await expect(faults.filter(has_text="Nothing much")).to_have_count(99)  # a list has an end
    await shot(page, "console_flood")
    await strip(page).get_by_role("button", name="Acknowledge").click()
    await expect(strip(page)).to_contain_text("WATCH")
    await expect(waiting).to_contain_text(f"{MANY} unacknowledged of {MANY + 1} open")
    assert console.complaints == []


async def test_a_flood_on_a_phone(console: Console) -> None:
    ground = console.ground
    flood(console, MANY)
    ground._raise("grave", TIANGONG, Severity.SEVERE, "Cabin leaks", ground.now_us)
    for _ in range(300):
        ground.strike()
    page = await console.open("/phone", width=390, height=800)
    entries = page.locator(".pw-alarms li")
    await expect(entries.first).to_contain_text("Cabin leaks")
    await expect(entries.last).to_contain_text(f"and {MANY + 1 + 300 - 100} more, less urgent")
    assert await entries.count() == 101
    await expect(pane(page, "sz20/w1")).to_contain_text("300 in all")
    await entries.first.get_by_role("button", name="Acknowledge").click()
    await give_name(page, "Li Wei")
    await expect(entries.filter(has_text="Cabin leaks")).to_contain_text("acknowledged by Li Wei")
