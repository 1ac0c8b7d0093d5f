"""When each packet reaches the ground: at once, or after the loss of its link is over."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from ground.model import UnitKey
from protocol.schema.decode import Decoded
from protocol.schema.timescale import tai_us_to_unix_us
from tools.scenario.model import Scenario

BACKLOG_INTERVAL_US: Final = 20_000
"""A unit sends what it kept at 50 packets/s at most."""

Span = tuple[int, int]


class Arrival(NamedTuple):
    """A packet at the ground."""

    time_us: int
    """Ground time, µs since 1970."""
    unit: UnitKey
    packet: Decoded


def losses(scenario: Scenario, unit: UnitKey) -> list[Span]:
    """When the unit's link delivers nothing: [start, end) in µs since 1970, apart and in order."""
    start_us = scenario.start_us
    spans: list[Span] = []
    for event in scenario.events_at(unit, "link_loss"):
        begin = start_us + event.t_us
        end = begin + round(event.values["for_s"] * 1e6)
        if spans and begin <= spans[-1][1]:
            spans[-1] = (spans[-1][0], max(spans[-1][1], end))
        else:
            spans.append((begin, end))
    return spans


def deliver(scenario: Scenario, packets: Iterable[Decoded]) -> list[Arrival]:
    """Every packet that arrives, in order of arrival."""
    windows = [(v, w) for v in scenario.fleet.vehicles for w in v.windows]
    units = {window.apid: UnitKey(vehicle.id, window.id) for vehicle, window in windows}
    made: dict[UnitKey, list[Decoded]] = {unit: [] for unit in units.values()}
    for packet in packets:
        made[units[packet.apid]].append(packet)
    arrivals = [a for unit in made for a in _unit(unit, made[unit], losses(scenario, unit))]
    arrivals.sort(key=lambda arrival: arrival.time_us)
    return arrivals


def _unit(unit: UnitKey, packets: Sequence[Decoded], spans: Sequence[Span]) -> list[Arrival]:
    """After a loss the next live packet comes first, then what was kept, at its own pace."""
    arrivals: list[Arrival] = []
    kept: list[Decoded] = []
    backlog_us = 0
    for packet in packets:
        live_us = tai_us_to_unix_us(packet.time_us)
        if any(begin <= live_us < end for begin, end in spans):
            kept.append(packet)
            continue
        arrivals.append(Arrival(live_us, unit, packet))
        for old in kept:
            backlog_us = _next_up(max(backlog_us, live_us) + BACKLOG_INTERVAL_US, spans)
            arrivals.append(Arrival(backlog_us, unit, old))
        kept.clear()
    return arrivals


def _next_up(time_us: int, spans: Sequence[Span]) -> int:
    """The first moment from `time_us` on at which the link delivers."""
    for begin, end in spans:
        if begin <= time_us < end:
            return end
    return time_us
