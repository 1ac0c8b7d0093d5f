"""Plays the scenario's inspections: log entries of a person, given to the ground at their time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from ground.api.source import Ground, Refused
from ground.model import Inspection, UnitKey
from tools.scenario.model import Event, Scenario

AUTHOR = "scenario"


async def play_inspections(
    scenario: Scenario, ground: Ground, speed: float, say: Callable[[str], None]
) -> None:
    """Enter each inspection at its time from now, telling it; returns after the last."""
    loop = asyncio.get_running_loop()
    start_s = loop.time()
    for event in scenario.events:
        if event.kind == "inspection":
            await asyncio.sleep(start_s + event.t_us / 1e6 / speed - loop.time())
            entry = inspection(event, time.time_ns() // 1000)
            try:
                ground.inspect(entry)
                say(f"inspection of {entry.unit}, {entry.pane} pane: {entry.result}")
            except Refused as error:
                say(f"inspection of {entry.unit} was refused: {error}")


def inspection(event: Event, time_us: int) -> Inspection:
    """The entry that an event stands for."""
    assert event.window is not None
    return Inspection(
        unit=UnitKey(event.vehicle, event.window),
        time_us=time_us,
        author=AUTHOR,
        pane=event.values["pane"],
        result=event.values["result"],
        length_mm=event.values["length_mm"] or 0.0,
        through=event.values["through"],
    )
