"""All that a station knows at one place of its archive, so that what came before may be dropped.

It is what the fold would have made of it: from there on the rest folds to the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final, Protocol

from ground.archive.archive import Archive
from ground.assessing import Assessing
from ground.commanding.desk import Desk
from ground.commanding.dispatch import Dispatch
from ground.model import Inspection, UnitKey
from ground.retention.fits import described, fits
from ground.retention.graph import frozen, read
from ground.retention.packing import Frozen, packed
from ground.retention.rooms import GraphError
from ground.stream.intake import Intake
from ground.stream.keys import KeyFileError
from ground.stream.unit import UnitStream
from ground.verdict.assessor import Assessor
from protocol.schema.timescale import LAST_US

SLOWEST: Final = 1e-6
FASTEST: Final = 1e6
"""How fast units may run against the ground's clock."""
_MOVED: Final = "moved"
_KNOWN: Final[dict[str, Any]] = {
    "assessor": Assessor,
    "streams": dict[UnitKey, UnitStream],
    "inspections": list[Inspection],
    "notices": dict[str, str],
    "desk": Desk,
    "own_refusals": set[tuple[UnitKey, int, int]],
    "identities": dict[tuple[str, int, int], UnitKey],
    "commanded": list[tuple[UnitKey, int, int, int]],
    "now_us": int,
    "started_us": int,
    "speed": float,
}
"""What is written down, and of which type."""


class Remembering(Protocol):
    """A station (ground/station.py), as far as its knowledge is written down."""

    archive: Archive
    assessor: Assessing
    dispatch: Dispatch
    intake: Intake
    streams: dict[UnitKey, UnitStream]
    inspections: list[Inspection]
    notices: dict[str, str]
    now_us: int
    started_us: int
    speed: float


def capture(station: Remembering) -> bytes:
    """What it knows now; raises GraphError. Keys of units are no part of it."""
    return packed(snapshot(station))


def snapshot(station: Remembering) -> Frozen:
    """The same, to be packed by whoever has the time; raises GraphError."""
    assessor = station.assessor
    if not isinstance(assessor, Assessor):
        raise GraphError(f"{type(assessor).__name__} is no assessor that can be written down")
    knowledge: dict[str, Any] = {
        "assessor": assessor,
        "streams": station.streams,
        "inspections": station.inspections,
        "notices": station.notices,
        "desk": station.dispatch.desk,
        "own_refusals": station.dispatch.own_refusals,
        "identities": station.intake.identities.known(),
        "commanded": station.dispatch.commanded(),
        "now_us": station.now_us,
        "started_us": station.started_us,
        "speed": station.speed,
    }
    return frozen(knowledge, {_MOVED: assessor.on_transition})


def restore(station: Remembering, data: bytes) -> None:
    """Let a new station know it; raises GraphError, and then the station knows nothing of it.

    An assessor of another kind begins with nothing but what still comes.
    """
    assessor = station.assessor
    moved = assessor.on_transition if isinstance(assessor, Assessor) else None
    known = checked(data, {_MOVED: moved})
    if isinstance(assessor, Assessor):
        assessor.go_on_from(known["assessor"])
    station.streams.update(known["streams"])
    station.inspections[:] = known["inspections"]
    station.notices.update(known["notices"])
    station.dispatch.desk = known["desk"]
    station.dispatch.own_refusals = known["own_refusals"]
    for line, unit in known["identities"].items():
        station.intake.identities.learn(line, unit)
    for unit, apid, boot, following in known["commanded"]:
        with suppress(KeyFileError):  # it is told with the unit's next boot packet
            station.dispatch.remember(unit, apid, boot, following)
    station.now_us = known["now_us"]
    station.started_us = known["started_us"]
    station.speed = known["speed"]


def checked(data: bytes, outside: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """What `capture` wrote, whole and of the right types; raises GraphError."""
    known = read(data, {_MOVED: None} if outside is None else outside)
    if not isinstance(known, dict) or known.keys() != _KNOWN.keys():
        raise GraphError(f"it must hold {', '.join(_KNOWN)} and nothing else")
    for name, hint in _KNOWN.items():
        if not fits(known[name], hint):
            raise GraphError(f"{name} is {str(known[name])[:40]!r}, no {described(hint)}")
    for name in ("now_us", "started_us"):
        if not 0 <= known[name] <= LAST_US:
            raise GraphError(f"{name} is {str(known[name])[:40]}, no time")
    if not SLOWEST <= known["speed"] <= FASTEST:
        raise GraphError(f"speed is {known['speed']}, must lie from {SLOWEST:g} to {FASTEST:g}")
    return known
