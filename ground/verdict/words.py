"""What alarms say. The vehicle and window stand beside the words, not in them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from ground.fleet import ACOUSTIC, SLOW, Window
from ground.model import Impact, Leak, Packet
from ground.monitor.limits import LimitChange
from ground.verdict.photo_task import clock_position, edge_mm
from protocol.schema.decode import ENTRIES, engineering
from protocol.schema.timescale import from_unix_us
from protocol.wire.events import EVENTS

_EVENT_WORDS: Final = {event_id: words.partition(";")[0] for event_id, _, words in EVENTS}
_FIRST_ACOUSTIC: Final = 8


def impact_words(impact: Impact, window: Window) -> str:
    """Where and how large."""
    low, high = impact.diameter_mm
    size = f"{low:.2g} mm or larger" if high is None else f"{low:.2g} … {high:.2g} mm"
    if impact.x_mm is None or impact.y_mm is None or impact.ellipse_mm is None:
        place = f"place unknown ({impact.reason})"
    else:
        place = (
            f"at ({impact.x_mm:.1f}, {impact.y_mm:.1f}) mm ±{impact.ellipse_mm[0]:.0f} mm, "
            f"{clock_position(impact.x_mm, impact.y_mm)}, {edge_mm(impact, window):.0f} mm "
            "from the edge"
        )
    return f"impact on the {impact.pane} pane {place}; particle {size}".replace(
        "the unknown pane", "a pane (which one is unknown)"
    ) + lateness(impact.late, impact.time_us, impact.received_us)


def leak_words(leak: Leak) -> str:
    """How fast, how long, through what."""
    between = f" ({range_words(left)})" if (left := leak.half_s or leak.reserve_s) else ""
    return f"{leak.volume} leaks {course_words(leak)}{between} · hole {leak.hole_mm:.2g} mm"


def course_words(leak: Leak) -> str:
    """How a leak goes on, as "137 Pa/s at onset · halves every 8 min 43 s".

    The rate falls with the pressure, so neither is a figure of this moment; a cabin's reserve is.
    """
    words = f"{leak.rate_pa_s:.3g} Pa/s at onset"
    if leak.half_s:
        return f"{words} · halves every {_duration(leak.half_s[1])}"
    return f"{words} · reserve {_duration(leak.reserve_s[1])}" if leak.reserve_s else words


def limit_words(change: LimitChange) -> str:
    """Which limit was crossed, and the value when it was."""
    value, unit = change.value.split(" ")
    now = _quantity(float(value), unit)
    if change.level < change.before:
        return f"{change.parameter} is back to level {change.level.label} ({now})"
    sign, bound = change.limit.split(" ")
    side = "below" if sign == "<" else "above"
    return f"{change.parameter} went {side} {_quantity(float(bound), unit)} ({now})"


def _quantity(value: float, unit: str) -> str:
    """Three digits; a pressure of an atmosphere is read in kPa."""
    if unit == "Pa" and abs(value) >= 1000:
        return f"{value / 1000:.3g} kPa"
    return f"{value:.3g} {unit}"


def span(times_s: Sequence[float | None]) -> str:
    """Low, middle, high of a time that is left, as "8 min 46 s (8 min 18 s to 9 min 16 s)"."""
    return f"{_duration(times_s[1])} ({range_words(times_s)})"


def range_words(times_s: Sequence[float | None]) -> str:
    """The bounds of a low, middle, high, as "8 min 18 s to 9 min 16 s"."""
    return f"{_duration(times_s[0])} to {_duration(times_s[-1])}"


def _duration(seconds: float | None) -> str:
    """Two parts are enough for a decision."""
    if seconds is None or not math.isfinite(seconds):
        return "open"
    minutes, s = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days} d {hours} h"
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {s} s" if minutes else f"{s} s"


def event_words(packet: Packet) -> str:
    """An ST[05] event: its definition, its text or argument."""
    raw = packet.decoded.raw
    event_id = int(raw["event_id"])
    text = str(engineering(ENTRIES[packet.decoded.name]["text"], raw["text"]))
    detail = text or str(raw["a"])
    words = _EVENT_WORDS.get(event_id, f"event {event_id}")
    return f"{words} ({detail})" + lateness(packet.late, packet.onboard_us, packet.received_us)


def event_sensor(packet: Packet) -> str | None:
    """The sensor that a sensor event is about."""
    number = int(packet.decoded.raw["a"])
    if 0 <= number < len(SLOW):
        return SLOW[number]
    if 0 <= number - _FIRST_ACOUSTIC < len(ACOUSTIC):
        return ACOUSTIC[number - _FIRST_ACOUSTIC]
    return None


def clock(time_us: int) -> str:
    """UTC to the second: the exact time stands beside the words."""
    return f"{from_unix_us(time_us):%H:%M:%S} UTC"


def lateness(late: bool, time_us: int, received_us: int) -> str:
    """The mark of late data with both times, or nothing."""
    return f"; LATE: happened {clock(time_us)}, received {clock(received_us)}" if late else ""
