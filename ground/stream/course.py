"""Packets elsewhere than where a boot's live ones had come to: is that where the unit now is?

One packet with a wrong record number, forged or from a broken unit, lies far ahead of all that the
unit sends after it. A running unit shows in that its packets go on: one record after the other, as
its clock goes on, at the pace of the ground's. What a unit sends again on request comes faster.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

LIVES_US: Final = 3_000_000
"""Packets that go on for so long are those of a running unit; before its silence is told."""
FEWEST: Final = 3
STEP_RECORDS: Final = 256
"""The next one is at most so far on, for some may be lost on the way."""
PACE_US: Final = 2_000_000
"""So much its clock may gain or lose on the ground's meanwhile: delays."""
PAUSE_US: Final = 5_000_000
"""A unit sends something more often."""
BESIDE_US: Final = 10_000_000
"""Packets that go on from where the unit was live, for so long beside others that are taken for
live: two senders. A refill of what was lost comes later, or faster."""


@dataclass(slots=True)
class Course:
    """A sequence of records of one boot. `utc_us` is the onboard time at the rate known."""

    began_us: int
    """Ground time at which the first one came."""
    utc_us: int
    """Of the first one."""
    record: int
    """The last one."""
    undivided_us: int
    """Ground time of the last live packet before it."""
    left: bool = False
    """Its first one was live, and the next live packet lay elsewhere."""
    came_us: int = 0
    """Ground time at which the last one came."""
    alone_us: int = 0
    """Ground time of the first one since the last live packet."""
    alone: int = 1
    """How many since then."""
    told_us: int = 0
    """Ground time at which it was last told that it goes on beside live packets."""

    def __post_init__(self) -> None:
        self.came_us = self.alone_us = self.told_us = self.began_us

    def goes_on(self, record: int, utc_us: int, received_us: int, live_us: int) -> bool:
        """Take in the next packet; False when it is none of the sequence.

        `live_us`: when the last live packet came.
        """
        gained_us = (utc_us - self.utc_us) - (received_us - self.began_us)
        if not 0 < record - self.record <= STEP_RECORDS or abs(gained_us) > PACE_US:
            return False
        if self.left and not self.is_awaited(received_us):
            return False
        if live_us > self.alone_us:
            self.alone_us, self.alone = received_us, 0
        self.record, self.came_us = record, received_us
        self.alone += 1
        return True

    def is_awaited(self, received_us: int) -> bool:
        """True while the unit may just go on there: no other sequence takes its place."""
        return self.left and received_us - self.came_us <= PAUSE_US

    def lives(self) -> bool:
        """True when it shows a running unit, of which nothing else has come meanwhile."""
        return self.came_us - self.alone_us >= LIVES_US and self.alone >= FEWEST

    def divides(self) -> bool:
        """True when it shows another sender than that of the live packets; once in a while."""
        if not self.left or self.alone_us - self.told_us < BESIDE_US:
            return False
        self.told_us = self.alone_us
        return True
