"""Keeps every packet until the ground has it: append-only segment files in two series.

Events are flushed at once (and with them the housekeeping before them, so that what is stored has
no holes); housekeeping each 32 records or 30 s, but not while a capture runs: a flash that erases
stops interrupts. When full, the oldest housekeeping goes first. Nothing here raises when the medium
fails: `reports` says what the unit should tell.
"""

from firmware.store import boots, number
from firmware.store.committed import Committed
from firmware.store.files import ENOSPC
from firmware.store.segment import (
    EVENT,
    HOUSEKEEPING,
    identity,
    packets,
    stored_size,
    to_record,
)
from firmware.store.shelf import Shelf

SEGMENT_BYTES = 32768
KEPT_BOOTS = 8  # as many as a storage report names
FLUSH_RECORDS = 32
FLUSH_BYTES = 4096  # above 32 of housekeeping: parts of waveforms, longer, come to it first
FLUSH_US = 30_000_000
HELD_RECORDS = 64  # more housekeeping is not held back, whatever goes on
BOOT_FILE = "boot"

# Kinds of reports: (kind, ...)
LOST = 0  # boot, first, last, series
TORN = 1  # bytes
FAILED = 2  # words


def _never():
    return False


class Recorder:
    """The packets of this boot and of earlier ones.

    `capturing()` is True while housekeeping shall not be flushed.
    """

    def __init__(self, files, capacity_bytes, segment_bytes=SEGMENT_BYTES, capturing=_never):
        self.capacity_bytes = capacity_bytes
        self.newest = -1
        self.reports = []  # type: list[tuple]
        self._files = files
        self._segment_bytes = segment_bytes
        self._capturing = capturing
        self._open = [None, None]
        self._pending = [[], []]  # type: list[list[bytes]]
        self._pending_bytes = 0
        self._flush_due_us = 0
        self._committed = {}
        self._failing = False
        self._crowded = False
        self._unstored = [None, None]
        self._shelf = Shelf(files, self._fail)
        torn = self._shelf.scan()
        if torn:
            self.reports.append((TORN, torn))
        self.boot = self._next_boot()
        self._forget_oldest_boots()

    @property
    def used_bytes(self):
        """Bytes of all that is kept, written or not."""
        return self._shelf.used_bytes + self._pending_bytes

    def append(self, packet, series, now_us):
        """Keep a packet of this boot; packets come in the order of their record numbers."""
        if not self._pending[HOUSEKEEPING]:
            self._flush_due_us = now_us + FLUSH_US
        self._pending[series].append(packet)
        self._pending_bytes += stored_size(packet)
        self.newest = identity(packet)[1]
        waiting = len(self._pending[HOUSEKEEPING])
        full = waiting >= FLUSH_RECORDS or self._pending_bytes >= FLUSH_BYTES
        due = full or (waiting > 0 and now_us >= self._flush_due_us)
        if series == EVENT or waiting >= HELD_RECORDS or (due and not self._capturing()):
            self.flush()

    def flush(self):
        """Write what is pending."""
        pending, self._pending, self._pending_bytes = self._pending, [[], []], 0
        for series in (HOUSEKEEPING, EVENT):
            if pending[series]:
                self._write(series, pending[series])
        while self._shelf.used_bytes > self.capacity_bytes:
            self._drop(self._shelf.oldest())

    def read(self, boot, first, last):
        """Yield the kept packets first … last of a boot, in order, byte for byte."""
        waiting = []
        if boot == self.boot:
            last = min(last, self.newest)
            waiting = self._pending[HOUSEKEEPING][:]  # newer than all that is stored
        for packet in self._shelf.read(boot, first, last):
            first = identity(packet)[1] + 1
            yield packet
        for packet in waiting:
            if first <= identity(packet)[1] <= last:
                yield packet

    def commit(self, boot, cumulative, bitmap):
        """The ground has these records: delete the segments that it has wholly."""
        committed = self.committed(boot)
        committed.merge(cumulative, bitmap, self.newest + 1 if boot == self.boot else None)
        self._committed[boot] = committed
        for segment in self._shelf.of(boot):
            if (
                segment is not self._open[segment.series]
                and committed.has(segment.last)
                and self._wholly(segment, committed)
            ):
                self._shelf.remove(segment)
        if boot not in self._boots():
            del self._committed[boot]

    def newest_of(self, boot):
        """The newest record that is kept of a boot; -1 when there is none."""
        return self._range(boot)[2]

    def committed(self, boot):
        """What the ground has of a kept boot, as far as it said since this start."""
        return self._committed.get(boot) or Committed()

    def kept(self):
        """[(boot, oldest uncommitted, newest record)] of every kept boot, this one last."""
        return [self._range(boot) for boot in self._boots()]

    def load(self, name, highest):
        """A number up to `highest` that never falls and outlives the boot; 0 at first.

        Also 0 when both its files are damaged. Damage is reported, and mended.
        """
        numbers, damaged = number.load(self._files, name, highest)
        value = max(numbers) if numbers else 0
        if damaged:
            self.reports.append((FAILED, "damaged: " + name))
            self.save(name, value)
        return value

    def save(self, name, value):
        """Keep a number."""
        try:
            self._with_room(EVENT, lambda: number.save(self._files, name, value))
        except OSError as error:
            self._fail(error)

    def _boots(self):
        kept = self._shelf.boots()
        kept.add(self.boot)
        return sorted(kept, key=lambda boot: -boots.age(boot, self.boot))

    def _range(self, boot):
        newest = self.newest if boot == self.boot else -1
        firsts = []
        for segment in self._shelf.of(boot):
            newest = max(newest, segment.last)
            firsts.append((segment.first, segment.last))
        if boot == self.boot:
            for pending in self._pending:
                if pending:
                    firsts.append((identity(pending[0])[1], identity(pending[-1])[1]))
        below = self.committed(boot).below
        oldest = newest + 1
        for first, last in firsts:
            if last >= below:
                oldest = min(oldest, max(first, below))
        return boot, oldest, newest

    def _wholly(self, segment, committed):
        if segment.last < committed.below:
            return True
        return all(committed.has(identity(p)[1]) for p in packets(self._files, segment.name))

    def _write(self, series, batch):
        try:
            segment = self._with_room(series, lambda: self._append(series, batch))
        except OSError as error:
            before = self._unstored[series]
            first, last = identity(batch[0])[1], identity(batch[-1])[1]
            self._unstored[series] = (before[0] if before else first, last)
            self._fail(error)
            return
        self._open[series] = segment
        self._shelf.grow(segment, batch)
        if self._failing:
            self._recover()

    def _append(self, series, batch):
        """Add a batch to the open segment or a new one, which is returned; raises OSError."""
        segment = self._open[series]
        size = sum([stored_size(packet) for packet in batch])
        if segment is None or segment.size + size > self._segment_bytes:
            segment = self._shelf.new(series, self.boot)
        try:
            self._files.append(segment.name, (to_record(packet) for packet in batch))
        except OSError:
            self._open[series] = None  # its tail may be torn: never append behind it
            raise
        return segment

    def _with_room(self, series, work):
        """The result of work(); when the medium is full, tried again with older records dropped.

        Only once until it has room: a medium that still has none is not full of records.
        """
        try:
            result = work()
        except OSError as error:
            if error.errno != ENOSPC or self._crowded or not self._make_room(series):
                raise
            self._crowded = True
            result = work()
        self._crowded = False
        return result

    def _make_room(self, series):
        """Drop half a segment's bytes, events for events only; returns whether there were any."""
        before = self._shelf.used_bytes
        while before - self._shelf.used_bytes < self._segment_bytes // 2:
            segment = self._shelf.oldest()
            if segment is None or segment.series > series:
                break
            self._drop(segment)
        return self._shelf.used_bytes < before

    def _fail(self, error):
        if not self._failing:
            self._failing = True
            self.reports.append((FAILED, str(error)))

    def _recover(self):
        self._failing = False
        for series in (HOUSEKEEPING, EVENT):
            if self._unstored[series]:
                first, last = self._unstored[series]
                self._unstored[series] = None
                self.reports.append((LOST, self.boot, first, last, series))

    def _drop(self, segment):
        first = max(segment.first, self.committed(segment.boot).below)
        if first <= segment.last:
            self.reports.append((LOST, segment.boot, first, segment.last, segment.series))
        if self._open[segment.series] is segment:
            self._open[segment.series] = None
        self._shelf.remove(segment)

    def _next_boot(self):
        saved, damaged = number.load(self._files, BOOT_FILE, boots.LAST)
        if damaged:
            self.reports.append((FAILED, "damaged: " + BOOT_FILE))
        boot = boots.following(saved[0] if saved else None, self._shelf.boots())
        self.save(BOOT_FILE, boot)
        return boot

    def _forget_oldest_boots(self):
        for boot in self._boots()[:-KEPT_BOOTS]:
            for segment in self._shelf.of(boot):
                self._drop(segment)
