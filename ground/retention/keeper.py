"""Keeps an archive within an age and a size, beside a station that receives or before it does.

The station's knowledge is written down now and then (a snapshot). Once one is old enough, or the
archive too large, it becomes the archive's beginning, and what was before is dropped in slices.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any, Final, Protocol

from ground.archive.errors import ArchiveFull
from ground.retention import dropping
from ground.retention.evidence import kept, needed
from ground.retention.gone import note_times
from ground.retention.packing import Frozen, packed
from ground.retention.record import ENTRY, Dropped, note
from ground.retention.rooms import GraphError
from ground.retention.state import Remembering, checked, snapshot

STEPS: Final = 16
"""An age or size is kept to within a part of so many."""
SNAPSHOTS: Final = 2 * STEPS
HELD: Final = 128 * 2**20
"""Bytes of snapshots in memory: of large ones there are fewer, and an age is kept less exactly."""
SLICE_S: Final = 0.02
"""So long at most, but for one transaction, live data waits for a slice."""
BEYOND: Final = 1.25
"""So many times the size asked for is told to people."""
AGAIN_US: Final = 60_000_000
"""After a failure, e.g. on a full disk, it is tried again."""
SELDOM_US: Final = 3_600_000_000
"""Without an age a snapshot is made as seldom as this where little comes but noise."""
PACKET_SHARE: Final = 3
"""Bytes on disk for a byte of packets: raw bytes, identities, roll-ups."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What is dropped: older than an age (µs of ground time), beyond a size (bytes)."""

    age_us: int | None = None
    size: int | None = None

    def __bool__(self) -> bool:
        return self.age_us is not None or self.size is not None


class Keeping(Remembering, Protocol):
    """A station (ground/station.py) whose archive is kept small."""

    def act(self, kind: str, author: str, data: dict[str, Any]) -> None:
        """Do what a journal entry does, and write it down."""

    def notice(self, key: str, words: str, *, active: bool) -> None:
        """Raise an alarm of the station's own, or take it back; once for each change."""


@dataclass(slots=True)
class _Snapshot:
    """What is known at a place of the archive; packed once another one follows, or it is needed."""

    seq: int
    until_us: int
    taken: Frozen | None
    state: Future[bytes] | None = None

    def pack(self, packer: Executor) -> Future[bytes]:
        """In the other thread."""
        if self.state is None:
            assert self.taken is not None
            self.state, self.taken = packer.submit(_packed, self.taken), None
        return self.state

    @property
    def size(self) -> int:
        """Bytes, once it is packed."""
        whole = self.state is not None and self.state.done() and not self.state.exception()
        return len(self.state.result()) if self.state and whole else 0


def _packed(taken: Frozen) -> bytes:
    """In the other thread; raises GraphError for what cannot be read back: it is no beginning."""
    state = packed(taken)
    checked(state)
    return state


class Keeper:
    """One station's retention. `clock` gives the ground time in µs."""

    def __init__(self, policy: Policy, clock: Callable[[], int], author: str = "ground") -> None:
        self.policy = policy
        self._clock = clock
        self._author = author
        self._snapshots: list[_Snapshot] = []
        self._packer = ThreadPoolExecutor(1, "retention")
        self._packing: Future[bytes] | None = None
        self._spacing_us = SELDOM_US if policy.age_us is None else policy.age_us // STEPS
        self._spacing_octets = (policy.size or 0) // STEPS // PACKET_SHARE
        self._octets = self._used = 0
        self._taken_us = 0
        self._due_us = 0
        self._unwritten = self._unread = ""
        self._steps = 1
        self._job: Iterator[None] | None = None

    @property
    def busy(self) -> bool:
        """True while something is being dropped."""
        return self._job is not None

    @property
    def failure(self) -> str:
        """Why nothing is dropped, in words; empty: nothing stands in the way."""
        why = self._unwritten or self._unread
        return f"nothing is dropped of the archive: {why}" if why else ""

    def place(self, station: Keeping) -> tuple[int, int] | None:
        """Up to which number and ground time (µs) the next drop goes; None: there is none."""
        chosen = self._choose(station)
        return (chosen[0].seq, chosen[0].until_us) if chosen else None

    def passed(self, station: Remembering, seq: int, octets: int) -> None:
        """The fold, or live data, has come to this number."""
        self._octets += octets
        old = station.now_us - self._taken_us >= self._spacing_us
        much = self.policy.size and self._octets >= self._spacing_octets
        if old or much:
            self._take(station, seq)

    def folded(self, station: Remembering) -> None:
        """The archive's end is reached; what comes next may come much later."""
        self._take(station, station.archive.last_seq)

    def _take(self, station: Remembering, seq: int) -> None:
        self._octets, self._taken_us = 0, station.now_us
        try:
            taken = snapshot(station)
        except GraphError as error:  # an error of ours: nothing is dropped, and people hear of it
            self._unwritten = str(error)
            return
        self._unwritten = ""
        self._snapshots.append(_Snapshot(seq, station.now_us, taken))
        if self.policy.age_us:
            past = [s for s in self._snapshots if s.until_us <= self._clock() - self.policy.age_us]
            del self._snapshots[: max(len(past) - 1, 0)]
        for one in self._snapshots[:-1]:
            if one.state is None:
                wait([self._packing] if self._packing else [])  # never more than one waits for it
                self._packing = one.pack(self._packer)
        if len(self._snapshots) > SNAPSHOTS or self._held() > HELD:
            self._thin()

    def _thin(self) -> None:
        """Fewer snapshots, and from now on farther apart; never more than half of what is kept."""
        del self._snapshots[1::2]
        age_us, size = self.policy.age_us, self.policy.size
        most_octets = (size or 0) // 2 // PACKET_SHARE
        self._spacing_octets = min(2 * self._spacing_octets, most_octets)
        if age_us is None:
            self._spacing_us *= 2
        elif self._held() > HELD // 2:
            self._spacing_us = min(2 * self._spacing_us, age_us // 2)

    def second(self, station: Keeping) -> None:
        """Once a second, right after a commit that succeeded: a snapshot, a slice, or nothing."""
        used = dropping.used_bytes(station.archive) if self.policy.size else 0
        grown, self._used = max(used - self._used, 0) if self._used else 0, used
        self.passed(station, station.archive.last_seq, grown // PACKET_SHARE)
        self._tell(station, used)
        if station.now_us < self._due_us:
            return
        try:
            self._work(station)
        except ArchiveFull:
            self._job, self._due_us = None, station.now_us + AGAIN_US

    def settle(self) -> None:
        """Have every snapshot packed, and wait for it."""
        wait([one.pack(self._packer) for one in self._snapshots])

    def finish(self, station: Keeping, told: Callable[[int, int], None] = lambda *_: None) -> None:
        """All that is to be dropped now, while nothing is received; raises ArchiveFull."""
        while self._job or self._begin(station):
            for done, _ in enumerate(self._job or ()):
                told(min(done, self._steps), self._steps)
            self._job = None

    def _tell(self, station: Keeping, used: int) -> None:
        """People hear when what was asked for cannot be held."""
        over = bool(self.policy.size) and used > (self.policy.size or 0) * BEYOND and not self.busy
        words = f"the archive holds {used // 10**6} MB, more than --keep-size: open alarms and"
        words += " findings keep their evidence; close them, or allow more"
        station.notice("archive:size", words, active=over)
        station.notice("archive:retention", self.failure, active=self.failure != "")

    def _work(self, station: Keeping) -> None:
        if self._job is None and not self._begin(station):
            return
        end_s = time.monotonic() + SLICE_S
        for _ in self._job or ():
            if time.monotonic() >= end_s:
                return
        self._job = None

    def _begin(self, station: Keeping) -> bool:
        chosen = self._choose(station)
        if chosen is None:
            return False
        (place, why), archive = chosen, station.archive
        self._snapshots = [s for s in self._snapshots if s.seq > place.seq]
        try:
            state = place.pack(self._packer).result()
        except GraphError as error:  # an error of ours, as above
            self._unread = str(error)
            return False
        self._unread = ""
        stay = kept(archive, needed(station.assessor, station.inspections), place.seq)
        going = dropping.going(archive, place.seq, stay)
        raw = dropping.raw_rows(archive, place.until_us, stay)
        if not going.blocks and not raw:
            return False
        note_times(archive, going.times)
        note(archive, Dropped(place.seq, place.until_us, state))
        station.act(
            ENTRY,
            self._author,
            {
                "why": why, "at_us": self._clock(), "until_us": place.until_us,
                "packets": going.packets, "kept": going.kept,
                "raw": sum(last - first + 1 for first, last in raw),
            },
        )  # fmt: skip
        archive.commit()  # from here on it counts as dropped; only then is it
        self._steps = len(going.blocks) // dropping.BLOCKS + len(raw) + 1
        self._job = dropping.drop(archive, going.blocks, raw, place.until_us)
        return True

    def _held(self) -> int:
        """Bytes of the snapshots that are packed."""
        return sum(s.size for s in self._snapshots)

    def _choose(self, station: Keeping) -> tuple[_Snapshot, str] | None:
        ready = self._snapshots
        if self.policy.age_us is not None:
            limit_us = self._clock() - self.policy.age_us
            if old := [s for s in ready if s.until_us <= limit_us]:
                return old[-1], "age"
        size = self.policy.size
        if size is not None and ready and dropping.used_bytes(station.archive) > size:
            return ready[0], "size"
        return None
