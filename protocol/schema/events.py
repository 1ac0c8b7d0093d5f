"""Event definitions of ST[05]. Numbers are never used again for another meaning.

From here `make generate` writes protocol/wire/events.py: a board needs no words for people.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

INFO, LOW, MEDIUM, HIGH = range(1, 5)
"""Severities, as subtypes of ST[05]."""
LEVELS: Final = ("", "info", "low", "medium", "high")
"""Their words, by subtype."""


@dataclass(frozen=True)
class Event:
    """What a unit may tell; `summary` also says what its numbers a, b and its text mean."""

    number: int
    name: str
    severity: int
    summary: str


EVENTS: Final = (
    Event(1, "task_exception", HIGH, "a task raised an exception; text: file and line"),
    Event(2, "task_restarted", MEDIUM, "a task was started again; text: its name"),
    Event(3, "command_replay", MEDIUM, "a used command counter came with another MAC; a: counter"),
    Event(
        4,
        "command_forged",
        MEDIUM,
        "a command without a valid MAC; a: how many since the last report",
    ),
    Event(5, "store_torn", LOW, "a torn record was cut from the recorder's tail; a: bytes"),
    Event(6, "store_failed", HIGH, "the recorder could not write; text: why"),
    Event(
        7,
        "sensor_fault",
        MEDIUM,
        "a sensor failed; a: sensor (0 p_gap1 … 5 t_inner, 8 ae1 … 13 ae6); b: "
        "0 stuck, 1 drifting, 2 dead, 3 noisy; text: its name",
    ),
    Event(8, "sensor_recovered", INFO, "a sensor is healthy again; a: sensor"),
    Event(9, "waveform_missed", LOW, "a hit came while the capture buffer was in use; a: how many"),
    Event(10, "leak_suspected", MEDIUM, "P/T of a volume falls; a: monitor, b: change in 0.1 Pa"),
    Event(
        11,
        "monitor_violated",
        MEDIUM,
        "a monitored parameter left its limits; a: monitor, b: value",
    ),
    Event(
        12,
        "stimulus",
        INFO,
        "a commanded stimulus begins; a: subtype of its command; text: kind",
    ),
    Event(13, "self_test_failed", MEDIUM, "sensors failed the self-test; a: those, as bits"),
    Event(14, "task_hung", HIGH, "a task did not answer in time; a: for ms; text: its name"),
    Event(15, "resets", HIGH, "resets in a row reached their limit: maintenance; a: how many"),
    Event(16, "clock_jumped", LOW, "the unit's clock jumped; a: by ms"),
    Event(17, "maintenance", MEDIUM, "the unit stops for maintenance"),
    Event(18, "settings_lost", MEDIUM, "stored settings were damaged: their defaults hold"),
    Event(19, "key_changed", INFO, "commands are signed with the new key; the old one is no more"),
)
