"""Types of command-line values; a wrong one is refused with the words of what it should be."""

from __future__ import annotations

import re
from argparse import ArgumentTypeError
from datetime import UTC, datetime, timedelta
from math import inf
from pathlib import Path
from typing import Final

from ground.model import UnitKey
from tools.broker.clients import is_unit

HOME: Final = Path(".panewatch")
"""What stays between runs, in the current folder: keys/, runs/, units/."""

UNIT_SCENARIO: Final = "quiet"
"""What a unit on this computer plays unless told otherwise."""

SPEED_LIMIT: Final = 1000.0
COUNT_LIMIT: Final = 1_000_000_000
DAYS_LIMIT: Final = 3650.0
SIZE_LIMIT: Final = 10**16


def speed(text: str) -> float:
    """How many times as fast as real time."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0.001 <= value <= SPEED_LIMIT:
        raise ArgumentTypeError(f"{text} is no speed from 0.001 to {SPEED_LIMIT:g}")
    return value


def pace(text: str) -> float:
    """A speed, or `max`: as fast as it goes."""
    return inf if text == "max" else speed(text)


def seconds(text: str) -> float:
    """A duration in s."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise ArgumentTypeError(f"{text} is no number of seconds above 0")
    return value


def count(text: str) -> int:
    """How many; at least one."""
    if not (text.isascii() and text.isdigit() and 0 < int(text) <= COUNT_LIMIT):
        raise ArgumentTypeError(f"{text} is no number from 1 to {COUNT_LIMIT}")
    return int(text)


def days(text: str) -> float:
    """A duration in days."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value <= DAYS_LIMIT:
        raise ArgumentTypeError(f"{text} is no number of days up to {DAYS_LIMIT:g}")
    return value


def utc(text: str) -> int:
    """A time as ISO 8601, UTC unless it says otherwise; µs since 1970."""
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        words = f"{text} is no time; write it as 2025-11-05T02:50:00Z"
        raise ArgumentTypeError(words) from None
    when = when if when.tzinfo else when.replace(tzinfo=UTC)
    return (when - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def size(text: str) -> int:
    """Bytes, with k, M, G or T for powers of 1000."""
    found = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?) ?([kKMGT]?)B?", text)
    made = round(float(found[1]) * 1000 ** " KMGT".index(found[2].upper() or " ")) if found else 0
    if not 0 < made < SIZE_LIMIT:
        raise ArgumentTypeError(f"{text} is no size; write it as 500M or 20G")
    return made


def port(text: str) -> int:
    """A TCP port; 0 takes a free one."""
    if not (text.isascii() and text.isdigit() and int(text) <= 65535):
        raise ArgumentTypeError(f"{text} is no port from 0 to 65535 (0: a free one)")
    return int(text)


def unit(text: str) -> UnitKey:
    """A unit as `vehicle/window`, in names as units have them."""
    vehicle, slash, window = text.partition("/")
    shown = " ".join(text.split())
    if not (vehicle and slash and window):
        raise ArgumentTypeError(f"{shown} is no unit; write it as vehicle/window, e.g. sz20/w1")
    if not is_unit(made := UnitKey(vehicle, window)):
        raise ArgumentTypeError(
            f"{shown} is no unit: vehicle and window have up to 16 of a-z, 0-9, -, _"
        )
    return made
