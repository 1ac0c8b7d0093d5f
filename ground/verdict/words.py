"""What alarms say. The vehicle and window stand beside the words, not in them."""

from __future__ import annotations

from typing import Final

from ground.fleet import Window
from ground.model import Impact, Leak, SilenceFacts, VehicleStatus
from ground.monitor.across import Fall
from ground.monitor.limits import LimitChange
from ground.verdict.figures import (
    clipped,
    duration,
    number,
    place,
    quantity,
    range_words,
    size,
)
from ground.verdict.photo_task import clock_position, edge_mm
from protocol.schema.timescale import from_unix_us

_MEANING: Final = {"GREEN": "nominal", "AMBER": "emergency only", "RED": "no crew"}


def impact_words(impact: Impact, window: Window) -> str:
    """Where and how large."""
    particle = size(impact.diameter_mm)
    if not impact.sized:
        particle += ": the unit measures no peaks"
    elif impact.saturated:
        particle += f", {clipped(impact)}"
    if impact.x_mm is None or impact.y_mm is None or impact.ellipse_mm is None:
        where = f"place unknown ({impact.reason})"
    else:
        where = (
            f"at {place(impact.x_mm, impact.y_mm)} ±{impact.ellipse_mm[0]:.0f} mm, "
            f"{clock_position(impact.x_mm, impact.y_mm)}, {edge_mm(impact, window):.1f} mm "
            "from the edge"
        )
    return f"impact on the {impact.pane} pane {where}; particle {particle}".replace(
        "the unknown pane", "a pane (which one is unknown)"
    ) + lateness(impact.late, impact.time_us, impact.received_us)


def leak_words(leak: Leak, now_us: int) -> str:
    """How fast, how long, through what, as the fit, which goes on, has it at a time."""
    between = f" ({range_words(left)})" if (left := leak.half_s or leak.reserve_s) else ""
    hole = f"hole {number(leak.hole_mm, 2)} mm, as known at {clock(now_us)}"
    return f"{leak.volume} leaks {course_words(leak)}{between} · {hole}"


def course_words(leak: Leak) -> str:
    """How a leak goes on, as "137 Pa/s at onset · halves every 8 min 43 s".

    The rate falls with the pressure, so neither is a figure of this moment; a cabin's reserve is.
    """
    words = f"{number(leak.rate_pa_s)} Pa/s at onset"
    if leak.half_s:
        return f"{words} · halves every {duration(leak.half_s[1])}"
    return f"{words} · reserve {duration(leak.reserve_s[1])}" if leak.reserve_s else words


def fall_words(volume: str, fall: Fall | None) -> str:
    """A pressure that fell and nobody can tell why, seen or not."""
    if fall is None:
        return (
            f"pressure of {volume} falls and it cannot be told why: "
            "a step, or no healthy thermometer"
        )
    levels = f"{_level(fall.before_pa)} to {_level(fall.after_pa)}"
    return (
        f"pressure of {volume} fell from {levels} within {duration(fall.unseen_s)} in which "
        "nobody saw it: a leak that has ended, or another cause; the panes cooled by less"
    )


def _level(pressure_pa: float) -> str:
    """As `quantity`, but a fall of a few hundred Pa shows."""
    return f"{pressure_pa / 1000:.2f} kPa"


def limit_words(change: LimitChange) -> str:
    """Which limit was crossed, and the value when it was; of a level that fell also when and why.

    The alarm's time stays that of its rise, and a value that goes on changing is not followed.
    """
    value, unit = change.value.split(" ")
    now = quantity(float(value), unit)
    bounds = [
        f"{'below' if sign == '<' else 'above'} {quantity(float(bound), unit)}"
        for sign, bound in (part.split(" ") for part in change.limit.split(" or ") if part)
    ]
    where = " or ".join(bounds)
    if change.level >= change.before:
        return f"{change.parameter} went {where} ({now})"
    then = f"{now} at {clock(change.time_us)}"
    if change.relimited:
        return (
            f"{change.parameter} is {where} ({then}): {change.level.label} only because its limits "
            f"were changed, {change.before.label} by those before"
        )
    return f"{change.parameter} is back to level {change.level.label}: {where} ({then})"


def status_meaning(status: VehicleStatus) -> str:
    """What a colour says of the return; of what is not known it says nothing good."""
    if status.status is None:
        return ""
    if status.status == "GREEN" and status.unknown_since_us is not None:
        return (
            f"nothing known against it before {clock(status.unknown_since_us)}, since then unknown"
        )
    return _MEANING[status.status]


def silence_words(heard: str, since_us: int, facts: SilenceFacts) -> str:
    """The last good packet and what is missing; afterwards how long it was."""
    missing = f"{facts.missing or 'no'} packet{'' if facts.missing == 1 else 's'}"
    lost = f", {facts.lost} lost for good" if facts.lost else ""
    if facts.until_us is None:
        return f"silent: {heard}; {missing} missing until then{lost}, since then nobody knows"
    return f"silent from {clock(since_us)} to {clock(facts.until_us)}; {missing} missing now{lost}"


def clock(time_us: int) -> str:
    """UTC to the second: the exact time stands beside the words."""
    return f"{from_unix_us(time_us):%H:%M:%S} UTC"


def lateness(late: bool, time_us: int, received_us: int) -> str:
    """The mark of late data with both times, or nothing."""
    return f"; LATE: happened {clock(time_us)}, received {clock(received_us)}" if late else ""
