"""Types of command-line values; a wrong one is refused with the words of what it should be."""

from __future__ import annotations

from argparse import ArgumentTypeError
from pathlib import Path
from typing import Final

from ground.model import UnitKey

HOME: Final = Path(".panewatch")
"""What stays between runs, in the current folder: keys/, runs/, units/."""

SPEED_LIMIT: Final = 1000.0


def speed(text: str) -> float:
    """How many times as fast as real time."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0.001 <= value <= SPEED_LIMIT:
        raise ArgumentTypeError(f"{text} is no speed from 0.001 to {SPEED_LIMIT:g}")
    return value


def seconds(text: str) -> float:
    """A duration in s."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise ArgumentTypeError(f"{text} is no number of seconds above 0")
    return value


def port(text: str) -> int:
    """A TCP port; 0 takes a free one."""
    if not (text.isascii() and text.isdigit() and int(text) <= 65535):
        raise ArgumentTypeError(f"{text} is no port from 0 to 65535 (0: a free one)")
    return int(text)


def unit(text: str) -> UnitKey:
    """A unit as `vehicle/window`."""
    vehicle, slash, window = text.partition("/")
    if not (vehicle and slash and window):
        raise ArgumentTypeError(f"{text} is no unit; write it as vehicle/window, e.g. sz20/w1")
    return UnitKey(vehicle, window)
