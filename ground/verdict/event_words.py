"""What an onboard event says: the sensors, volumes and parameters by their names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from ground.model import Packet
from ground.monitor.sensors import SENSORS
from ground.verdict.figures import quantity
from ground.verdict.words import lateness
from protocol.schema.bodies.monitoring import RESULTS
from protocol.schema.decode import ENTRIES, engineering
from protocol.schema.events import EVENTS
from protocol.schema.onboard import POOL
from protocol.wire.events import (
    LEAK_SUSPECTED,
    MONITOR_VIOLATED,
    SELF_TEST_FAILED,
    SENSOR_FAULT,
    SENSOR_RECOVERED,
)

_WORDS: Final = {event.number: event.summary.partition(";")[0] for event in EVENTS}
_POOL: Final = {parameter.number: parameter for parameter in POOL}
_FAULTS: Final = ("stuck", "drifting", "dead", "noisy")
_NORMALISED: Final = "pn_"
"""Begins the names of P/T of volumes in the pool."""


class Crossed(NamedTuple):
    """What an onboard monitor reported just before its event, raw."""

    parameter: int
    result: int
    found: int
    limit: int


def crossed(packet: Packet) -> tuple[int, Crossed]:
    """A monitor's number and its transition, of an ST[12] transition report."""
    raw = packet.decoded.raw
    names = ("parameter", "after", "found", "limit")
    return int(raw["monitor"]), Crossed(*(int(raw[name]) for name in names))


def event_words(packet: Packet, monitors: Mapping[int, Crossed]) -> str:
    """An ST[05] event: what happened, to what. `monitors`: the newest transition of each."""
    raw = packet.decoded.raw
    event_id, a, b = int(raw["event_id"]), int(raw["a"]), int(raw["b"])
    match event_id:
        case _ if event_id == SELF_TEST_FAILED:
            words = f"sensors failed the self-test: {_sensors(a)}"
        case _ if event_id == SENSOR_FAULT and a in SENSORS and 0 <= b < len(_FAULTS):
            words = f"sensor {SENSORS[a]} failed: {_FAULTS[b]}"
        case _ if event_id in (LEAK_SUSPECTED, MONITOR_VIOLATED):
            words = _violation(event_id, a, b, monitors.get(a))
        case _:
            text = str(engineering(ENTRIES[packet.decoded.name]["text"], raw["text"]))
            words = f"{_WORDS.get(event_id, f'event {event_id}')} ({text or a})"
    return words + lateness(packet.late, packet.onboard_us, packet.received_us)


def event_sensor(packet: Packet) -> str | None:
    """The sensor that a sensor event is about."""
    about = int(packet.decoded.raw["event_id"]) in (SENSOR_FAULT, SENSOR_RECOVERED)
    return SENSORS.get(int(packet.decoded.raw["a"])) if about else None


def _sensors(mask: int) -> str:
    named = [name for number, name in SENSORS.items() if mask >> number & 1]
    return ", ".join(named) or f"bits {mask}"


def _violation(event_id: int, monitor: int, found: int, seen: Crossed | None) -> str:
    """The parameter is known from the transition report that goes ahead of the event."""
    parameter = None if seen is None else _POOL.get(seen.parameter)
    if seen is None or parameter is None:
        return f"{_WORDS[event_id]} (onboard monitor {monitor})"
    value = quantity(found * parameter.scale, parameter.unit).strip()
    if event_id == LEAK_SUSPECTED and parameter.name.startswith(_NORMALISED):
        fall = quantity(abs(found) * parameter.scale, parameter.unit).strip()
        return f"P/T of {parameter.name.removeprefix(_NORMALISED)} falls ({fall} so far)"
    if seen.found != found or RESULTS.get(seen.result) not in ("below", "above"):
        return f"{parameter.name} left its onboard limits ({value})"
    limit = quantity(seen.limit * parameter.scale, parameter.unit).strip()
    return f"{parameter.name} went {RESULTS[seen.result]} its onboard limit {limit} ({value})"
