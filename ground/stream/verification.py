"""What a unit sends that people must know of: words for it."""

from __future__ import annotations

from typing import Final

from ground.model import Packet, PacketId
from ground.stream.dating import EARLY_US, is_right
from ground.stream.refill import ATTEMPTS
from ground.stream.unit import UnitStream
from protocol.schema.decode import ENTRIES, engineering
from protocol.schema.timescale import iso
from protocol.wire import tc
from protocol.wire.events import COMMAND_REPLAY

SUSPICIOUS: Final = (tc.FAIL_UNSIGNED, tc.FAIL_FORGED, tc.FAIL_REPLAY)
"""Failures that say: someone else commands this unit."""

CLAIMS_TOLD: Final = 3
LEAP_TOLD_US: Final = 3_600_000_000
"""So long a leap of the clock is people's matter."""


def suspicion(packet: Packet) -> str | None:
    """What to tell people of an ST[01] report that shows a foreign command, else None."""
    decoded = packet.decoded
    failure = decoded.raw.get("failure")
    if failure not in SUSPICIOUS:
        return None
    why = engineering(ENTRIES[decoded.name]["failure"], failure)
    counter = int(decoded.raw["tc_counter"])
    return f"refused a command: {why} (counter {counter}); does someone else command it?"


def replayed(packet: Packet) -> int | None:
    """Counter that a report or an event says was used before, else None."""
    raw = packet.decoded.raw
    if raw.get("failure") == tc.FAIL_REPLAY:
        return int(raw["tc_counter"])
    if raw.get("event_id") == COMMAND_REPLAY:
        return int(raw["a"]) & 0xFFFFFFFF
    return None


def disbelief(stream: UnitStream) -> str:
    """Words for the newest records that a unit claims beyond belief, or none."""
    claims = [
        f"boot {key}: record {boot.records.absurd}"
        for key, boot in stream.boots.near.items()
        if boot.records.absurd is not None
    ]
    more = f" and {len(claims) - CLAIMS_TOLD} more" if len(claims) > CLAIMS_TOLD else ""
    words = (
        f"{stream.unit} claims an absurd newest record, not believed "
        f"({', '.join(claims[:CLAIMS_TOLD])}{more}): it is broken, or someone else sends in its "
        f"name; see who may send on {stream.link or 'its link'}"
    )
    return words if claims else ""


def leaping(stream: UnitStream, now_us: int) -> str:
    """Words for the last leap of a unit's clock, within an hour, or none."""
    told = stream.dating.told
    if told is None or now_us - told[1] > LEAP_TOLD_US:
        return ""
    return (
        f"{stream.unit}: its clock leapt to {iso(told[0])} at {iso(told[1])} by the ground's: what "
        "came so is kept and changes no current value; a second packet of that time is believed. "
        "See its time source, and who may send in its name"
    )


def misset(stream: UnitStream) -> str:
    """Words for a UTC of the unit's own that stands elsewhere than the ground's, or none."""
    ahead_us = stream.dating.ahead_us
    if ahead_us is None or abs(ahead_us) <= EARLY_US:
        return ""
    where = "ahead of" if ahead_us > 0 else "behind"
    right = is_right(-ahead_us)
    return (
        f"{stream.unit}: its clock (TAI) stands {abs(ahead_us) / 1e6:.0f} s {where} the ground's"
        + (", or its link delays all packets so" if right else "; its packets are dated by receipt")
        + ". See its time source, and that of the ground"
    )


def divided(stream: UnitStream, now_us: int) -> str:
    """Words for a unit that was found again and again elsewhere, twice within an hour, or none."""
    found = stream.division.found_us
    if len(found) < 2 or now_us - found[0] > LEAP_TOLD_US:
        return ""
    return (
        f"{stream.unit}: its records go on at two places by turns, last at {iso(found[1])}: "
        "someone else sends in its name, or two units have one name. What is shown may not be the "
        f"unit's: do not rely on it before you know who sends on {stream.link or 'its link'}"
    )


def restarting(stream: UnitStream, now_us: int, told: bool) -> str:
    """Words for too many boots, or numbers of boots that cannot be; `told`: they are known."""
    words = stream.restarts.words(now_us, told)
    return f"{stream.unit}: {words}" if words else ""


def mistaken(stream: UnitStream) -> str:
    """Words for a boot number that two different boots have, or none."""
    boot = stream.two_boots_of_one_number
    words = (
        f"{stream.unit}: two different boots have number {boot}: an erased store, or two "
        "units of one name? What it sends now cannot be kept: start a new archive for one"
    )
    return "" if boot is None else words


def abandoned(stream: UnitStream) -> str:
    """Words for the first records that are asked for no more, or none."""
    for key, boot in stream.boots.near.items():
        for gap in boot.records.open():
            if gap.given_up:
                return (
                    f"{stream.unit}, boot {key}, record {gap.first} and more: given up after "
                    f"{ATTEMPTS} requests without an answer; fetch them by command: retrieve "
                    f"boot={key} first={gap.first} last={gap.last}"
                )
    return ""


def unread(packet: PacketId, error: Exception) -> str:
    """Words for a packet of the archive of which nobody can tell what follows from it."""
    return (
        f"boot {packet.boot}, record {packet.record} is in the archive but could not be read "
        f"({type(error).__name__}: {error}); report it to the makers of the ground station"
    )
