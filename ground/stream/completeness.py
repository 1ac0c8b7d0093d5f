"""How much of one unit's telemetry is here: per boot and UTC hour of onboard time.

What came is counted as it comes, so asking costs nothing that grows with the archive. When a
missing record was made nobody knows: those of a gap are spread evenly between the packets around
it, and each stands in its true hour once it has come. Records of before the ground first heard of
the unit count only as they come.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

from ground.stream.boot import HOUR_US
from ground.stream.records import Gap
from ground.stream.unit import UnitStream

LONGEST_US: Final = 366 * 24 * HOUR_US
"""The longest span that may be asked for."""
COUNTED: Final = ("expected", "received", "not_fetched", "given_up", "lost")


class Completeness(NamedTuple):
    """Records of one boot that were made in one hour, or of several hours together."""

    hour_us: int
    boot: int
    received: int = 0
    not_fetched: int = 0
    """Missing; they are, or will be, asked for."""
    given_up: int = 0
    """Missing; no answer came to so many requests."""
    lost: int = 0
    """Missing for ever: no longer on board."""

    @property
    def expected(self) -> int:
        """All of them."""
        return self.received + self.not_fetched + self.given_up + self.lost

    def counts(self) -> dict[str, int]:
        """By name."""
        return {name: getattr(self, name) for name in COUNTED}


def by_hour(stream: UnitStream, start_us: int, end_us: int) -> list[Completeness]:
    """The hours that touch start ≤ onboard time < end and have records, in order; a boot each."""
    hours = range(start_us // HOUR_US, -(-end_us // HOUR_US))
    found: dict[tuple[int, int], dict[str, int]] = {}

    def count(hour: int, boot: int, what: str, number: int) -> None:
        counts = found.setdefault((hour, boot), {})
        counts[what] = counts.get(what, 0) + number

    for key, boot in stream.boots.near.items():
        for hour, received in boot.hours.items():
            if hour in hours:
                count(hour, key, "received", received)
    for hour, boots in stream.boots.hours.items():
        if hour in hours:
            for key, received in boots.items():
                count(hour, key, "received", received)
    for key, boot in stream.boots.imperfect():
        for stretch in _stretches(boot.records.gaps, boot.before):
            for what, hour, missing in _spread(stretch, boot.before, hours):
                count(hour, key, what, missing)
    return [
        Completeness(hour * HOUR_US, boot, **counts)
        for (hour, boot), counts in sorted(found.items())
    ]


def latest(stream: UnitStream) -> list[Completeness]:
    """The newest year of it."""
    end_us = stream.live_onboard_us + HOUR_US
    return by_hour(stream, max(end_us - LONGEST_US, 0), end_us)


def total(hours: Sequence[Completeness]) -> dict[str, int]:
    """Counts of all of them by name."""
    return {name: sum(getattr(hour, name) for hour in hours) for name in COUNTED}


def as_rows(hours: Sequence[Completeness], key: str, time_of: Any) -> list[dict[str, Any]]:
    """As JSON has them; `time_of` gives what stands under `key` for the hour's start (µs)."""
    return [{key: time_of(h.hour_us), "boot": h.boot, **h.counts()} for h in hours]


def _what(gap: Gap) -> str:
    if gap.lost:
        return "lost"
    return "given_up" if gap.given_up else "not_fetched"


def _stretches(gaps: Sequence[Gap], before: int) -> Iterator[list[Gap]]:
    """Gaps with no record between them: some of it is lost, some is not."""
    stretch: list[Gap] = []
    for gap in gaps:
        if gap.last < before or gap.doubted:
            continue
        if stretch and gap.first != stretch[-1].last + 1:
            yield stretch
            stretch = []
        stretch.append(gap)
    if stretch:
        yield stretch


def _spread(stretch: list[Gap], before: int, hours: range) -> Iterator[tuple[str, int, int]]:
    """(what, hour, records) of a stretch, as if made evenly between its start and end."""
    start_us, end_us = stretch[0].start_us, stretch[-1].end_us
    first = max(stretch[0].first, before)
    count, span_us = stretch[-1].last - first + 1, end_us - start_us

    def made_before(hour: int) -> int:
        """How many of all of them."""
        since_us = hour * HOUR_US - start_us
        if span_us <= 0:
            return count if since_us > 0 else 0
        return min(max(-(-since_us * (count + 1) // span_us) - 1, 0), count)

    touched = range(
        max(start_us // HOUR_US, hours.start),
        min(max(start_us, end_us) // HOUR_US + 1, hours.stop),
    )
    made = made_before(touched.start)
    at = 0
    for hour in touched:
        until = made_before(hour + 1)
        while made < until:
            end = stretch[at].last - first + 1
            if end <= made:
                at += 1
                continue
            yield _what(stretch[at]), hour, min(end, until) - made
            made = min(end, until)
