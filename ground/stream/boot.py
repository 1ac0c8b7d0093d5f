"""One boot of a unit: which of its records are here, and what tells its time."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ground.stream.correlation import Correlation
from ground.stream.course import Course
from ground.stream.records import CLAIM_RECORDS, Gap, Records

HOUR_US: Final = 3_600_000_000
JUMPS_KEPT: Final = 16
"""Jumps of its clock that still date what comes late; one that jumps all the time dates nothing."""

Line = tuple[int, int, float]
"""A fit without its points: onboard and receive time (µs) of one point on it, and the rate."""


class Jump(NamedTuple):
    """The clock of a boot was set."""

    below: int
    """The first record that came live after it."""
    last: int
    """The last one before."""
    line: Line
    """The fit until then, by the time of that one."""

    def dates(self, record: int, onboard_us: int) -> bool:
        """True for what was made before: of what came in between, what its clock does not deny."""
        after = record > self.last and onboard_us < self.line[0]
        return record < self.below and not after


class Rest(NamedTuple):
    """What is kept of a boot that is not looked at any more; a `Boot` can be made of it again."""

    newest: int
    top: int
    newest_us: int
    gaps: tuple[tuple[int | bool, ...], ...]
    first_us: int
    start_us: int
    before: int
    frontier: int
    frontier_time: tuple[int, int]
    fit: Line | None
    before_jumps: tuple[Jump, ...]
    dropped: tuple[tuple[int, int], ...]
    identity: bytes


@dataclass(slots=True)
class Boot:
    """One boot of a unit."""

    records: Records
    first_us: int
    """Onboard time (UTC) of the first packet that came, or when the boot was told of."""
    start_us: int = 0
    """Onboard time (UTC) of the last packet of the boots before."""
    before: int = 0
    """Records below this were made before the ground ever heard of the unit."""
    correlation: Correlation | None = None
    before_jumps: list[Jump] = field(default_factory=list)
    on_board: bool = False
    """The unit's storage report names it."""
    oldest: int = 0
    """Oldest record that is kept for the ground, by the last storage report."""
    dropped: list[tuple[int, int]] = field(default_factory=list)
    hours: dict[int, int] = field(default_factory=dict)
    """Records that came, by UTC hour (since 1970) of onboard time."""
    frontier: int = -1
    """Highest record that came live."""
    frontier_time: tuple[int, int] = (0, 0)
    """Its time status and time."""
    course: Course | None = None
    """Packets elsewhere than after the frontier that may be those of the running unit."""
    identity: bytes = b""
    """CRC-32 of its record 0, by which two boots of one number are told apart."""
    next_counter: int | None = None
    """The command counter that the unit takes next, by its last boot packet."""
    deaf: bool = False
    """It had taken no command since the boot packet before."""
    acknowledged: tuple[int, bytes] | None = None
    used: int = 0
    """When it was looked at last, as a running number."""
    fit_status: int = 0
    """Time status of the packets that `correlation` is a fit of."""

    def count(self, onboard_us: int) -> None:
        """A record came that was made then."""
        hour = onboard_us // HOUR_US
        self.hours[hour] = self.hours.get(hour, 0) + 1

    def count_all(self, onboard_us: NDArray[np.int64]) -> None:
        """Records came that were made then."""
        hours, counts = np.unique(onboard_us // HOUR_US, return_counts=True)
        for hour, count in zip(hours.tolist(), counts.tolist(), strict=True):
            self.hours[hour] = self.hours.get(hour, 0) + count

    def believes(self, record: int) -> bool:
        """False for a record that is too far ahead of all that is known."""
        return record - max(self.records.newest, self.before - 1) <= CLAIM_RECORDS

    def jump(self, record: int, fit: Correlation) -> None:
        """Its clock was set before this record; `fit` held until then."""
        jump = Jump(record, self.frontier, fit.last_line)
        self.before_jumps = [*self.before_jumps[1 - JUMPS_KEPT :], jump]

    def lose(self, first: int, last: int) -> bool:
        """These records are no longer on board; True when that is news."""
        forgotten = self.records.forget(first, min(last, self.before - 1))
        return self.records.lose(max(first, self.before), last) or forgotten

    def rest(self) -> Rest:
        """In short. Requests, acknowledgements and what is told of the storage begin anew."""
        records = self.records
        return Rest(
            records.newest, records.top, records.newest_us,
            tuple(_short(gap) for gap in records.gaps),
            self.first_us, self.start_us, self.before, self.frontier, self.frontier_time,
            self.correlation.line if self.correlation else None,
            tuple(self.before_jumps), tuple(self.dropped), self.identity,
        )  # fmt: skip


def _short(gap: Gap) -> tuple[int | bool, ...]:
    return gap.first, gap.last, gap.start_us, gap.end_us, gap.lost, gap.doubted


def again(rest: Rest) -> Boot:
    """The boot that a rest is of; its hours are counted elsewhere."""
    records = Records(rest.newest_us)
    records.newest, records.top = rest.newest, rest.top
    for first, last, start_us, end_us, lost, doubted in rest.gaps:
        gap = Gap(first, last, start_us, end_us, bool(lost), doubted=bool(doubted))
        records.gaps.append(gap)
    fit = rest.fit
    return Boot(
        records, rest.first_us, rest.start_us, rest.before,
        Correlation(*fit) if fit else None, list(rest.before_jumps),
        dropped=list(rest.dropped), frontier=rest.frontier, frontier_time=rest.frontier_time,
        identity=rest.identity, fit_status=rest.frontier_time[0],
    )  # fmt: skip
