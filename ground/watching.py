"""What a live station watches beside its packets, once a second: a notice for each trouble."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final, Protocol

from ground.archive.archive import Archive
from ground.fleet import Fleet
from ground.model import UnitKey
from ground.strangers import STRANGERS, Strangers
from ground.stream.unit import UnitStream
from ground.stream.verification import (
    abandoned,
    disbelief,
    divided,
    leaping,
    misset,
    restarting,
)
from protocol.schema.severity import Severity
from protocol.schema.timescale import iso

DISK_MARGIN: Final = 64 * 2**20
"""Bytes of the archive's disk that are left to raw data alone."""
BEHIND_US: Final = 2_000_000
"""A clock that is so far back was set, not slewed."""
NEVER_US: Final = 60_000_000
"""A configured unit that is not heard for so long after the start is an alarm."""
ALIKE_US: Final = 3_600_000_000
"""Ground time without another packet of one number after which two boots of it are over."""
UNHEARD: Final = (
    "never heard, and silence is not safe: see whether it is on, and whether its link is right"
)


class Watched(Protocol):
    """A station (ground/station.py), as far as it is watched."""

    archive: Archive
    fleet: Fleet
    strangers: Strangers
    notices: dict[str, str]
    now_us: int
    ahead_us: int
    started_us: int

    @property
    def streams(self) -> Mapping[UnitKey, UnitStream]:
        """By unit that was heard."""

    def notice(
        self,
        key: str,
        words: str,
        *,
        active: bool = True,
        severity: Severity = Severity.WARNING,
        unit: UnitKey | None = None,
        doubt_since_us: int | None = None,
    ) -> None:
        """Raise an alarm of the station's own, or take it back; once for each change.

        `doubt_since_us`: it says that since then not all that came need be the unit's.
        """


def watch(station: Watched) -> None:
    """A second has passed."""
    _disk(station)
    _clock(station)
    _unheard(station, station.streams)
    for stream in station.streams.values():
        _unit(station, stream)
    if STRANGERS in station.notices and not station.strangers.are_refused(station.now_us):
        station.notice(STRANGERS, "", active=False)


def _disk(station: Watched) -> None:
    """The last of the disk is for raw data: units keep theirs while there is little left."""
    if damage := station.archive.damage:
        words = f"{station.archive.path}: {damage}; panewatch fsck names all that is damaged"
        station.notice("archive:damaged", words, severity=Severity.CRITICAL)
    free = station.archive.free_bytes()
    low = free is not None and free < DISK_MARGIN
    words = f"{station.archive.path}: its disk is nearly full; nothing is acknowledged to the units"
    station.notice("archive:margin", words, active=low, severity=Severity.CRITICAL)


def _clock(station: Watched) -> None:
    """The archive holds entries of the future: this clock is wrong, or the one of then was."""
    words = (
        f"the ground's clock stands before the archive's newest entry, {iso(station.ahead_us)}: it "
        "is wrong now, or was then. Set it by a time server and start again; if it was wrong then, "
        "times of that run are wrong: look at every pane again"
    )
    behind = station.ahead_us - station.now_us > BEHIND_US
    station.notice("clock:start", words, active=behind, severity=Severity.DISTRESS)


def _unit(station: Watched, stream: UnitStream) -> None:
    """What a unit sends that cannot be, or that it does not send."""
    unit, now_us = stream.unit, station.now_us
    restarts = f"restarts:{unit}"
    told = restarts in station.notices
    for key, words, severity in (
        (f"refill:{unit}", abandoned(stream), Severity.WARNING),
        (f"claim:{unit}", disbelief(stream), Severity.WARNING),
        (f"clock:{unit}", leaping(stream, now_us), Severity.WARNING),
        (f"tai:{unit}", misset(stream), Severity.WARNING),
        (restarts, restarting(stream, now_us, told), Severity.DISTRESS),
    ):
        station.notice(key, words, active=words != "", severity=severity, unit=unit)
    _doubt(station, stream)


def _doubt(station: Watched, stream: UnitStream) -> None:
    """What comes in a unit's name may not be the unit's."""
    unit = stream.unit
    words = divided(stream, station.now_us)
    station.notice(
        f"divided:{unit}", words, active=words != "", severity=Severity.DISTRESS, unit=unit,
        doubt_since_us=stream.division.undivided_until_us,
    )  # fmt: skip
    if station.now_us - max(stream.differed_us, station.started_us) > ALIKE_US:
        key = f"boots:{unit}"
        station.notice(key, "", active=False, unit=unit, doubt_since_us=stream.differed_us)


def _unheard(station: Watched, heard: Collection[UnitKey]) -> None:
    """Silence never means safe: also of a unit of which nobody has ever heard."""
    late = station.now_us - station.started_us > NEVER_US
    for unit in station.fleet.units():
        never = late and unit not in heard
        station.notice(
            f"unheard:{unit}", UNHEARD, active=never, severity=Severity.DISTRESS, unit=unit
        )
