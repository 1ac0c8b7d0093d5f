"""Gives a ground station what arrives, in virtual time: one tick a second."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from ground.clock import PAUSE_S, SECOND_US
from ground.model import Chunk
from ground.station import Station
from tools.run.inspections import inspection
from tools.scenario.model import Event, Scenario
from tools.sim.delivery import Arrival
from tools.sim.units import Tell

COMMIT_US: Final = 10 * SECOND_US
"""A commit takes time, and nobody reads the archive before the end."""

Step = tuple[int, Callable[[], None]]
"""(ground time µs, what happens then)."""


def observe(scenario: Scenario, arrivals: Sequence[Arrival], station: Station, tell: Tell) -> None:
    """What arrives, and the scenario's inspections.

    It ends with the scenario, or with the last kept packet where that comes later.
    """
    steps = [(arrival.time_us, _receive(arrival, station)) for arrival in arrivals]
    steps += _inspections(scenario, station)
    start_us = scenario.start_us
    end_us = max([start_us + scenario.duration_us, *(a.time_us for a in arrivals[-1:])])
    committed_us = start_us
    for now_us in play(steps, station, start_us, end_us):
        if now_us - committed_us >= COMMIT_US:
            station.commit()
            committed_us = now_us
        tell("ground", now_us - start_us, end_us - start_us)


def play(steps: Sequence[Step], station: Station, start_us: int, end_us: int) -> Iterator[int]:
    """Run the station from start to end; steps at one time keep their order.

    Gives each ground time before what happens then; the caller commits as often as it likes. When
    nothing has happened for an hour it goes on a minute before something does, or before the end.
    """
    waiting = iter(sorted(steps, key=lambda step: step[0]))
    step = next(waiting, None)
    station.start(start_us)
    now_us = happened_us = start_us
    while now_us < end_us:
        idle_us = (min(step[0], end_us) if step else end_us) - now_us
        if now_us - happened_us >= PAUSE_S * SECOND_US and idle_us > PAUSE_S * SECOND_US:
            now_us += (idle_us // SECOND_US - 60) * SECOND_US
        now_us += SECOND_US
        while step and step[0] <= now_us:
            yield step[0]
            step[1]()
            happened_us = now_us
            step = next(waiting, None)
        yield now_us
        station.tick(now_us)
    station.stop(end_us)


def _receive(arrival: Arrival, station: Station) -> Callable[[], None]:
    data, unit = arrival.packet.data, arrival.unit
    chunk = Chunk(f"sim {unit}", arrival.time_us, data, framed=False, unit=unit)
    return lambda: station.receive(chunk)


def _inspections(scenario: Scenario, station: Station) -> Iterator[Step]:
    for event in scenario.events:
        if event.kind == "inspection":
            time_us = scenario.start_us + event.t_us
            yield time_us, _inspect(event, time_us, station)


def _inspect(event: Event, time_us: int, station: Station) -> Callable[[], None]:
    def act() -> None:
        station.advance(time_us)
        station.inspect(inspection(event, time_us))

    return act
