"""A vehicle has one cabin: what the gauges at its windows show of it is one leak."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from ground.model import Leak
from ground.verdict.watch import UnitWatch

CABIN = "cabin"


def joined(watches: Iterable[UnitWatch]) -> list[Leak]:
    """Leaks of windows in order, one of a cabin once; that goes on while any gauge shows it."""
    leaks = [leak for watch in watches for leak in watch.leaks.leaks]
    shown_on = {leak.same_as for leak in leaks if leak.active}
    return [
        leak if leak.active else replace(leak, active=(leak.unit, leak.time_us) in shown_on)
        for leak in leaks
        if leak.same_as is None
    ]


def shown_before(leak: Leak, watches: Iterable[UnitWatch]) -> Leak | None:
    """The leak of the vehicle's cabin that goes on and is not this one; `watches` of a vehicle."""
    return next(
        (
            other
            for other in joined(watches)
            if other.active
            and other.volume == CABIN
            and (other.unit, other.time_us) != (leak.unit, leak.time_us)
        ),
        None,
    )


def first_of(leak: Leak, watches: Iterable[UnitWatch]) -> Leak | None:
    """As whose leak it is told: its own, or that of another gauge of the cabin."""
    about = leak.same_as or (leak.unit, leak.time_us)
    return next((k for k in joined(watches) if (k.unit, k.time_us) == about), None)
