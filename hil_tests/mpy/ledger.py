"""What a unit has promised, kept outside of it: the judge of a power cut."""

from firmware.store.recorder import (
    FAILED,
    FLUSH_BYTES,
    FLUSH_RECORDS,
    FLUSH_US,
    KEPT_BOOTS,
    LOST,
    TORN,
)
from firmware.store.segment import EVENT, identity, stored_size


class BrokenError(Exception):
    """A promise that was not kept."""


class Ledger:
    """Records made, stored, acknowledged and reported lost, by boot.

    `room_bytes`: what the recorder may use before it drops anything.
    """

    def __init__(self, room_bytes):
        self.made = {}  # boot: [(packet, series)]
        self.stored = {}  # boot: {record}, those reported as stored
        self.acknowledged = {}  # boot: {record}
        self.flushed = {}  # boot: how many were reported as stored, whatever became of them
        self.overflows = 0
        self.tails_cut = 0
        self.tail_bytes = 0  # a torn tail, to be cut and reported at the next start
        self._tail_sure = True  # no start was cut off since
        self._room_bytes = room_bytes
        self._waiting = self._waiting_bytes = 0
        self._due_us = 0

    def starting(self):
        """A unit begins to start."""
        self._tail_sure, self._tail_was_sure = False, self._tail_sure

    def booted(self, boot, reports, uncut):
        """It has come up, with these reports; `uncut`: it had no room to cut a torn tail."""
        if self.tail_bytes and self._tail_was_sure and (TORN, self.tail_bytes) not in reports:
            raise BrokenError("a torn tail is not reported")
        if [report for report in reports if report[0] == TORN] and not self.tail_bytes:
            raise BrokenError("a torn tail is reported where none was")
        if not uncut:
            self.tails_cut += self.tail_bytes > 0
            self.tail_bytes = 0
        self._tail_sure = True
        if boot in self.made:
            raise BrokenError(f"boot id {boot} again")
        self.made[boot] = []
        self.stored[boot] = set()
        self.acknowledged[boot] = set()
        self.flushed[boot] = 0
        self._waiting = self._waiting_bytes = 0

    def making(self, packet, series, now_us):
        """A packet goes to the recorder."""
        boot, record = identity(packet)
        if record != len(self.made[boot]):
            raise BrokenError(f"record {record} after {len(self.made[boot]) - 1}")
        self.made[boot].append((packet, series))
        if series != EVENT:
            if self._waiting == 0:
                self._due_us = now_us + FLUSH_US
            self._waiting += 1
            self._waiting_bytes += stored_size(packet)

    def appended(self, packet, series, now_us):
        """It has returned: events, 32 records or 4 KB of them, what is 30 s old: stored."""
        full = self._waiting >= FLUSH_RECORDS or self._waiting_bytes >= FLUSH_BYTES
        if series == EVENT or full or now_us >= self._due_us:
            self._flushed(identity(packet)[0])

    def _flushed(self, boot):
        """All records so far are stored."""
        self._waiting = self._waiting_bytes = 0
        count = len(self.made[boot])
        self.stored[boot].update(range(self.flushed[boot], count))
        self.stored[boot] -= self.acknowledged[boot]
        self.flushed[boot] = count

    def acknowledging(self, boot, below):
        """The ground says that it has these."""
        taken = set(range(min(below, len(self.made[boot]))))
        self.acknowledged[boot] |= taken
        self.stored[boot] -= taken

    def take_reports(self, reports, files):
        """The recorder's reports: it may drop records only when they fill its room.

        `files` is its Watched medium.
        """
        for kind, *facts in reports:
            if kind == FAILED:
                raise BrokenError(f"reported failed: {facts[0]}")
            if kind == LOST:
                self._lost(files, *facts)

    def verify(self, recorder):
        """After a start: all that is promised reads back, and nothing else but the next few."""
        newer = sorted(self.made)
        for boot in newer:
            packets = self.made[boot]
            got = {}
            for packet in recorder.read(boot, 0, 0xFFFFFFFF):
                record = identity(packet)[1]
                if record >= len(packets) or packets[record][0] != packet:
                    raise BrokenError(f"record {record} of boot {boot} reads back otherwise")
                got[record] = True
            lost = [record for record in sorted(self.stored[boot]) if record not in got]
            if lost and len(newer) - newer.index(boot) <= KEPT_BOOTS:
                raise BrokenError(f"record {lost[0]} of boot {boot} was stored and is lost")
            fresh = sorted([record for record in got if record >= self.flushed[boot]])
            if fresh != list(range(self.flushed[boot], self.flushed[boot] + len(fresh))):
                raise BrokenError(f"boot {boot} has a hole before record {fresh[-1]}")
            self.stored[boot] = {r for r in got if r not in self.acknowledged[boot]}
            self.flushed[boot] = len(packets)

    def _lost(self, files, boot, first, last, series):
        if len([later for later in self.made if later > boot]) < KEPT_BOOTS:
            self.overflows += 1
            if files.most_bytes < self._room_bytes:
                raise BrokenError(f"boot {boot} dropped at {files.most_bytes} bytes")
            if series == EVENT and files.unfair:
                raise BrokenError(f"events of boot {boot} dropped before housekeeping")
        made = self.made[boot]
        self.stored[boot] -= {r for r in range(first, last + 1) if made[r][1] == series}
