"""Refused requests that are more than a mistake."""

from __future__ import annotations

from typing import Final

from ground.model import Packet
from ground.stream.unit import UnitStream
from protocol.schema.decode import ENTRIES, engineering
from protocol.wire import tc

SUSPICIOUS: Final = (tc.FAIL_UNSIGNED, tc.FAIL_FORGED, tc.FAIL_REPLAY)
"""Failures that say: someone else commands this unit."""


def suspicion(packet: Packet) -> str | None:
    """What to tell people of an ST[01] report that shows a foreign command, else None."""
    decoded = packet.decoded
    failure = decoded.raw.get("failure")
    if failure not in SUSPICIOUS:
        return None
    why = engineering(ENTRIES[decoded.name]["failure"], failure)
    counter = int(decoded.raw["tc_counter"])
    return f"refused a command: {why} (counter {counter}); does someone else command it?"


def disbelief(stream: UnitStream) -> str:
    """Words for the newest records that a unit claims beyond belief, or none."""
    claims = [
        f"boot {key}: record {boot.records.absurd}"
        for key, boot in stream.boots.items()
        if boot.records.absurd is not None
    ]
    words = f"{stream.unit} claims an absurd newest record, not believed ({', '.join(claims)})"
    return words if claims else ""
